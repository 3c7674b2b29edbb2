// Everything the demo needs running: PostgreSQL, the simulated venue, the worker process, and a
// gateway's and an operator's view of them. The clock is a file, so that hours pass when the demo
// says so.

import assert from 'node:assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createGateway, type Gateway } from '@track-record/gateway';
import { connectRpc, type RpcClient } from '@track-record/rpc/client';
import { migrate } from '@track-record/store';
import { createLogins, startEmbeddedPostgres } from '@track-record/store/embedded';
import { startBinanceSimulator } from '../binance/simulator.ts';
import { buildScenario, type Scenario } from '../scenario/build-scenario.ts';

export interface StageOptions {
  readonly directory: string;
  readonly start: number;
  readonly hours: number;
  readonly fills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface Stage {
  readonly directory: string;
  readonly certificateFile: string;
  readonly scenario: Scenario;
  readonly gateway: Gateway;
  readonly rpc: RpcClient;
  readonly operatorUrl: string;
  readonly gatewayUrl: string;
  readonly endpoint: string;
  readonly workerPid: number;
  readonly venueRequests: () => number;
  readonly setClock: (at: number) => void;
  /** Everything the worker printed. */
  readonly workerLog: () => string;
  readonly close: () => Promise<void>;
}

const START_PATIENCE_MS = 30_000;
const POLL_MS = 50;
const RPC_DEADLINE_MS = 30_000;

export async function openStage(options: StageOptions): Promise<Stage> {
  const { directory, say } = options;
  mkdirSync(directory, { recursive: true });
  const clockFile = join(directory, 'clock');
  const certificateFile = join(directory, 'enclave.pem');
  let now = options.start;
  const setClock = (at: number): void => {
    now = at;
    writeFileSync(clockFile, String(at));
  };
  setClock(now);

  const { postgres, logins } = await openDatabase(directory);
  say(`PostgreSQL   port ${postgres.port}, durable, in ${directory}/postgres`);
  const { seed, start, hours, fills } = options;
  const scenario = buildScenario({ seed, start, hours, fills, markers: true });
  const venue = await startBinanceSimulator({
    scenario,
    now: () => now,
    // The limits are per minute: they follow the hours that pass and the seconds that we wait.
    limitClock: () => now + performance.now(),
    credentials: scenario.credentials,
  });
  say(
    `Venue        port ${venue.port}, speaks Binance's protocol, ${scenario.events.length} events`,
  );
  const port = await freePort();
  const worker = startWorkerProcess(
    {
      ENCLAVE_MODE: 'development',
      DATABASE_URL: logins.enclave_worker,
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      ENCLAVE_PORT: String(port),
      ENCLAVE_CERTIFICATE_FILE: certificateFile,
      DEVELOPMENT_VENUE_EGRESS: `127.0.0.1:${venue.port}`,
      DEVELOPMENT_CLOCK_FILE: clockFile,
    },
    join(directory, 'worker.log'),
  );
  const endpoint = `127.0.0.1:${port}`;
  const rpc = await connectWhenServing(endpoint, certificateFile, worker);
  say(`Worker       process ${worker.child.pid}, gRPC over TLS 1.3 on port ${port}`);
  const gateway = createGateway({ databaseUrl: logins.gateway });
  return {
    directory,
    certificateFile,
    scenario,
    gateway,
    rpc,
    endpoint,
    operatorUrl: logins.operator,
    gatewayUrl: logins.gateway,
    workerPid: worker.child.pid ?? 0,
    venueRequests: () => [...venue.requests.values()].reduce((sum, count) => sum + count, 0),
    setClock,
    workerLog: worker.log,
    close: async () => {
      rpc.close();
      await gateway.close();
      await worker.stop();
      await venue.close();
      await postgres.stop();
    },
  };
}

async function openDatabase(directory: string) {
  const postgres = await startEmbeddedPostgres({
    directory: join(directory, 'postgres'),
    durable: true,
    random: randomBytes,
  });
  await migrate(postgres.url);
  return { postgres, logins: await createLogins(postgres.url, randomBytes) };
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** What Node is told to run the worker of this checkout. */
const FROM_SOURCE: readonly string[] = [
  '--conditions=@track-record/source',
  join(import.meta.dirname, '../../../worker/src/main.ts'),
];

/**
 * The worker as `pnpm worker` starts it, with nothing of this process's environment but PATH; or
 * another one by what Node is told to run it.
 */
export function startWorkerProcess(
  settings: Readonly<Record<string, string>>,
  logFile: string,
  command = FROM_SOURCE,
): WorkerProcess {
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env['PATH'] ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      log += data.toString('utf8');
      appendFileSync(logFile, data);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    child,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function connectWhenServing(
  endpoint: string,
  certificateFile: string,
  worker: WorkerProcess,
): Promise<RpcClient> {
  const deadline = Date.now() + START_PATIENCE_MS;
  while (!existsSync(certificateFile)) {
    if (worker.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`The worker did not start:\n${worker.log()}`);
    }
    await wait(POLL_MS);
  }
  const rpc = await connectRpc({
    endpoint,
    trust: { rootCertificatePem: readFileSync(certificateFile, 'utf8') },
    deadlineMs: RPC_DEADLINE_MS,
  });
  // The certificate is there a moment before the port is.
  for (;;) {
    const isServing = await rpc.isServing('').catch((error: unknown) => error);
    if (isServing === true) return rpc;
    if (worker.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`The worker does not serve: ${String(isServing)}\n${worker.log()}`);
    }
    await wait(POLL_MS);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      assert(address !== null && typeof address === 'object');
      server.close(() => resolve(address.port));
    });
  });
}
