// One account, its venue, its database and the real worker process, with every hand on the switches
// that a test needs: the clock, the venue's faults, the kill. For tests; outside the trusted base.

import assert from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createGateway, type Gateway } from '@track-record/gateway';
import { intakeKeyPair, sealIntake } from '@track-record/sealing/intake';
import pg from 'pg';
import { startBinanceSimulator, type BinanceSimulator } from '../binance/simulator.ts';
import { freePort, startWorkerProcess, type WorkerProcess } from '../demo/stage.ts';
import { fixedRecordRoot, fixRecordRoot } from '../postgres/record-root.ts';
import type { FreshDatabase } from '../postgres/template-database.ts';
import type { Scenario } from '../scenario/build-scenario.ts';

/** The same in every run, because statements carry its pseudonym. */
export const ACCOUNT = '00000000-0000-4000-8000-0000000000c1';
export const OWNER = '00000000-0000-4000-8000-0000000000c2';
/** Every hour by itself, as soon as it is signed: what tests of the route look at. */
export const AT_ONCE = { grid: 'hour', delayHours: 0, thin: 'told' } as const;
/** A test's venue is asked by many workers one after the other: their allowances are their own. */
export const NO_LIMITS = { api: 1e9, 'sapi-ip': 1e9, 'sapi-uid': 1e9, fapi: 1e9 };
const PATIENCE_MS = 40_000;
const POLL_MS = 50;

export interface SiteOptions {
  readonly scenario: Scenario;
  readonly database: Pick<FreshDatabase, 'url' | 'urlFor'>;
  /** 64 hex digits; null when the worker's settings say where it comes from. */
  readonly masterKey: string | null;
  /** Where the clock stands at first, milliseconds UTC. */
  readonly now: number;
  /** What Node is told to run the worker; that of this checkout when left out. */
  readonly workerCommand?: readonly string[];
}

export interface Site {
  /** The settings of a worker that say where everything is; not its key and its port. */
  readonly world: Readonly<Record<string, string>>;
  readonly venue: BinanceSimulator;
  readonly gateway: Gateway;
  /** As a superuser. */
  readonly admin: pg.Pool;
  readonly setClock: (at: number) => void;
  /** Resolves when the worker serves, or was killed because a job waited for it. */
  readonly startWorker: (settings?: Readonly<Record<string, string>>) => Promise<WorkerProcess>;
  /** Seals the account's keys to the worker and hands them in, as an owner and a gateway do. */
  readonly handIn: (credentials?: Scenario['credentials']) => Promise<void>;
  /** Waits until `hour` is the last signed one and no job of an account is left. */
  readonly untilSigned: (hour: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openSite(options: SiteOptions): Promise<Site> {
  const { scenario, database, masterKey } = options;
  const directory = mkdtempSync(join(tmpdir(), 'track-record-site-'));
  const clockFile = join(directory, 'clock');
  let { now } = options;
  const setClock = (at: number): void => {
    now = at;
    writeFileSync(clockFile, String(at));
  };
  setClock(now);
  const venue = await startBinanceSimulator({ scenario, now: () => now, limits: NO_LIMITS });
  const gateway = createGateway({ databaseUrl: database.urlFor('gateway') });
  const admin = new pg.Pool({ connectionString: database.url, max: 2 });
  // The end of the database may overtake the end of an idle connection to it.
  admin.on('error', () => undefined);
  if (masterKey !== null) await fixRecordRoot(admin, masterKey);
  const workers: WorkerProcess[] = [];
  const world = {
    DATABASE_URL: database.urlFor('enclave_worker'),
    DEVELOPMENT_VENUE_EGRESS: `127.0.0.1:${venue.port}`,
    DEVELOPMENT_CLOCK_FILE: clockFile,
  };
  return {
    world,
    venue,
    gateway,
    admin,
    setClock,
    startWorker: async (settings = {}) => {
      const worker = startWorkerProcess(
        {
          ...world,
          ...(masterKey === null ? {} : { ENCRYPTION_KEY: masterKey }),
          ENCLAVE_PORT: String(await freePort()),
          ...settings,
        },
        join(directory, 'worker.log'),
        options.workerCommand,
      );
      workers.push(worker);
      const isKilled = (): boolean => worker.child.signalCode === 'SIGKILL';
      await until(() => isKilled() || worker.log().includes('"event":"started"'), worker);
      return worker;
    },
    handIn: async (credentials = scenario.credentials) => {
      assert(masterKey !== null, 'nobody here knows what to seal to');
      const identity = { accountId: ACCOUNT, ownerId: OWNER, venue: 'binance' };
      await gateway.connectAccount({
        ...identity,
        sealedCredentials: await sealedTo(masterKey, { ...identity, fields: { ...credentials } }),
        historyFrom: scenario.start,
        disclosure: AT_ONCE,
      });
    },
    untilSigned: (hour) =>
      until(async () => {
        await hurryRetries(admin);
        const status = await gateway.status(ACCOUNT);
        return status?.lastHourMs === hour && (await openJobs(admin)) === 0;
      }, workers.at(-1)),
    close: async () => {
      for (const worker of workers) await worker.stop();
      await gateway.close();
      await admin.end();
      await venue.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Waits for the process to end by itself; true when a SIGKILL ended it. */
export async function wasKilled({ child }: WorkerProcess): Promise<boolean> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode === 'SIGKILL';
}

/** Lets the queue's time pass: the claims of a dead worker ran out long ago. */
export async function expireClaims(admin: pg.Pool): Promise<void> {
  await admin.query(
    `update pgboss.job_common set heartbeat_on = now() - interval '1 hour' where state = 'active'`,
  );
}

/** Lets the queue's time pass: the wait before the next attempt is over. */
async function hurryRetries(admin: pg.Pool): Promise<void> {
  await admin.query(
    `update pgboss.job_common set start_after = now()
     where state = 'retry' and start_after > now()`,
  );
}

async function openJobs(admin: pg.Pool): Promise<number> {
  const found = await admin.query(
    `select from pgboss.job_common where state < 'completed' and name ~ '-account'`,
  );
  return found.rows.length;
}

async function sealedTo(
  masterKey: string,
  intake: Parameters<typeof sealIntake>[1],
): Promise<Uint8Array> {
  const { publicKey } = await intakeKeyPair(fixedRecordRoot(masterKey).intakeSeed());
  return await sealIntake(publicKey, intake);
}

/** Fails with what the worker printed when the condition does not come true. */
async function until(
  condition: () => boolean | Promise<boolean>,
  worker: WorkerProcess | undefined,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    const hasEnded = typeof worker?.child.exitCode === 'number';
    if (hasEnded || Date.now() > deadline) {
      throw new Error(`It did not come about:\n${worker?.log()}`);
    }
    await wait(POLL_MS);
  }
}
