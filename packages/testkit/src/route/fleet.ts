// Several accounts, several workers, one venue and one database, each of which can fail while the
// others go on: what a chaos test and a restart drill stand on. The database is reached through a
// port of this process, so that a server that was restarted is found again. Outside the trusted
// base.

import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as requestHttp } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createGateway, type Gateway } from '@track-record/gateway';
import { intakeKeyPair, sealIntake } from '@track-record/sealing/intake';
import { migrate } from '@track-record/store';
import {
  createLogins,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@track-record/store/embedded';
import pg from 'pg';
import { startBinanceSimulator } from '../binance/simulator.ts';
import { freePort, startWorkerProcess, type WorkerProcess } from '../demo/stage.ts';
import { fixedRecordRoot, fixRecordRoot } from '../postgres/record-root.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { AT_ONCE, NO_LIMITS } from './site.ts';

const SEED = 23;
const FILLS = 30;
const PATIENCE_MS = 60_000;
const POLL_MS = 100;
/** How often the schedule's minute passes here. */
const TICK_MS = 400;
const KEY_LENGTH = 64;
const QUEUE = 'sync-account.binance';

export interface FleetOptions {
  readonly accounts: number;
  readonly start: number;
  readonly hours: number;
  /** 64 hex digits. */
  readonly masterKey: string;
  readonly now: number;
  /** Of each worker's queues. */
  readonly slots?: number;
  /** For an hour of all accounts. */
  readonly patienceMs?: number;
}

export interface Fleet {
  readonly admin: pg.Pool;
  readonly operatorUrl: string;
  readonly setClock: (at: number) => void;
  readonly startWorker: () => Promise<WorkerProcess>;
  /** Seals every account's keys and hands them in. */
  readonly handInAll: () => Promise<void>;
  /** Kills the server as if the power had failed, and starts it again. */
  readonly restartDatabase: () => Promise<void>;
  /** While it is out, the venue breaks off every connection. */
  readonly setVenueOut: (isOut: boolean) => void;
  /** A job that no producer would make: without the queue's policy, and as often as asked. */
  readonly inventJobs: (hours: readonly number[]) => Promise<void>;
  /**
   * Waits until `hour` is every account's last signed one; the queue's own time passes quickly
   * unless it is left alone.
   */
  readonly untilSigned: (hour: number, leftAlone?: 'left alone') => Promise<void>;
  /** Everything that was published, in order. */
  readonly published: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { masterKey } = options;
  const directory = mkdtempSync(join(tmpdir(), 'track-record-fleet-'));
  const clockFile = join(directory, 'clock');
  let { now } = options;
  const setClock = (at: number): void => {
    now = at;
    writeFileSync(clockFile, String(at));
  };
  setClock(now);
  const venue = await openVenue(options, () => now);
  const database = await openDatabase(join(directory, 'postgres'));
  const admin = new pg.Pool({ connectionString: database.urls.owner, max: 2 });
  admin.on('error', () => undefined);
  await fixRecordRoot(admin, masterKey);
  await admin.query(NO_ALLOWANCE);
  const gateway = createGateway({ databaseUrl: database.urls.gateway });
  const workers: WorkerProcess[] = [];
  const shared = {
    DATABASE_URL: database.urls.enclave_worker,
    ENCRYPTION_KEY: masterKey,
    DEVELOPMENT_VENUE_EGRESS: `127.0.0.1:${venue.port}`,
    DEVELOPMENT_CLOCK_FILE: clockFile,
    WORKER_SLOTS: String(options.slots ?? 2),
  };
  return {
    admin,
    operatorUrl: database.urls.operator,
    setClock,
    setVenueOut: venue.setOut,
    restartDatabase: database.restart,
    startWorker: async () => {
      const settings = { ...shared, ENCLAVE_PORT: String(await freePort()) };
      const worker = startWorkerProcess(settings, join(directory, 'worker.log'));
      workers.push(worker);
      await until(() => worker.log().includes('"event":"started"'), workers);
      return worker;
    },
    handInAll: () => handInAll(gateway, options),
    inventJobs: async (hours) => {
      for (const hour of hours) await admin.query(INVENTED_JOBS, [new Date(hour).toISOString()]);
    },
    untilSigned: async (hour, leftAlone) => {
      let tickedAt = leftAlone === undefined ? 0 : Infinity;
      const isSigned = async (): Promise<boolean> => {
        if (Date.now() - tickedAt > TICK_MS) {
          tickedAt = Date.now();
          for (const step of PASSING_TIME) await admin.query(step);
        }
        return (await countBehind(admin, hour, options.accounts)) === 0;
      };
      await until(isSigned, workers, options.patienceMs);
    },
    published: async () => {
      const found = await admin.query<{ row: string }>(PUBLISHED);
      return found.rows.map(({ row }) => row);
    },
    close: async () => {
      for (const { child } of workers) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      await gateway.close();
      await admin.end();
      await venue.close();
      await database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/**
 * What minutes do, in less: dead claims run out, waits are over, and the schedule ticks. The sweep
 * is pg-boss's own; the worker that lives does it within seconds.
 */
const PASSING_TIME = [
  `update pgboss.job_common set start_after = now() where state = 'retry' and start_after > now()`,
  `insert into pgboss.job_common (id, name, data, policy, retry_limit, expire_seconds, keep_until,
     deletion_seconds, dead_letter, heartbeat_seconds)
   select gen_random_uuid(), name, '{}', policy, retry_limit, expire_seconds,
     now() + interval '1 hour', deletion_seconds, dead_letter, heartbeat_seconds
   from pgboss.queue where name = 'dispatch-hourly' on conflict do nothing`,
];

const INVENTED_JOBS = `insert into pgboss.job_common (id, name, data, keep_until)
  select gen_random_uuid(), '${QUEUE}',
    jsonb_build_object('accountId', account_id, 'hour', $1::text), now() + interval '1 hour'
  from record.account`;

/** Hours pass in seconds here: what a venue allows in a minute would be used up. */
const NO_ALLOWANCE = `insert into record.venue_allowance
  (venue, egress, per_minute, burst, tokens, cost) values ('binance', 'shared', 1e9, 1e9, 1e9, 1)`;

/** Accounts without the hour, and jobs of accounts that are not over. */
const BEHIND = `select ($2 - (select count(*) from record.account_status where last_hour = $1)
  + (select count(*) from pgboss.job_common where state < 'completed' and name ~ '-account'))::int
  as behind`;

const PUBLISHED = `select row(statement.account_id, statement.sequence, statement.hour, body, hash,
    previous, signature, key_id, restates, status, reason, return, coverage, provenance)::text
    as row
  from record.statement join record.hourly_return using (account_id, sequence)
  order by statement.account_id, statement.sequence`;

async function countBehind(admin: pg.Pool, hour: number, accounts: number): Promise<number> {
  const found = await admin.query<{ behind: number }>(BEHIND, [new Date(hour), accounts]);
  return found.rows[0]?.behind ?? accounts;
}

async function handInAll(gateway: Gateway, options: FleetOptions): Promise<void> {
  const { publicKey } = await intakeKeyPair(fixedRecordRoot(options.masterKey).intakeSeed());
  for (let index = 0; index < options.accounts; index += 1) {
    // An owner each: what a statement says of an owner's accounts depends on who came first.
    const [accountId, ownerId] = [accountIdOf(index), accountIdOf(index, 'f')];
    const identity = { accountId, ownerId, venue: 'binance' };
    const fields = credentialsOf(index);
    const sealedCredentials = await sealIntake(publicKey, { ...identity, fields });
    const request = { ...identity, sealedCredentials, historyFrom: options.start };
    await gateway.connectAccount({ ...request, disclosure: AT_ONCE });
  }
}

export async function expireClaims(admin: pg.Pool): Promise<void> {
  await admin.query(
    `update pgboss.job_common set heartbeat_on = now() - interval '1 hour' where state = 'active'`,
  );
}

function accountIdOf(index: number, kind = '0'): string {
  return `00000000-0000-4000-8000-${kind}${String(index + 1).padStart(11, '0')}`;
}

function credentialsOf(index: number): { apiKey: string; secret: string } {
  const apiKey = `fleet${index}`.padEnd(KEY_LENGTH, 'k');
  return { apiKey, secret: `fleet${index}`.padEnd(KEY_LENGTH, 's') };
}

/**
 * One simulator for each account, and in front of them one port that tells them apart by their key;
 * what needs no key is the same at all of them, because prices follow from the seed.
 */
async function openVenue({ accounts, start, hours }: FleetOptions, now: () => number) {
  const simulators = await Promise.all(
    Array.from({ length: accounts }, async (_, index) => {
      const scenario = buildScenario({ seed: SEED, start, hours, fills: FILLS + index });
      const credentials = credentialsOf(index);
      return await startBinanceSimulator({ scenario, now, credentials, limits: NO_LIMITS });
    }),
  );
  let isOut = false;
  const server = createHttpServer((request, response) => {
    if (isOut) return void request.destroy();
    const key = String(request.headers['x-mbx-apikey'] ?? '');
    const index = simulators.findIndex((_, each) => credentialsOf(each).apiKey === key);
    const { port } = simulators[Math.max(index, 0)] ?? { port: 0 };
    const { method, url: path, headers } = request;
    const onward = requestHttp({ host: '127.0.0.1', port, method, path, headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  const port = await listen(server);
  return {
    port,
    setOut: (out: boolean) => {
      isOut = out;
      if (out) server.closeAllConnections();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      for (const simulator of simulators) await simulator.close();
    },
  };
}

async function openDatabase(directory: string) {
  const options = { directory, durable: true, random: randomBytes };
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres(options);
  await migrate(postgres.url);
  const logins = await createLogins(postgres.url, randomBytes);
  const open = new Set<Socket>();
  const door = createServer((socket) => {
    const onward = connect(postgres.port, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  const port = await listen(door);
  const throughDoor = (text: string): string => {
    const url = new URL(text);
    url.port = String(port);
    return url.href;
  };
  return {
    urls: {
      owner: throughDoor(postgres.url),
      enclave_worker: throughDoor(logins.enclave_worker),
      gateway: throughDoor(logins.gateway),
      operator: throughDoor(logins.operator),
    },
    restart: async () => {
      const [pid] = readFileSync(join(postgres.dataDirectory, 'postmaster.pid'), 'utf8').split(
        '\n',
      );
      // PostgreSQL's immediate shutdown: nothing is written, the next start recovers from its log.
      process.kill(Number(pid), 'SIGQUIT');
      postgres = await startEmbeddedPostgres(options);
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      door.close();
      await postgres.stop();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      assert(address !== null && typeof address === 'object');
      resolve(address.port);
    });
  });
}

/** A question that fails is asked again: the database may be away. */
async function until(
  condition: () => boolean | Promise<boolean>,
  workers: readonly WorkerProcess[],
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const state = await Promise.resolve()
      .then(condition)
      .catch((error: unknown) => error);
    if (state === true) return;
    if (Date.now() > deadline) {
      const logs = workers.map((worker) => worker.log().slice(-3_000));
      throw new Error(`It did not come about: ${String(state)}\n${logs.join('\n')}`);
    }
    await wait(POLL_MS);
  }
}
