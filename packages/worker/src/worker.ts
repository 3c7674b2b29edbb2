// The composition root: opens the store, proves the master key, starts the queues and the door, and
// stops them again. Nothing is served before everything that could refuse the start has been asked.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { TsmFiles } from '@track-record/attestation/obtain';
import { codeOf, RecordError, type Code } from '@track-record/errors';
import type { RouteContext } from '@track-record/jobs/context';
import { recordFailure } from '@track-record/jobs/failure';
import { accountId } from '@track-record/jobs/queue';
import { startRpcServer, type RpcServer } from '@track-record/rpc';
import type { MasterKey } from '@track-record/sealing';
import { intakeKeyPair } from '@track-record/sealing/intake';
import { signingKeyFromSeed } from '@track-record/statement';
import { checkSchema, openStore, storeFailure, type Database } from '@track-record/store';
import { loadVenues } from '@track-record/venues';
import type { Kysely } from 'kysely';
import { PgBoss } from 'pg-boss';
import { startClaimLoop, type ClaimLoop } from './claim-loop.ts';
import type { Clock } from './clock.ts';
import { ownCodeSha256 } from './code-digest.ts';
import type { Config } from './config.ts';
import { enqueueInto } from './enqueue.ts';
import { bindingOf, openEvidence, type ServedEvidence } from './evidence.ts';
import type { Log } from './log.ts';
import { proveMasterKey } from './prove-master-key.ts';
import { reconcileQueues, servedQueues, type ServedQueue } from './queues.ts';
import { rpcSources } from './rpc-sources.ts';
import { isFinal, settleFailure, settleSuccess, type Job } from './settle.ts';
import { createTlsIdentity, type TlsIdentity } from './tls-identity.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly master: MasterKey;
  readonly clock: Clock;
  readonly log: Log;
  /** The kernel's, or a test's. */
  readonly tsmFiles: TsmFiles;
  /** Called at each step of a route: crash tests end the process there. */
  readonly step: RouteContext['step'];
  /**
   * Given what was no expected failure. It may quote anything: production keeps it in the process.
   */
  readonly onBug: (error: unknown) => void;
}

export interface Worker {
  readonly port: number;
  /** Finishes or hands back what is running, then closes everything. */
  readonly stop: () => Promise<void>;
}

type RouteRooms = Omit<RouteContext, 'signal' | 'settle' | 'enqueue'>;

/** pg-boss's own pool: claims, settles and its supervisor. */
const BOSS_CONNECTIONS = 4;
const POLL_MS = 500;
/** A dead worker's job is found this long after its heartbeat ran out; a pass costs 25 ms. */
const MONITOR_SECONDS = 5;
/** A running job is aborted after this long at a stop, and handed back. */
const STOP_ABORT_MS = 20_000;
/** Running calls may end in this time at a stop. */
const DOOR_GRACE_MS = 2_000;
const SERIAL_SIZE = 16;

/**
 * STORE_UNAVAILABLE, STORE_SCHEMA_UNEXPECTED, KEY_UNKNOWN, CONFIG_INVALID, ATTESTATION_UNAVAILABLE,
 * ATTESTATION_DISABLED.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { config, log, master } = options;
  log('starting');
  const store = openStore(config.DATABASE_URL, { connectionsMax: config.WORKER_CONNECTIONS });
  /** What a stop or a refused start has to end, in this order. */
  const ends: (() => Promise<void>)[] = [store.close];
  const endAll = async (): Promise<void> => {
    for (const end of ends) await end();
    master.wipe();
  };
  try {
    await checkSchema(store.db);
    await proveMasterKey(store.db, master, random);
    const rooms = await routeRooms(options, store.db);
    const tls = await createTlsIdentity(options.clock(), random(SERIAL_SIZE));
    const binding = bindingOf(config, rooms, tls, await ownCodeSha256());
    const evidence = await openEvidence(options, binding);
    ends.unshift(async () => evidence.stop());
    const boss = await startBoss(options);
    ends.unshift(() => boss.stop({ graceful: false }));
    const queues = servedQueues(rooms.venues.keys());
    await reconcileQueues(boss, queues);
    const door = await openDoor(options, rooms, boss, tls, evidence);
    const loops = queues.map((queue) => startLoop(queue, boss, rooms, options));
    ends.unshift(
      () => door.stop(DOOR_GRACE_MS),
      async () => {
        await Promise.all(loops.map((loop) => loop.stop(STOP_ABORT_MS)));
      },
    );
    log('started', { port: door.port });
    return {
      port: door.port,
      stop: async () => {
        log('stopping');
        await endAll();
        log('stopped');
      },
    };
  } catch (error) {
    await endAll();
    throw storeFailure(error);
  }
}

