// `track-record worker check`: everything that could refuse a worker's start, asked with its own
// settings, without starting one. No setting's value is printed.

import { randomBytes } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { kernelFiles, reportSource } from '@track-record/attestation/obtain';
import { codeOf, codes, RecordError, type Code } from '@track-record/errors';
import { checkSchema, openStore, type Store } from '@track-record/store';
import { readSession, type Session } from '@track-record/store/operator';
import { loadVenues } from '@track-record/venues';
import { parseConfig, type Config } from '@track-record/worker/config';
import { checkAlone } from '../operator/session.ts';
import { tableOf, type Column } from '../operator/table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

/** Venues refuse requests that are more than a minute off; half of it leaves room for the way. */
const SKEW_MS_MAX = 30_000;
/** The kernel's driver waits its turn at the security processor for up to a minute. */
const REPORT_DEADLINE_MS = 75_000;
const REPORT_DATA_SIZE_BYTES = 64;
const NAME_SIZE_BYTES = 8;
const VENUE_DEADLINE_MS = 10_000;

interface Check {
  readonly check: string;
  readonly result: 'passed' | 'refused' | 'not asked';
  readonly code: Code | null;
  /** Our own words and numbers. */
  readonly detail: string;
}

export const workerCheck: Verb = {
  name: 'worker check',
  summary: 'Ask everything that could refuse the start; --venues asks them too.',
  example: 'worker check --venues',
  options: { venues: { type: 'boolean' } },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const checks: Check[] = [];
  let config: Config | null = null;
  checks.push(
    await ask('configuration', async () => {
      config = parseConfig(process.env);
      return `${config.ENCLAVE_MODE}, venues ${config.WORKER_VENUES.join(' ')}`;
    }),
  );
  if (config !== null) {
    checks.push(...(await askDatabase(config)), await askAttestation(config));
    if (input.options['venues'] === true) checks.push(...(await askVenues(config)));
  }
  checks.push(await askOperator(process.env['DATABASE_OPERATOR_URL']));
  const refused = checks.find(({ code }) => code !== null);
  const columns: readonly Column<Check>[] = [
    { title: 'check', of: ({ check }) => check },
    { title: 'result', of: ({ result }) => result },
    { title: 'detail', of: ({ code, detail }) => (code === null ? detail : `${code} ${detail}`) },
  ];
  return {
    document: { checks, ...(refused === undefined ? {} : { error: { code: refused.code } }) },
    text: tableOf(columns, checks, ''),
    failed: refused !== undefined,
  };
}

async function ask(check: string, question: () => Promise<string>): Promise<Check> {
  try {
    return { check, result: 'passed', code: null, detail: await question() };
  } catch (error) {
    const code = codeOf(error);
    const place = error instanceof RecordError ? error.place : null;
    return { check, result: 'refused', code, detail: place ?? codes[code].message };
  }
}

async function askDatabase({ DATABASE_URL: url }: Config): Promise<readonly Check[]> {
  const store = openStore(url, { connectionsMax: 1 });
  try {
    const asked = Date.now();
    const database = await askSession('database', store);
    if (database.session === null) return [database.check];
    const { session } = database;
    const skewMs = Math.round(session.at - (asked + Date.now()) / 2);
    return [
      database.check,
      await ask('role', async () => checkRole(session, 'enclave_worker')),
      await ask('schema', async () => {
        await checkSchema(store.db);
        return 'as this version made it';
      }),
      await ask('clock', async () => {
        if (Math.abs(skewMs) <= SKEW_MS_MAX) return `database ${skewMs} ms from here`;
        throw new RecordError('CONFIG_INVALID', { place: `database ${skewMs} ms from here` });
      }),
    ];
  } finally {
    await store.close();
  }
}

async function askOperator(url: string | undefined): Promise<Check> {
  const check = 'operator';
  if (url === undefined) {
    return { check, result: 'not asked', code: null, detail: 'DATABASE_OPERATOR_URL is not set' };
  }
  const store = openStore(url, { connectionsMax: 1 });
  try {
    return await ask(check, async () => checkRole(await readSession(store.db), 'operator'));
  } finally {
    await store.close();
  }
}

async function askSession(
  name: string,
  store: Store,
): Promise<{ check: Check; session: Session | null }> {
  let session: Session | null = null;
  const check = await ask(name, async () => {
    session = await readSession(store.db);
    return 'answers';
  });
  return { check, session };
}

/** One role and nothing more: a login with more rights makes every other guard an opinion. */
function checkRole({ superuser, roles }: Session, wanted: string): string {
  const held = superuser ? ['superuser', ...roles] : roles;
  if (held.join() === wanted) return `member of ${wanted} only`;
  const place = held.length === 0 ? 'of no role' : `holds ${held.join(' ')}`;
  throw new RecordError('CONFIG_INVALID', { place });
}

async function askAttestation(config: Config): Promise<Check> {
  const check = 'attestation';
  if (config.AMD_SEV_SNP !== 'true') {
    const detail = 'development evidence, which proves nothing';
    return { check, result: 'not asked', code: null, detail };
  }
  return await ask(check, async () => {
    const newName = () => `track-record-${randomBytes(NAME_SIZE_BYTES).toString('hex')}`;
    const source = reportSource({ files: kernelFiles, newName });
    const data = randomBytes(REPORT_DATA_SIZE_BYTES);
    await source.obtain(data, AbortSignal.timeout(REPORT_DEADLINE_MS));
    return 'the security processor reports';
  });
}

async function askVenues(config: Config): Promise<readonly Check[]> {
  const venues = await loadVenues(config.WORKER_VENUES);
  const hosts = [...venues].flatMap(([id, { capabilities }]) =>
    capabilities.hosts.map((host) => ({ id, host })),
  );
  const egress =
    config.ENCLAVE_MODE === 'development' ? (config.DEVELOPMENT_VENUE_EGRESS ?? null) : null;
  return Promise.all(
    hosts.map(({ id, host }) =>
      ask(`venue ${id}`, async () => {
        await reach(host, egress);
        return egress === null ? host : `${host}, through the simulator`;
      }),
    ),
  );
}

/** Any answer at all: what the venue makes of a request without a key does not matter here. */
function reach(
  host: string,
  egress: { readonly host: string; readonly port: number } | null,
): Promise<void> {
  const request = egress === null ? requestHttps : requestHttp;
  const options = egress === null ? { host } : { ...egress, headers: { host } };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, method: 'HEAD', timeout: VENUE_DEADLINE_MS });
    const refuse = (cause?: Error): void => {
      reject(new RecordError('VENUE_UNAVAILABLE', { place: host, cause }));
    };
    sent.on('response', (response) => {
      response.resume();
      resolve();
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', refuse);
    sent.on('close', () => refuse());
    sent.end();
  });
}
