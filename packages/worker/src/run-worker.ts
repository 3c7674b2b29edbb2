// One life of the worker: reads the configuration, starts the worker, and stops it on SIGTERM or
// SIGINT.

import { codeOf, RecordError } from '@track-record/errors';
import { fileClock, systemClock, type Clock } from './clock.ts';
import { parseConfig, type Config } from './config.ts';
import { jsonLines } from './log.ts';
import { startWorker, type WorkerOptions } from './worker.ts';

/** The machine and the code: `main.ts` gives this one's, a test its own. */
export interface Machine extends Pick<WorkerOptions, 'tsmFiles' | 'trustAnchors' | 'codeSha256'> {
  /** PROCESS_EXPOSED; in production only. A crash is then told by calling what is given. */
  readonly harden: (onCrash: () => void) => void;
}

const EXIT_REFUSED = 1;

export async function runWorker(
  env: Readonly<Record<string, string | undefined>>,
  machine: Machine,
): Promise<void> {
  let log = jsonLines(systemClock, (line) => process.stdout.write(line));
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  try {
    const config = parseConfig(env);
    const clock = clockOf(config);
    log = jsonLines(clock, (line) => process.stdout.write(line));
    if (config.ENCLAVE_MODE === 'production') {
      machine.harden(() => log('stopped', { code: 'INTERNAL' }));
    }
    const worker = await startWorker({
      ...machine,
      config,
      clock,
      log,
      stopping: stopping.signal,
      step: (step) => killAt(config, step),
      onBug: (error) => showBug(config, error),
    });
    await aborted(stopping.signal);
    await worker.stop();
  } catch (error) {
    const place = error instanceof RecordError && error.place !== null ? error.place : undefined;
    log('start-refused', {
      code: codeOf(error),
      ...(place === undefined ? {} : { place }),
    });
    process.exitCode = EXIT_REFUSED;
  }
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

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}
