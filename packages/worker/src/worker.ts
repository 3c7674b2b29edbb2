// The composition root: opens the store, proves the master key, starts the queues and the door, and
// stops them again. Nothing is served before everything that could refuse the start has been asked.

import { randomBytes } from 'node:crypto';
import type { TrustAnchors } from '@track-record/attestation/trust-anchors';
import type { TsmFiles } from '@track-record/attestation/obtain';
import { RecordError } from '@track-record/errors';
import type { RouteContext } from '@track-record/jobs/context';
import type { MasterKey, RecordRoot } from '@track-record/sealing';
import { intakeKeyPair } from '@track-record/sealing/intake';
import { signingKeyFromSeed } from '@track-record/statement';
import { logSignerFromSeed, type LogSigner } from '@track-record/statement/log/signer';
import { checkSchema, openStore, storeFailure, type Database } from '@track-record/store';
import type { Kysely } from 'kysely';
import { PgBoss } from 'pg-boss';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { startDoor } from './door.ts';
import { bindingOf, openEvidence } from './evidence.ts';
import type { Log } from './log.ts';
import { openLogDesk } from './log-desk.ts';
import { loadMasterKey } from './master-key.ts';
import { logQueue, reconcileQueues, servedQueues } from './queues.ts';
import { loadRecordRoot, resealRoots } from './record-root.ts';
import { failureCode, serveQueues, type RouteRooms } from './serve-queue.ts';
import { handOverOf, loadSuccession } from './succession.ts';
import { createTlsIdentity } from './tls-identity.ts';
import { unseal } from './unseal.ts';
import { startVenues } from './venues.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** The kernel's, or a test's. */
  readonly tsmFiles: TsmFiles;
  /** A test's, or null for AMD's: who may vouch for an enclave that asks for the master key. */
  readonly trustAnchors: TrustAnchors | null;
  /** Of the deployed tree that runs here; empty in a checkout. */
  readonly codeSha256: () => Promise<Uint8Array>;
  /** Aborts when the process is told to end: also ends a wait for the master key. */
  readonly stopping: AbortSignal;
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

/** pg-boss's own pool: claims, settles and its supervisor. */
const BOSS_CONNECTIONS = 4;
/** A dead worker's job is found this long after its heartbeat ran out; a pass costs 25 ms. */
const MONITOR_SECONDS = 5;
/** A running job is aborted after this long at a stop, and handed back. */
const STOP_ABORT_MS = 20_000;
const SERIAL_SIZE = 16;

/**
 * STORE_UNAVAILABLE, STORE_SCHEMA_UNEXPECTED, CONFIG_INVALID, ATTESTATION_UNAVAILABLE,
 * ATTESTATION_DISABLED; KEY_SOURCE_UNAVAILABLE and what `unseal` and `loadRecordRoot` refuse.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { config, clock, log } = options;
  log('starting');
  const store = openStore(config.DATABASE_URL, { connectionsMax: config.WORKER_CONNECTIONS });
  /** What a stop or a refused start has to end, in this order. */
  const ends: (() => Promise<void>)[] = [store.close];
  const endAll = async (): Promise<void> => {
    for (const end of ends) await end();
  };
  try {
    const succession = await loadSuccession(config);
    const given = succession === null ? loadMasterKey(config) : null;
    await checkSchema(store.db);
    const tls = await createTlsIdentity(clock(), random(SERIAL_SIZE));
    const identity = { tls, codeSha256: await options.codeSha256(), succession };
    const door = startDoor(options, tls);
    ends.unshift(door.stop);
    const master = given ?? (await unseal(options, identity, door, store.db, random));
    const root = await loadRecordRoot(store.db, master, random);
    ends.push(async () => [master, root].forEach((key) => key.wipe()));
    const venues = await startVenues(options);
    ends.unshift(venues.stop);
    const rooms = await routeRooms(options, store.db, master, root, venues.venues);
    const desk = openLogDesk(await logSignerOf(root), config.WORKER_CHECKPOINT_DIRECTORY);
    const binding = bindingOf(config, identity, {
      logPublicKey: desk.signer.publicKey,
      intakePublicKey: rooms.intake.publicKey,
      statementPublicKey: rooms.signingKey.publicKey,
    });
    const evidence = await openEvidence(options, binding);
    ends.unshift(async () => evidence.stop());
    const boss = await startBoss(options);
    ends.unshift(() => boss.stop({ graceful: false }));
    const queues = [...servedQueues(rooms.venues.keys()), logQueue(desk)];
    await reconcileQueues(boss, queues);
    const handOver = await handOverOf(options, succession, evidence.bytes(), master);
    const port = await door.offer({
      isSealed: false,
      evidence,
      signNonce: rooms.signingKey.signNonce,
      queue: () => answers(boss.schemaVersion()),
      submitShare: () => Promise.reject(new RecordError('UNSEAL_SHARE_REFUSED', { place: 'key' })),
      handOver,
    });
    const stopServing = serveQueues(queues, boss, rooms, options);
    // While jobs run: each row opens under one of the two keys at every instant.
    const resealing = resealRoots(store.db, master, random).catch((error: unknown) =>
      log('loop-failed', { code: failureCode(error) }),
    );
    ends.unshift(async () => {
      await Promise.all([resealing, stopServing(STOP_ABORT_MS)]);
    });
    log('started', { port });
    return {
      port,
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

function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(randomBytes(sizeBytes));
}

async function routeRooms(
  options: WorkerOptions,
  db: Kysely<Database>,
  master: MasterKey,
  root: RecordRoot,
  venues: RouteRooms['venues'],
): Promise<RouteRooms> {
  const { config } = options;
  const intakeSeed = root.intakeSeed();
  const signingSeed = root.statementSigningSeed();
  try {
    return {
      db,
      master,
      root,
      venues,
      random,
      now: options.clock,
      step: options.step,
      egress:
        config.ENCLAVE_MODE === 'development' ? (config.DEVELOPMENT_VENUE_EGRESS ?? null) : null,
      intake: await intakeKeyPair(intakeSeed),
      signingKey: await signingSeed.open((seed) => signingKeyFromSeed(seed)),
    };
  } finally {
    intakeSeed.wipe();
    signingSeed.wipe();
  }
}

async function logSignerOf(root: RecordRoot): Promise<LogSigner> {
  const seed = root.logSigningSeed();
  return await seed.open(logSignerFromSeed).finally(() => seed.wipe());
}

/** Whether what was asked came back; why it did not is the log's matter. */
async function answers(question: Promise<unknown>): Promise<boolean> {
  return question.then(
    () => true,
    () => false,
  );
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
