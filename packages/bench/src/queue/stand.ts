// What the engines run on: a durable PostgreSQL of its own, the worker's queues, and accounts whose
// first hours are signed. Every account was connected and synchronised by the real routes.

import { randomBytes } from 'node:crypto';
import type { RouteContext } from '@track-record/jobs/context';
import { connectAccount } from '@track-record/jobs/connect-account/route';
import { syncAccount } from '@track-record/jobs/sync-account/route';
import { parseMasterKey, RecordRoot } from '@track-record/sealing';
import { intakeKeyPair, sealIntake } from '@track-record/sealing/intake';
import { signingKeyFromSeed } from '@track-record/statement';
import { migrate, openStore, type Store } from '@track-record/store';
import { createLogins, startEmbeddedPostgres } from '@track-record/store/embedded';
import { reconcileQueues, servedQueues } from '@track-record/worker/queues';
import { sql } from 'kysely';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { HOUR_MS, instantVenue, START, VENUE } from './instant-venue.ts';

export const SYNC_QUEUE = `sync-account.${VENUE}`;
/** A queue of the raw loop, with the same policy. */
export const RAW_QUEUE = 'raw';
/** A queue that is filled with a million jobs. */
export const DEEP_QUEUE = 'deep';
const MASTER_KEY = '6b'.repeat(32);
const OWNER = '00000000-0000-4000-8000-0000000000f0';
/** When in the hour the clock stands. */
const LOOK_MS = 1_200_000;
const HOURS_BEFORE = 2;
const AT_ONCE = 16;

export interface Stand {
  /** As its superuser, and as the worker. */
  readonly ownerUrl: string;
  readonly url: string;
  readonly dataDirectory: string;
  readonly admin: pg.Pool;
  readonly close: () => Promise<void>;
}

export async function openStand(): Promise<Stand> {
  const postgres = await startEmbeddedPostgres({
    directory: null,
    durable: true,
    random: randomBytes,
  });
  await migrate(postgres.url);
  const logins = await createLogins(postgres.url, randomBytes);
  const admin = new pg.Pool({ connectionString: postgres.url, max: 4 });
  admin.on('error', () => undefined);
  const boss = await startBoss(logins.enclave_worker, 2, true);
  await reconcileQueues(boss, servedQueues([VENUE]));
  for (const name of [RAW_QUEUE, DEEP_QUEUE]) {
    await boss.createQueue(name, { policy: 'exclusive', retryLimit: 8 });
  }
  await admin.query(`delete from pgboss.job_common`);
  await admin.query(
    `insert into record.venue_allowance (venue, egress, per_minute, burst, tokens, cost)
     values ($1, 'shared', 1e9, 1e9, 1e9, 1)`,
    [VENUE],
  );
  await boss.stop({ graceful: false });
  return {
    ownerUrl: postgres.url,
    url: logins.enclave_worker,
    dataDirectory: postgres.dataDirectory,
    admin,
    close: async () => {
      await admin.end();
      await postgres.stop();
    },
  };
}

export async function startBoss(url: string, max: number, schedule = false): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: url,
    max,
    migrate: false,
    createSchema: false,
    supervise: false,
    schedule,
    registerInstance: false,
    reindex: false,
  });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return boss;
}

/** The clock of a round: round 0 finds the first hours, each later one finds one more. */
export function clockOf(round: number): number {
  return START + (HOURS_BEFORE + round) * HOUR_MS + LOOK_MS;
}

/** The last hour that is final in a round. */
export function hourOf(round: number): number {
  return START + (HOURS_BEFORE + round - 1) * HOUR_MS;
}

/** The rooms of a route, without a claim to settle. */
export async function contextAt(store: Store, now: () => number): Promise<RouteContext> {
  const master = parseMasterKey(MASTER_KEY);
  const root = new RecordRoot(parseMasterKey(MASTER_KEY).copyForHandOver());
  return {
    db: store.db,
    master,
    root,
    venues: new Map([[VENUE, instantVenue]]),
    intake: await intakeKeyPair(root.intakeSeed()),
    signingKey: await root.statementSigningSeed().open((seed) => signingKeyFromSeed(seed)),
    egress: null,
    now,
    random: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    signal: new AbortController().signal,
    settle: () => Promise.resolve(),
    settling: () => sql`select 1`,
    enqueue: () => Promise.resolve(),
    asked: () => undefined,
    step: () => undefined,
  };
}

/** Connects accounts and signs their first hours. */
export async function makeAccounts(stand: Stand, accounts: number): Promise<void> {
  const store = openStore(stand.url, { connectionsMax: AT_ONCE });
  const context = await contextAt(store, () => clockOf(0));
  let next = 0;
  const take = async (): Promise<void> => {
    while (next < accounts) {
      next += 1;
      await makeAccount(stand, context, next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  await store.close();
}

async function makeAccount(stand: Stand, context: RouteContext, index: number): Promise<void> {
  const accountId = accountIdOf(index);
  const identity = { accountId, ownerId: OWNER, venue: VENUE };
  const fields = { apiKey: `key-of-${index}`, secret: `secret-of-${index}` };
  const sealed = await sealIntake(context.intake.publicKey, { ...identity, fields });
  await stand.admin.query(
    `insert into record.intake (account_id, owner_id, venue, sealed, history_from,
       allow_trading_key) values ($1, $2, $3, $4, $5, false)`,
    [accountId, OWNER, VENUE, sealed, new Date(START)],
  );
  await connectAccount({ accountId }, context);
  await syncAccount({ accountId, hour: hourOf(0) }, context);
}

export function accountIdOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

const ENQUEUE = `
  insert into pgboss.job_common (id, name, data, singleton_key, policy, retry_limit, retry_delay,
    retry_backoff, retry_delay_max, expire_seconds, deletion_seconds, keep_until, dead_letter,
    heartbeat_seconds)
  select gen_random_uuid(), queue.name,
    jsonb_build_object('accountId', account_id, 'hour', $3::text), account_id, policy, retry_limit,
    retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds,
    now() + interval '1 day', dead_letter, heartbeat_seconds
  from pgboss.queue, record.account
  where queue.name = $1 and account.venue = '${VENUE}' order by account_id offset $4
  limit $2 on conflict do nothing`;

/** One job for each of so many accounts. */
export async function enqueueAll(
  { admin }: Stand,
  queue: string,
  jobs: number,
  hour: number,
  skipped = 0,
): Promise<void> {
  await admin.query(ENQUEUE, [queue, jobs, new Date(hour).toISOString(), skipped]);
  await admin.query('analyze pgboss.job_common');
}
