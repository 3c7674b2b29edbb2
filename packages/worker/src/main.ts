// The worker's process: reads the configuration, starts the worker, and stops it on SIGTERM or
// SIGINT. The only file of the trusted base that reads the environment.

import './isolate/isolate.ts';
import './isolate/lock.ts';
import { once } from 'node:events';
import { kernelFiles } from '@track-record/attestation/obtain';
import { codeOf, RecordError } from '@track-record/errors';
import { fileClock, systemClock, type Clock } from './clock.ts';
import { ownCodeSha256 } from './code-digest.ts';
import { parseConfig, type Config } from './config.ts';
import { jsonLines } from './log.ts';
import { readBack, requireHardened, silenceCrashes } from './process-hardening.ts';
import { startWorker } from './worker.ts';

const EXIT_REFUSED = 1;

await main();

async function main(): Promise<void> {
  let log = jsonLines(systemClock, (line) => process.stdout.write(line));
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort());
  try {
    const config = parseConfig(process.env);
    const clock = clockOf(config);
    log = jsonLines(clock, (line) => process.stdout.write(line));
    if (config.ENCLAVE_MODE === 'production') {
      silenceCrashes(() => log('stopped', { code: 'INTERNAL' }));
      requireHardened(readBack(process.env['NODE_OPTIONS']));
    }
    const worker = await startWorker({
      config,
      clock,
      log,
      tsmFiles: kernelFiles,
      trustAnchors: null,
      codeSha256: ownCodeSha256,
      stopping: stopping.signal,
      step: (step) => killAt(config, step),
      onBug: (error) => showBug(config, error),
    });
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
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
