// `track-record queue metrics`: each metric moves with what it counts, and none names an account.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertAccount, openStore } from '@track-record/store';
import pg from 'pg';
import { queueDrain } from '../../../cli/src/verbs/queue-drain.ts';
import { queueMetrics } from '../../../cli/src/verbs/queue-metrics.ts';
import { sampleAccount } from './sample-record.ts';
import { freshDatabase, type FreshDatabase } from './template-database.ts';

const METRICS = 18;

let database: FreshDatabase;
const before = { ...process.env };

beforeAll(async () => {
  database = await freshDatabase();
  const worker = openStore(database.urlFor('enclave_worker'), { connectionsMax: 1 });
  await insertAccount(worker.db, sampleAccount());
  await worker.close();
  process.env['DATABASE_OPERATOR_URL'] = database.urlFor('operator');
});

afterAll(async () => {
  process.env = before;
  await database.drop();
});

describe('holds', () => {
  it('each metric moves with what it counts, and none names an account', async () => {
    const earlier = await metrics();
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    for (const text of WHAT_HAPPENS) await admin.query(text);
    await admin.end();
    await queueDrain.run({ ...input, options: { reason: 'measured' } });
    const later = await metrics();
    const still = [...later].filter(([name, value]) => Object.is(value, earlier.get(name)));
    expect(still).toEqual([]);
    expect(later.size).toBe(METRICS);
    const { text } = await queueMetrics.run(input);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
  });
});

const input = {
  options: {},
  positionals: [],
  stdin: process.stdin,
  progress: () => undefined,
};

/** The sum of each metric's samples; of one without any, none. */
async function metrics(): Promise<ReadonlyMap<string, number | null>> {
  const { text } = await queueMetrics.run(input);
  const samples = [...text.matchAll(/^([a-z_]+)\{[^}]*\} (.*)$/gm)];
  const names = [...text.matchAll(/^# TYPE ([a-z_]+) /gm)].map(([, name = '']) => name);
  return new Map(
    names.map((name) => {
      const values = samples
        .filter(([, each]) => each === name)
        .map(([, , value]) => Number(value));
      return [name, values.length === 0 ? null : values.reduce((sum, each) => sum + each)];
    }),
  );
}

const QUEUE_ROW = `(name, policy, retry_limit, retry_delay, retry_backoff, expire_seconds,
  retention_seconds, deletion_seconds, partition, table_name, dead_letter)`;
const JOB = 'insert into pgboss.job_common (id, name, data, state, keep_until, start_after';

/** Something for every metric. */
const WHAT_HAPPENS = [
  `insert into pgboss.queue ${QUEUE_ROW} select name, 'standard', 8, 5, true, 1800, 7200, 21600,
     false, 'job_common', letters from (values ('dead-letter', null),
     ('sync-account.binance', 'dead-letter')) queue (name, letters) on conflict do nothing`,
  ...['created', 'active', 'failed'].map(
    (state) => `${JOB}) values (gen_random_uuid(), 'sync-account.binance', '{}', '${state}',
      now() + interval '1 day', now())`,
  ),
  `${JOB}) values (gen_random_uuid(), 'sync-account.binance', '{}', 'retry',
     now() + interval '1 day', now() + interval '1 hour')`,
  `${JOB}, source_name, source_output) values (gen_random_uuid(), 'dead-letter', '{}', 'created',
     now() + interval '1 day', now(), 'sync-account.binance', '{"code": "VENUE_KEY_REJECTED"}')`,
  `insert into record.venue_hour values
     ('binance', date_trunc('hour', now(), 'UTC'), now())`,
  `update record.account set state = 'quarantined', state_code = 'LEDGER_NOT_RECONCILED'`,
  `insert into record.account (account_id, owner_id, venue, reporting_currency, history_from,
     connected_at, allow_trading_key, venue_account_hash, state)
   select gen_random_uuid(), owner_id, venue, reporting_currency, history_from, connected_at, false,
     repeat(n::text, 64), 'active' from record.account, generate_series(1, 2) n`,
  `select record.close_venue('binance', 'shared', 60)`,
  `select record.take_tokens('sync-account.binance', 'binance', 'other', false, 1, 0, 0, 0)`,
  `select record.close_venue('binance', 'other', 60)`,
  `select record.take_tokens('sync-account.binance', 'binance', 'other', false, 1, 0, 0, 0)`,
];
