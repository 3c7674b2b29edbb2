// `pnpm worker`: reads the configuration, finds or (in development) makes its database and key, starts the
// worker, and stops it on SIGTERM or SIGINT. The only file that reads the environment.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, RecordError } from '@track-record/errors';
import { createLogins, migrate } from '@track-record/store';
import { fileClock, systemClock, type Clock } from './clock.ts';
import { parseConfig, type Config } from './config.ts';
import { jsonLines, type Log } from './log.ts';
import { loadMasterKey } from './master-key.ts';
import { startWorker } from './worker.ts';

const EXIT_REFUSED = 1;

await main();

async function main(): Promise<void> {
  let log = jsonLines(systemClock, (line) => process.stdout.write(line));
  try {
    const config = parseConfig(process.env);
    const clock = clockOf(config);
    log = jsonLines(clock, (line) => process.stdout.write(line));
    const database = await openDatabase(config, log);
    const worker = await startWorker({
      config,
      clock,
      log,
      databaseUrl: database.url,
      master: loadMasterKey(config, random, log),
      step: (step) => killAt(config, step),
      onBug: (error) => showBug(config, error),
    });
    await stopSignal();
    await worker.stop();
    await database.stop();
  } catch (error) {
    const place = error instanceof RecordError && error.place !== null ? error.place : undefined;
    log('start-refused', {
      code: codeOf(error),
      ...(place === undefined ? {} : { place }),
    });
    process.exitCode = EXIT_REFUSED;
  }
}

interface OpenDatabase {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The configured database, or in development the embedded one, migrated and with a login of its own. */
async function openDatabase(config: Config, log: Log): Promise<OpenDatabase> {
  if (config.DATABASE_URL !== undefined) {
    return { url: config.DATABASE_URL, stop: async () => undefined };
  }
  if (config.ENCLAVE_MODE === 'production') {
    throw new RecordError('CONFIG_INVALID', { place: 'DATABASE_URL' });
  }
  const { startEmbeddedPostgres } = await import('@track-record/store/embedded');
  const directory = join(config.DEVELOPMENT_DATA_DIRECTORY, 'postgres');
  const postgres = await startEmbeddedPostgres({ directory, durable: true, random });
  log('database-embedded', { port: postgres.port });
  await migrate(postgres.url);
  const logins = await createLogins(postgres.url, random);
  return { url: logins.enclave_worker, stop: postgres.stop };
}

function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(randomBytes(sizeBytes));
}

function clockOf(config: Config): Clock {
  const file = config.ENCLAVE_MODE === 'development' ? config.DEVELOPMENT_CLOCK_FILE : undefined;
  return file === undefined ? systemClock : fileClock(file);
}

/** Crash tests in development: the process ends here as if the power had failed. */
function killAt(config: Config, step: string): void {
  if (config.ENCLAVE_MODE === 'development' && config.DEVELOPMENT_KILL_AT_STEP === step) {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** A bug is shown to its developer and to nobody else: a stack may carry a venue's answer. */
function showBug(config: Config, error: unknown): void {
  if (config.ENCLAVE_MODE === 'development') console.error(error);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