async function openDoor(
  { config, log, onBug }: WorkerOptions,
  rooms: RouteRooms,
  boss: PgBoss,
  tls: TlsIdentity,
  evidence: ServedEvidence,
): Promise<RpcServer> {
  const certificateFile = config.ENCLAVE_CERTIFICATE_FILE;
  if (certificateFile !== undefined) {
    await tryingSetting('ENCLAVE_CERTIFICATE_FILE', () =>
      writeFileSync(certificateFile, tls.certificatePem),
    );
  }
  const sources = rpcSources(rooms, boss, tls, evidence);
  return tryingSetting('ENCLAVE_PORT', () =>
    startRpcServer({
      host: config.ENCLAVE_HOST,
      port: config.ENCLAVE_PORT,
      tls,
      sources,
      onBug: (_method, error) => {
        log('call-failed', { code: 'INTERNAL' });
        onBug(error);
      },
    }),
  );
}

/** What this machine refuses (a port in use, a folder that is not there) is a wrong setting. */
async function tryingSetting<T>(place: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new RecordError('CONFIG_INVALID', { cause, place });
  }
}

function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(randomBytes(sizeBytes));
}

async function routeRooms(options: WorkerOptions, db: Kysely<Database>): Promise<RouteRooms> {
  const { config, master } = options;
  const intakeSeed = master.intakeSeed();
  const signingSeed = master.statementSigningSeed();
  try {
    return {
      db,
      master,
      venues: await loadVenues(config.WORKER_VENUES),
      random,
      now: options.clock,
      step: options.step,
      intake: await intakeKeyPair(intakeSeed),
      signingKey: await signingSeed.open((seed) => signingKeyFromSeed(seed)),
      egress:
        config.ENCLAVE_MODE === 'development' ? (config.DEVELOPMENT_VENUE_EGRESS ?? null) : null,
    };
  } finally {
    intakeSeed.wipe();
    signingSeed.wipe();
  }
}

async function startBoss({ config, log }: WorkerOptions): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: config.DATABASE_URL,
    application_name: 'track-record-queue',
    max: BOSS_CONNECTIONS,
    migrate: false,
    createSchema: false,
    supervise: true,
    // A queue is looked at when both have passed; the first one is 60 unless said.
    superviseIntervalSeconds: MONITOR_SECONDS,
    monitorIntervalSeconds: MONITOR_SECONDS,
    schedule: true,
    // Host name, process id and memory figures of the enclave stay inside.
    registerInstance: false,
    reindex: false,
  });
  boss.on('error', (error) => log('loop-failed', { code: failureCode(error) }));
  await boss.start();
  return boss;
}

function startLoop(
  queue: ServedQueue,
  boss: PgBoss,
  rooms: RouteRooms,
  options: WorkerOptions,
): ClaimLoop {
  const { log, clock } = options;
  return startClaimLoop({
    boss,
    queue: queue.name,
    slots: options.config.WORKER_SLOTS,
    pollMs: POLL_MS,
    run: async (job, signal) => {
      const started = clock();
      await queue.run(job.data, {
        ...rooms,
        signal,
        settle: async (trx, output) => settleSuccess(boss, job, trx, output),
        enqueue: enqueueInto(boss),
      });
      log('job-done', { queue: queue.name, jobId: job.id, ms: clock() - started });
    },
    settleFailure: async (job, error) => {
      const code = await settleFailure(boss, rooms.db, job, expectedFailure(error));
      if (code === 'INTERNAL') options.onBug(error);
      log('job-failed', { queue: queue.name, jobId: job.id, attempt: job.retryCount, code });
      const named = accountIdOf(job);
      if (named !== null) {
        await recordFailure(rooms.db, named, code, isFinal(code, job), clock());
      }
    },
    onLoopFailure: (name, error) => log('loop-failed', { queue: name, code: failureCode(error) }),
  });
}

/** A failure of the database becomes its code; a bug stays what it is and becomes INTERNAL. */
function expectedFailure(error: unknown): unknown {
  try {
    return storeFailure(error);
  } catch (bug) {
    return bug;
  }
}

function failureCode(error: unknown): Code {
  const failure = expectedFailure(error);
  return codeOf(failure);
}

/**
 * The payload is untrusted: only a job that names an account in the form of an id has a status to
 * keep.
 */
function accountIdOf({ data }: Job): string | null {
  if (typeof data !== 'object' || data === null || !('accountId' in data)) return null;
  return accountId.safeParse(data.accountId).data ?? null;
}
