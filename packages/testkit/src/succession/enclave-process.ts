// The worker as `packages/worker/src/main.ts` runs it, on a machine that a test holds: its chip,
// who vouches for it, and what code it says it is. Arguments: URL of the machine, file of the trust
// anchors, code digest in hex.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { codeOf } from '@track-record/errors';
import { fileClock } from '@track-record/worker/clock';
import { parseConfig } from '@track-record/worker/config';
import { jsonLines } from '@track-record/worker/log';
import { startWorker } from '@track-record/worker/worker';
import { remoteTsm } from './remote-tsm.ts';

const [url = '', anchorsFile = '', code = ''] = process.argv.slice(2);
const clock = fileClock(process.env['DEVELOPMENT_CLOCK_FILE'] ?? '');
const log = jsonLines(clock, (line) => process.stdout.write(line));
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
try {
  const worker = await startWorker({
    config: parseConfig(process.env),
    clock,
    log,
    tsmFiles: remoteTsm(url),
    trustAnchors: await parseTrustAnchors(readFileSync(anchorsFile)),
    codeSha256: () => Promise.resolve(Buffer.from(code, 'hex')),
    stopping: stopping.signal,
    step: () => undefined,
    onBug: (error) => console.error(error),
  });
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  await worker.stop();
} catch (error) {
  log('start-refused', { code: codeOf(error) });
  process.exitCode = 1;
}
