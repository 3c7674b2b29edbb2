// What a deep queue and a large fleet cost: a claim beside a million waiting jobs, and one pass of
// the dispatcher over a hundred thousand accounts that are all due.

import { dispatchHourly } from '@track-record/jobs/dispatch-hourly/route';
import { syncAccountQueue } from '@track-record/jobs/sync-account/queue';
import { openStore, takeTokens } from '@track-record/store';
import { enqueueInto } from '@track-record/worker/enqueue';
import { reconcileQueues, servedQueues } from '@track-record/worker/queues';
import { medianOf } from '../measure.ts';
import { HOUR_MS, instantVenue, VENUE } from './instant-venue.ts';
import { clockOf, contextAt, DEEP_QUEUE, hourOf, startBoss, type Stand } from './stand.ts';

const DEEP = 1_000_000;
const CLAIMS = 60;
const BATCH = 50;
const FLEET = 100_000;
const VENUES = 11;
const DEPTH_RATIO_MOST = 1.2;
const DISPATCH_SECONDS_MOST = 15;

export async function measureDepth(stand: Stand): Promise<string[]> {
  const shallow = await claim(stand);
  await fill(stand, DEEP);
  const deep = await claim(stand);
  const ratio = deep.fetchMs / shallow.fetchMs;
  const row = (name: string, { fetchMs, admitMs }: Claim): string =>
    `| ${name} | ${fetchMs.toFixed(2)} | ${admitMs.toFixed(2)} |`;
  return [
    `| a claim of ${BATCH} jobs, median of ${CLAIMS} | ms | admission by the venue’s limit, ms |`,
    '|---|--:|--:|',
    row('from a queue that holds no others', shallow),
    row(`from one of ${DEEP.toLocaleString('en')}`, deep),
    '',
    `The bound is ${DEPTH_RATIO_MOST} of the empty queue: ${ratio.toFixed(2)}, ` +
      `${ratio <= DEPTH_RATIO_MOST ? 'kept' : 'not kept in this run'}.`,
  ];
}

interface Claim {
  readonly fetchMs: number;
  readonly admitMs: number;
}

/** Every claim finds as many jobs as it asks for. */
async function claim(stand: Stand): Promise<Claim> {
  const boss = await startBoss(stand.url, 1);
  const store = openStore(stand.url, { connectionsMax: 1 });
  const fetches: number[] = [];
  const admissions: number[] = [];
  const place = { queue: DEEP_QUEUE, venue: VENUE, egress: 'shared', isBackfill: false };
  for (let count = 0; count < CLAIMS; count += 1) {
    await fill(stand, BATCH);
    const asked = performance.now();
    await takeTokens(store.db, { ...place, jobs: BATCH, unclaimed: 0, settled: 0, correction: 0 });
    const admitted = performance.now();
    const jobs = await boss.fetch(DEEP_QUEUE, { batchSize: BATCH, includeMetadata: true });
    fetches.push(performance.now() - admitted);
    admissions.push(admitted - asked);
    if (jobs.length !== BATCH) throw new Error('The queue gave too few jobs.');
    await stand.admin.query(`delete from pgboss.job_common where name = $1 and state = 'active'`, [
      DEEP_QUEUE,
    ]);
  }
  await boss.stop({ graceful: false });
  await store.close();
  return { fetchMs: medianOf(fetches), admitMs: medianOf(admissions) };
}

async function fill({ admin }: Stand, jobs: number): Promise<void> {
  await admin.query(
    `insert into pgboss.job_common (id, name, data, singleton_key, policy, retry_limit,
       expire_seconds, deletion_seconds, keep_until)
     select gen_random_uuid(), name, '{}', gen_random_uuid(), policy, retry_limit, expire_seconds,
       deletion_seconds, now() + interval '1 day'
     from pgboss.queue, generate_series(1, $2) where name = $1`,
    [DEEP_QUEUE, jobs],
  );
  if (jobs > BATCH) await admin.query('vacuum analyze pgboss.job_common');
}

/** A hundred thousand accounts at eleven venues, each of which lacks its last hour. */
export async function measureDispatch(stand: Stand): Promise<string[]> {
  const venues = new Map(
    Array.from({ length: VENUES }, (_, index) => {
      const venue = `venue${index}`;
      const capabilities = { ...instantVenue.capabilities, venue };
      return [venue, { ...instantVenue, capabilities }] as const;
    }),
  );
  const boss = await startBoss(stand.url, 4);
  await reconcileQueues(boss, servedQueues(venues.keys()));
  await stand.admin.query(
    `insert into record.account
     select gen_random_uuid(), gen_random_uuid(), 'venue' || n % $2, 'USDT', $3, $3, false,
       encode(sha256(n::text::bytea), 'hex'), 'active', null
     from generate_series(1, $1) n`,
    [FLEET, VENUES, new Date(hourOf(0))],
  );
  await stand.admin.query(
    `insert into record.account_status
     select account_id, $1::timestamptz, null, null, 1, false, $1::timestamptz
     from record.account where venue like 'venue%'`,
    [new Date(hourOf(0))],
  );
  await stand.admin.query('analyze record.account, record.account_status');
  const store = openStore(stand.url, { connectionsMax: 2 });
  const context = await contextAt(store, () => clockOf(1) + HOUR_MS / 2);
  const started = performance.now();
  await dispatchHourly({ ...context, venues, enqueue: enqueueInto(boss) });
  const seconds = (performance.now() - started) / 1_000;
  const names = [...venues.keys()].map((venue) => syncAccountQueue(venue).name);
  const found = await stand.admin.query<{ jobs: number }>(
    'select count(*)::int as jobs from pgboss.job_common where name = any($1)',
    [names],
  );
  const again = performance.now();
  await dispatchHourly({ ...context, venues, enqueue: enqueueInto(boss) });
  const repeated = (performance.now() - again) / 1_000;
  await stand.admin.query('delete from pgboss.job_common where name = any($1)', [names]);
  await boss.stop({ graceful: false });
  await store.close();
  const isKept = found.rows[0]?.jobs === FLEET && seconds <= DISPATCH_SECONDS_MOST;
  return [
    `One pass of the dispatcher over ${FLEET.toLocaleString('en')} accounts that are all due, at`,
    `${VENUES} venues: ${seconds.toFixed(1)} s, ${found.rows[0]?.jobs} jobs; again, with all of`,
    `them waiting: ${repeated.toFixed(1)} s. The bound is ${DISPATCH_SECONDS_MOST} s: ` +
      `${isKept ? 'kept' : 'not kept in this run'}.`,
    '',
  ];
}
