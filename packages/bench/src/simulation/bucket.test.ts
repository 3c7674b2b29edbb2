// The simulation's bucket beside the database's: the same questions, the same answers.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeVenue, openStore, takeTokens, type Store } from '@track-record/store';
import pg from 'pg';
import { freshDatabase, type FreshDatabase } from '../../../testkit/src/index.ts';
import { Bucket } from './bucket.ts';

const VENUE = 'simulated';
const QUEUE = `sync-account.${VENUE}`;
const [PER_MINUTE, BURST, COST, BACKFILL_COST] = [240, 300, 12, 40];
const STEPS = 80;
const WAITING = 12;

let database: FreshDatabase;
let admin: pg.Pool;
let worker: Store;

beforeAll(async () => {
  database = await freshDatabase();
  admin = new pg.Pool({ connectionString: database.url, max: 2 });
  worker = openStore(database.urlFor('enclave_worker'), { connectionsMax: 1 });
  await admin.query(
    `insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff,
       expire_seconds, retention_seconds, deletion_seconds, partition, table_name)
     values ($1, 'standard', 8, 5, true, 1800, 7200, 21600, false, 'job_common')`,
    [QUEUE],
  );
  await admin.query(
    `insert into pgboss.job_common (id, name, data, keep_until)
     select gen_random_uuid(), $1, '{}', now() + interval '1 hour' from generate_series(1, $2)`,
    [QUEUE, WAITING],
  );
  await admin.query(
    `insert into record.venue_allowance (venue, egress, per_minute, burst, tokens, cost,
       first_cost) values ($1, 'shared', $2, $3, $3, $4, $5)`,
    [VENUE, PER_MINUTE, BURST, COST, BACKFILL_COST],
  );
});

afterAll(async () => {
  await worker.close();
  await admin.end();
  await database.drop();
});

describe('holds', () => {
  test('a bucket of the simulation grants what the database grants', async () => {
    const bucket = new Bucket(PER_MINUTE, BURST, { hour: COST, backfill: BACKFILL_COST });
    let now = 0;
    const differences: unknown[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const seconds = [0, 1, 7, 30][step % 4] ?? 0;
      now += seconds;
      await pass(seconds);
      if (step % 23 === 22) {
        bucket.close(now, 20);
        await closeVenue(worker.db, VENUE, 'shared', 20);
      }
      const asked = {
        jobs: 1 + (step % 9),
        isBackfill: step % 5 === 4,
        unclaimed: step % 3,
        settled: step % 4,
        correction: step % 4 === 0 ? 0 : (step % 7) - 3,
      };
      const place = { queue: QUEUE, venue: VENUE, egress: 'shared' };
      const { granted } = await takeTokens(worker.db, { ...place, ...asked });
      const simulated = bucket.take(now, { ...asked, waiting: WAITING, waited: 0 });
      // The database's clock goes on by itself: a token may be there a moment earlier.
      if (Math.abs(granted - simulated) > 1) differences.push({ step, granted, simulated });
    }
    expect(differences).toEqual([]);
  });
});

async function pass(seconds: number): Promise<void> {
  await admin.query(
    `update record.venue_allowance set counted_at = counted_at - $1 * interval '1 second',
       closed_until = closed_until - $1 * interval '1 second'`,
    [seconds],
  );
}
