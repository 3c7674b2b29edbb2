// Starts an isolate: a thread with no environment, whose output goes nowhere, that holds only what
// it is given. One that ends or no longer answers is started again; what waited for it is refused.

import { extname } from 'node:path';
import { Worker, type Transferable } from 'node:worker_threads';
import { RecordError, type Code } from '@track-record/errors';
import { openLine, type Calls, type Line } from './line.ts';

export interface IsolateOptions {
  /** Beside the file that names it, ending in `.ts`; the build's counterpart is found. */
  readonly file: URL;
  /** Asked at every start. */
  readonly given: () => object;
  /** What it may ask of us. */
  readonly calls: Calls;
  /** What it uses beyond this ends it, and it alone. */
  readonly heapSizeMbMax: number;
  /** Of what waits when it ends. */
  readonly refusal: Code;
  /** One that does not turn for this long is ended: a test's patience is shorter. */
  readonly silenceMaxMs?: number;
  /** Told each time it ended by itself, with what it threw. */
  readonly onEnd: (error: unknown) => void;
}

export type Isolate<Theirs extends Calls> = Pick<Line<Theirs & Watched>, 'ask'> & {
  readonly stop: () => Promise<void>;
};

/** What every isolate answers. */
export type Watched = { readonly ping: (given: null) => Promise<null> };

/** The entries of a long history are read in less. */
const SILENCE_MAX_MS = 30_000;
const PINGS_PER_SILENCE = 6;
const RESTART_AFTER_MS = 1_000;

const Thread = Worker;

export function startIsolate<Theirs extends Calls>(options: IsolateOptions): Isolate<Theirs> {
  let isStopped = false;
  let thread = start();

  function start(): { worker: Worker; line: Line<Theirs & Watched> } {
    const { file, given, calls, heapSizeMbMax, refusal, onEnd } = options;
    const { silenceMaxMs = SILENCE_MAX_MS } = options;
    const built = file.href.replace(/\.ts$/, extname(import.meta.url));
    const worker = new Thread(new URL(built), {
      workerData: given(),
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapSizeMbMax },
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const line = openLine<Theirs & Watched>(worker, calls);
    let thrown: unknown = null;
    worker.on('error', (error) => {
      thrown = error;
    });
    const watch = setInterval(() => {
      const stuck = setTimeout(() => void worker.terminate(), silenceMaxMs);
      line.ask('ping', null).then(
        () => clearTimeout(stuck),
        () => clearTimeout(stuck),
      );
    }, silenceMaxMs / PINGS_PER_SILENCE).unref();
    worker.on('exit', () => {
      clearInterval(watch);
      line.cut(new RecordError(refusal, { cause: thrown }));
      if (isStopped) return;
      onEnd(thrown);
      setTimeout(() => {
        if (!isStopped) thread = start();
      }, RESTART_AFTER_MS);
    });
    return { worker, line };
  }

  return {
    ask: (name, given, moved: readonly Transferable[] = []) => thread.line.ask(name, given, moved),
    stop: async () => {
      isStopped = true;
      await thread.worker.terminate();
    },
  };
}
