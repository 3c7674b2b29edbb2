// Every setting the worker has, read once from the environment. A missing, malformed or unknown
// setting stops the start with its name; a value is never printed. In production the development
// settings do not exist, so they are refused like unknown ones.

import { RecordError } from '@track-record/errors';
import { z } from 'zod';

/** A variable that starts so and is not below is a mistyped setting, not somebody else's. */
const OUR_PREFIXES = ['ENCLAVE_', 'AMD_SEV_', 'ENCRYPTION_', 'WORKER_', 'DEVELOPMENT_'];

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** Digits alone: `Number` would also take hexadecimal, exponents and white space. */
const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,5}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most));
const port = count(1, 65_535);
/** Names of venues, `binance,okx`: a worker loads these and no other. */
const venueNames = z
  .string()
  .regex(/^[a-z0-9]+(,[a-z0-9]+)*$/)
  .transform((text) => text.split(','));
const address = z
  .string()
  .regex(/^[a-z0-9.-]+:[0-9]+$/)
  .transform((text) => {
    const [host, portText] = text.split(':');
    return { host, port: portText };
  })
  .pipe(z.strictObject({ host: z.string().min(1), port }));

/** Who may call, and who speaks for owners (docs/API.md): all three, or in development none. */
const access = {
  ENCLAVE_CLIENT_CA_FILE: z.string().min(1),
  ENCLAVE_ISSUER_KEY_FILE: z.string().min(1),
  ENCLAVE_TRUST_DOMAIN: z.string().regex(/^[a-z0-9._-]{1,255}$/),
};

const shared = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  ENCLAVE_RELEASE_FILE: z.string().min(1).optional(),
  ENCLAVE_PEER: address.optional(),
  AMD_SEV_CERTIFICATE_DIRECTORY: z.string().min(1).optional(),
  ENCLAVE_HOST: z.string().min(1).default('0.0.0.0'),
  ENCLAVE_PORT: port.default(50_051),
  ENCLAVE_CERTIFICATE_FILE: z.string().min(1).optional(),
  WORKER_SLOTS: count(1, 200).default(10),
  WORKER_CONNECTIONS: count(2, 100).default(8),
  WORKER_CHECKPOINT_DIRECTORY: z.string().min(1).optional(),
  WORKER_EGRESS: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,63}$/)
    .default('shared'),
  WORKER_VENUES: venueNames.default(['binance']),
};

const production = z.strictObject({
  ENCLAVE_MODE: z.literal('production'),
  AMD_SEV_SNP: z.literal('true'),
  ...shared,
  ...access,
  ENCLAVE_SUCCESSION_FILE: z.string().min(1),
});

const developmentSettings = z.strictObject({
  ENCLAVE_MODE: z.literal('development').default('development'),
  AMD_SEV_SNP: z.enum(['true', 'false']).default('false'),
  ...shared,
  ...z.object(access).partial().shape,
  ENCRYPTION_KEY: z.string().min(1).optional(),
  ENCLAVE_SUCCESSION_FILE: z.string().min(1).optional(),
  ENCLAVE_HOST: z.string().min(1).default('127.0.0.1'),
  DEVELOPMENT_DATA_DIRECTORY: z.string().min(1).default('.track-record'),
  DEVELOPMENT_VENUE_EGRESS: address.optional(),
  DEVELOPMENT_CLOCK_FILE: z.string().min(1).optional(),
  DEVELOPMENT_KILL_AT_STEP: z.string().min(1).optional(),
});

/** The master key comes from one place; a door open to everybody stands on loopback. */
const development = developmentSettings
  .refine(
    ({ ENCRYPTION_KEY, ENCLAVE_SUCCESSION_FILE }) =>
      (ENCRYPTION_KEY === undefined) !== (ENCLAVE_SUCCESSION_FILE === undefined),
    { path: ['ENCRYPTION_KEY'] },
  )
  .refine(
    (settings) => {
      const given = Object.keys(access).filter((name) => Object.hasOwn(settings, name));
      return (
        given.length === Object.keys(access).length ||
        (given.length === 0 && LOOPBACK.test(settings.ENCLAVE_HOST))
      );
    },
    { path: ['ENCLAVE_CLIENT_CA_FILE'] },
  );

export type Config = z.infer<typeof production> | z.infer<typeof development>;

export const settingNames: readonly string[] = Object.keys(developmentSettings.shape);

/**
 * Reads the environment, or CONFIG_INVALID with the first offending variable's name as its place.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const schema = env['ENCLAVE_MODE'] === 'production' ? production : development;
  const ours = Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) => value !== undefined && value !== '' && isOurs(name),
    ),
  );
  const read = schema.safeParse(ours);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  throw new RecordError('CONFIG_INVALID', { place: String(unknown ?? issue?.path[0]) });
}

function isOurs(name: string): boolean {
  return settingNames.includes(name) || OUR_PREFIXES.some((prefix) => name.startsWith(prefix));
}
