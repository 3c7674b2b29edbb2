import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { parseConfig, settingNames } from './config.ts';

type Env = Readonly<Record<string, string | undefined>>;

const needed: Env = {
  DATABASE_URL: 'postgres://worker:pw@db.internal:5432/record',
  ENCRYPTION_KEY: 'a-value-that-only-sealing-reads',
};
const sealed: Env = {
  DATABASE_URL: needed['DATABASE_URL'],
  ENCLAVE_SUCCESSION_FILE: '/etc/track-record/succession.json',
};
const callers: Env = {
  ENCLAVE_CLIENT_CA_FILE: '/etc/track-record/clients.pem',
  ENCLAVE_ISSUER_KEY_FILE: '/etc/track-record/issuer.pem',
  ENCLAVE_TRUST_DOMAIN: 'track-record.example',
};
const production: Env = {
  ...sealed,
  ...callers,
  ENCLAVE_MODE: 'production',
  AMD_SEV_SNP: 'true',
};

function refusal(env: Env): RecordError {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof RecordError) return error;
  }
  throw new Error('The configuration was not refused.');
}

describe('accepts', () => {
  test('the two settings that have no default, in development', () => {
    expect(parseConfig(needed)).toEqual({
      ...needed,
      ENCLAVE_MODE: 'development',
      AMD_SEV_SNP: 'false',
      ENCLAVE_HOST: '127.0.0.1',
      ENCLAVE_PORT: 50_051,
      WORKER_SLOTS: 10,
      WORKER_EGRESS: 'shared',
      WORKER_VENUES: ['binance'],
      WORKER_CONNECTIONS: 8,
      DEVELOPMENT_DATA_DIRECTORY: '.track-record',
    });
  });

  test('production, which listens on every address', () => {
    expect(parseConfig(production)).toEqual({
      ...production,
      ENCLAVE_HOST: '0.0.0.0',
      ENCLAVE_PORT: 50_051,
      WORKER_SLOTS: 10,
      WORKER_EGRESS: 'shared',
      WORKER_VENUES: ['binance'],
      WORKER_CONNECTIONS: 8,
    });
  });

  test.each([
    ['ENCLAVE_RELEASE_FILE', '/etc/track-record/release.json', undefined],
    ['ENCLAVE_PEER', 'old.internal:50051', { host: 'old.internal', port: 50_051 }],
    ['DATABASE_URL', 'postgresql://u@[::1]/d?sslmode=verify-full', undefined],
    ['ENCRYPTION_KEY', 'file:/run/secrets/key', undefined],
    ['ENCLAVE_PORT', '65535', 65_535],
    ['ENCLAVE_CERTIFICATE_FILE', '/run/enclave.pem', undefined],
    ['ENCLAVE_HOST', '::1', undefined],
    ['AMD_SEV_SNP', 'true', undefined],
    ['AMD_SEV_CERTIFICATE_DIRECTORY', '/var/lib/vcek', undefined],
    ['WORKER_SLOTS', '200', 200],
    ['WORKER_CONNECTIONS', '2', 2],
    ['WORKER_EGRESS', 'zone-a.1', undefined],
    ['WORKER_VENUES', 'binance,okx', ['binance', 'okx']],
    ['DEVELOPMENT_DATA_DIRECTORY', '/var/tmp/x', undefined],
    ['DEVELOPMENT_VENUE_EGRESS', '127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['DEVELOPMENT_CLOCK_FILE', 'clock', undefined],
    ['DEVELOPMENT_KILL_AT_STEP', 'signed', undefined],
  ])('%s=%s', (name, text, value) => {
    expect(parseConfig({ ...needed, [name]: text })).toHaveProperty(name, value ?? text);
  });

  test('callers that are known, and then any address', () => {
    const env = { ...needed, ...callers, ENCLAVE_HOST: '0.0.0.0' };
    expect(parseConfig(env)).toMatchObject(env);
  });

  test('what others keep in the environment, and an empty setting as an absent one', () => {
    const env = { ...needed, PATH: '/bin', AMD_GPU: '1', ENCLAVE_PORT: '', NODE_ENV: 'test' };
    expect(parseConfig(env)).toEqual(parseConfig(needed));
  });
});

describe('refuses', () => {
  test.each<readonly [string, Env, string]>([
    ['no database', { ...needed, DATABASE_URL: undefined }, 'DATABASE_URL'],
    ['no database, in production', { ...production, DATABASE_URL: '' }, 'DATABASE_URL'],
    ['another database', { ...needed, DATABASE_URL: 'mysql://u@h/d' }, 'DATABASE_URL'],
    ['a database without a scheme', { ...needed, DATABASE_URL: 'h:5432/d' }, 'DATABASE_URL'],
    ['no key', { ...needed, ENCRYPTION_KEY: undefined }, 'ENCRYPTION_KEY'],
    ['two sources of the key', { ...needed, ...sealed }, 'ENCRYPTION_KEY'],
    ['a given key, in production', { ...production, ENCRYPTION_KEY: 'k' }, 'ENCRYPTION_KEY'],
    [
      'no succession, in production',
      { ...production, ENCLAVE_SUCCESSION_FILE: undefined },
      'ENCLAVE_SUCCESSION_FILE',
    ],
    ...Object.keys(callers).flatMap((name): [string, Env, string][] => [
      [`no ${name} in production`, { ...production, [name]: undefined }, name],
      [`${name} alone`, { ...needed, [name]: callers[name] }, 'ENCLAVE_CLIENT_CA_FILE'],
    ]),
    ['an open door', { ...needed, ENCLAVE_HOST: '0.0.0.0' }, 'ENCLAVE_CLIENT_CA_FILE'],
    [
      'a trust domain with a path',
      { ...needed, ...callers, ENCLAVE_TRUST_DOMAIN: 'a/role/gateway' },
      'ENCLAVE_TRUST_DOMAIN',
    ],
    ['a peer without a port', { ...sealed, ENCLAVE_PEER: 'enclave' }, 'ENCLAVE_PEER'],
    ['an unknown mode', { ...needed, ENCLAVE_MODE: 'staging' }, 'ENCLAVE_MODE'],
    ['no hardware in production', { ...production, AMD_SEV_SNP: 'false' }, 'AMD_SEV_SNP'],
    ['production that is silent on it', { ...production, AMD_SEV_SNP: undefined }, 'AMD_SEV_SNP'],
    ['half an answer', { ...needed, AMD_SEV_SNP: 'yes' }, 'AMD_SEV_SNP'],
    ['port 0', { ...needed, ENCLAVE_PORT: '0' }, 'ENCLAVE_PORT'],
    ['a port too high', { ...needed, ENCLAVE_PORT: '65536' }, 'ENCLAVE_PORT'],
    ['a port in hexadecimal', { ...needed, ENCLAVE_PORT: '0x1f90' }, 'ENCLAVE_PORT'],
    ['a port with an exponent', { ...needed, ENCLAVE_PORT: '5e3' }, 'ENCLAVE_PORT'],
    ['a port and a word', { ...needed, ENCLAVE_PORT: '50051 # door' }, 'ENCLAVE_PORT'],
    ['no slots', { ...needed, WORKER_SLOTS: '0' }, 'WORKER_SLOTS'],
    ['too many slots', { ...needed, WORKER_SLOTS: '201' }, 'WORKER_SLOTS'],
    ['no venue', { ...needed, WORKER_VENUES: ' ' }, 'WORKER_VENUES'],
    ['an address with spaces', { ...needed, WORKER_EGRESS: 'zone a' }, 'WORKER_EGRESS'],
    ['a path as a venue', { ...needed, WORKER_VENUES: '../x' }, 'WORKER_VENUES'],
    ['one connection', { ...needed, WORKER_CONNECTIONS: '1' }, 'WORKER_CONNECTIONS'],
    ['an egress without a port', egress('localhost'), 'DEVELOPMENT_VENUE_EGRESS'],
    ['an egress with a path', egress('http://localhost:80'), 'DEVELOPMENT_VENUE_EGRESS'],
    ['an egress to no port', egress('localhost:70000'), 'DEVELOPMENT_VENUE_EGRESS'],
    ['a mistyped setting', { ...needed, ENCLAVE_PROT: '1' }, 'ENCLAVE_PROT'],
    ['a setting of nobody', { ...needed, ENCLAVE_X: '1' }, 'ENCLAVE_X'],
    ['a mistyped key', { ...needed, ENCRYPTION_KEYS: 'k' }, 'ENCRYPTION_KEYS'],
    ['a mistyped switch', { ...production, AMD_SEV_SNPS: 'true' }, 'AMD_SEV_SNPS'],
    ['a worker setting of nobody', { ...needed, WORKER_THREADS: '4' }, 'WORKER_THREADS'],
  ])('%s', (_name, env, place) => {
    expect(refusal(env)).toMatchObject({ code: 'CONFIG_INVALID', place });
  });

  test.each(settingNames.filter((name) => name.startsWith('DEVELOPMENT_')))(
    'in production: %s',
    (name) => {
      expect(refusal({ ...production, [name]: 'x:1' })).toMatchObject({ place: name });
    },
  );

  test('without a value from the environment in what it says', () => {
    const error = refusal({ ...needed, DATABASE_URL: 'MARKERq7', ENCLAVE_X: 'MARKERq7' });
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('MARKERq7');
  });
});

describe('holds', () => {
  test('.env.example documents every setting and no other', () => {
    const file = join(import.meta.dirname, '../../../.env.example');
    const named = readFileSync(file, 'utf8').matchAll(/^#?([A-Z][A-Z_]+)=/gm);
    expect([...named].map(([, name]) => name).toSorted()).toEqual([...settingNames].toSorted());
  });
});

function egress(text: string): Env {
  return { ...needed, DEVELOPMENT_VENUE_EGRESS: text };
}
