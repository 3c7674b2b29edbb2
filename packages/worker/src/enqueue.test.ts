// Does a producer that calls the SQL functions make the same jobs as the worker's own code? Both
// kinds of rows are read back from a real queue and compared column by column.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectAccountQueue } from '@track-record/jobs/connect-account/queue';
import { syncAccountQueue } from '@track-record/jobs/sync-account/queue';
import { insertAccount, openStore, type Store } from '@track-record/store';
import { CompiledQuery } from 'kysely';
import { PgBoss } from 'pg-boss';
import {
  freshDatabase,
  SAMPLE_HOUR,
  sampleAccount,
  type FreshDatabase,
} from '../../testkit/src/index.ts';
import { enqueueInto } from './enqueue.ts';
import { reconcileQueues, servedQueues } from './queues.ts';

const { accountId, ...rest } = sampleAccount();
const payload = { accountId, hour: SAMPLE_HOUR };

let database: FreshDatabase;
let store: Store;
let boss: PgBoss;
let admin: Store;
let gateway: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = openStore(database.urlFor('enclave_worker'), { connectionsMax: 2 });
  admin = openStore(database.url, { connectionsMax: 1 });
  gateway = openStore(database.urlFor('gateway'), { connectionsMax: 1 });
  boss = new PgBoss({
    connectionString: database.urlFor('enclave_worker'),
    migrate: false,
    createSchema: false,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  await boss.start();
  await reconcileQueues(boss, servedQueues(['binance']));
  await insertAccount(store.db, { accountId, ...rest, venue: 'binance' });
  await ask(admin, `insert into record.account_key values ($1, 'key', 'envelope')`, [accountId]);
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await Promise.all([store.close(), admin.close(), gateway.close()]);
  await database.drop();
});

async function ask({ db }: Store, text: string, values: readonly unknown[]): Promise<unknown[]> {
  return (await db.executeQuery(CompiledQuery.raw(text, [...values]))).rows;
}

/** The only job there is, without what time and chance make of it; then there is none. */
async function takeJob(): Promise<unknown> {
  const rows = await ask(
    admin,
    `select to_jsonb(job) - array['id', 'created_on', 'start_after', 'keep_until'] as job,
       extract(epoch from keep_until - created_on)::int as kept_seconds
     from pgboss.job_common job where singleton_key is not null`,
    [],
  );
  await ask(admin, 'delete from pgboss.job_common', []);
  expect(rows).toHaveLength(1);
  return rows[0];
}

describe('holds', () => {
  test.each([
    ['enqueue_sync($1, $2)', [accountId, new Date(SAMPLE_HOUR)], 10],
    ['rotate_credentials($1, $2)', [accountId, Buffer.from('sealed')], 10],
    [
      'connect_account($1, $1, $2, $3, null, now(), false)',
      ['00000000-0000-4000-8000-0000000000d1', 'binance', Buffer.from('sealed')],
      10,
    ],
    ['enqueue_backfill($1)', [accountId], 0],
  ])('gateway.%s makes the row that the worker makes', async (call, values, priority) => {
    await ask(gateway, `select gateway.${call}`, values);
    const made: unknown = await takeJob();
    const [about] = values;
    await store.db.transaction().execute(async (trx) => {
      const enqueue = enqueueInto(boss);
      if (call.includes('enqueue')) {
        // The last full hour is the one that a call without an hour means.
        const hour =
          values.length === 2 ? SAMPLE_HOUR : Math.floor(Date.now() / 3_600_000 - 1) * 3_600_000;
        await enqueue(trx, syncAccountQueue('binance'), [{ ...payload, hour }]);
      } else {
        await enqueue(trx, connectAccountQueue, [{ accountId: String(about) }]);
      }
    });
    expect(made).toEqual(withPriority(await takeJob(), priority));
  });
});

/** A person waits for what a gateway asks; the worker's own jobs have priority 0. */
function withPriority(found: unknown, priority: number): unknown {
  const text = JSON.stringify(found);
  return JSON.parse(text.replace(/"priority":0/, `"priority":${priority}`));
}
