// The routes run by hand: every room is the real one, but no queue and no process of their own, so
// that a test can stand between any two steps. What a worker would record about a failure is
// recorded here in the same way.

import { randomBytes } from 'node:crypto';
import { codeOf, codes, type Code } from '@track-record/errors';
import type { RouteContext } from '@track-record/jobs/context';
import { connectAccountQueue } from '@track-record/jobs/connect-account/queue';
import { connectAccount } from '@track-record/jobs/connect-account/route';
import { recordFailure } from '@track-record/jobs/failure';
import { proveClaim } from '@track-record/jobs/prove-claim/route';
import { reaggregateAccount } from '@track-record/jobs/reaggregate-account/route';
import { releaseResults } from '@track-record/jobs/release-results/route';
import { syncAccount } from '@track-record/jobs/sync-account/route';
import { parseMasterKey } from '@track-record/sealing';
import { intakeKeyPair, sealIntake } from '@track-record/sealing/intake';
import { signingKeyFromSeed } from '@track-record/statement';
import { openStore, storeFailure } from '@track-record/store';
import { loadVenues } from '@track-record/venues';
import { sql } from 'kysely';
import pg from 'pg';
import { startBinanceSimulator, type BinanceSimulator } from '../binance/simulator.ts';
import { fixedRecordRoot, fixRecordRoot } from '../postgres/record-root.ts';
import type { FreshDatabase } from '../postgres/template-database.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import { ACCOUNT, NO_LIMITS, OWNER } from './site.ts';

/** A failure of this queue's job is another matter than one of any other. */
const CONNECT = connectAccountQueue.name;

export interface DeskOptions {
  readonly scenario: Scenario;
  readonly database: Pick<FreshDatabase, 'url' | 'urlFor'>;
  /** 64 hex digits. */
  readonly masterKey: string;
  readonly now: number;
}

/** Nothing is claimed, so nothing is settled. */
const withoutQueue = {
  settle: () => Promise.resolve(),
  settling: () => sql`select 1`,
  enqueue: () => Promise.resolve(),
  asked: () => undefined,
  step: () => undefined,
};

/** How a run of a route ended: with a code of its own, or done. */
export type Ending = Code | 'DONE';

export interface Desk {
  readonly venue: BinanceSimulator;
  /** As a superuser. */
  readonly admin: pg.Pool;
  readonly setClock: (at: number) => void;
  /** Puts the account's sealed keys where a gateway puts them. */
  readonly handIn: (change?: { readonly allowTradingKey?: boolean }) => Promise<void>;
  /** Seals an account's keys to this enclave, as its owner does. */
  readonly seal: (fields?: Readonly<Record<string, string>>) => Promise<Uint8Array>;
  readonly connect: (change?: Partial<RouteContext>) => Promise<Ending>;
  readonly sync: (
    hour: number,
    change?: Partial<RouteContext>,
    accountId?: string,
  ) => Promise<Ending>;
  readonly prove: () => Promise<Ending>;
  readonly release: (change?: Partial<RouteContext>) => Promise<Ending>;
  readonly reaggregate: (change?: Partial<RouteContext>) => Promise<Ending>;
  readonly close: () => Promise<void>;
}

export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { scenario, database, masterKey } = options;
  let { now } = options;
  const store = openStore(database.urlFor('enclave_worker'), { connectionsMax: 4 });
  const admin = new pg.Pool({ connectionString: database.url, max: 2 });
  // The end of the database may overtake the end of an idle connection to it.
  admin.on('error', () => undefined);
  const master = parseMasterKey(masterKey);
  const venue = await startBinanceSimulator({ scenario, now: () => now, limits: NO_LIMITS });
  await fixRecordRoot(admin, masterKey);
  const root = fixedRecordRoot(masterKey);
  const context: RouteContext = {
    db: store.db,
    master,
    root,
    venues: await loadVenues(['binance']),
    intake: await intakeKeyPair(root.intakeSeed()),
    signingKey: await root.statementSigningSeed().open((seed) => signingKeyFromSeed(seed)),
    egress: { host: '127.0.0.1', port: venue.port },
    now: () => now,
    random: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    signal: new AbortController().signal,
    ...withoutQueue,
  };

  async function run(queue: string, route: () => Promise<void>): Promise<Ending> {
    try {
      await route();
      return 'DONE';
    } catch (error) {
      const code = codeOf(storeFailure(error));
      await recordFailure(store.db, ACCOUNT, code, codes[code].retry === 'never', now, queue);
      return code;
    }
  }

  const seal: Desk['seal'] = (fields = scenario.credentials) => {
    const identity = { accountId: ACCOUNT, ownerId: OWNER, venue: 'binance' };
    return sealIntake(context.intake.publicKey, { ...identity, fields: { ...fields } });
  };

  return {
    venue,
    admin,
    seal,
    setClock: (at) => {
      now = at;
    },
    handIn: async ({ allowTradingKey = false } = {}) => {
      await insertIntake(admin, await seal(), scenario.start, allowTradingKey);
    },
    connect: (change) =>
      run(CONNECT, () => connectAccount({ accountId: ACCOUNT }, { ...context, ...change })),
    sync: (hour, change, accountId = ACCOUNT) =>
      run('any', () => syncAccount({ accountId, hour }, { ...context, ...change })),
    prove: () => run('any', () => proveClaim({ accountId: ACCOUNT }, context)),
    release: (change) =>
      run('any', () => releaseResults({ accountId: ACCOUNT }, { ...context, ...change })),
    reaggregate: (change) =>
      run('any', () => reaggregateAccount({ accountId: ACCOUNT }, { ...context, ...change })),
    close: async () => {
      master.wipe();
      await store.close();
      await admin.end();
      await venue.close();
    },
  };
}

async function insertIntake(
  admin: pg.Pool,
  sealed: Uint8Array,
  historyFrom: number,
  allowTradingKey: boolean,
): Promise<void> {
  await admin.query(
    `insert into record.intake (account_id, owner_id, venue, sealed, history_from,
       allow_trading_key, grid, delay_hours, thin)
     values ($1, $2, 'binance', $3, $4, $5, 'hour', 0, 'told')`,
    [ACCOUNT, OWNER, sealed, new Date(historyFrom), allowTradingKey],
  );
}
