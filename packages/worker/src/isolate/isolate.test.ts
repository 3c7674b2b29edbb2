// Isolates of this test, each a module in a data: URL, started as the worker starts its own.

import { afterEach, describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { startIsolate, type Isolate, type IsolateOptions } from './isolate.ts';

type TestCalls = {
  readonly double: (given: number) => Promise<number>;
  readonly sizeOf: (bytes: Uint8Array) => Promise<number>;
  readonly askBack: (given: number) => Promise<number>;
  readonly refuse: (given: null) => Promise<null>;
  readonly fail: (given: null) => Promise<null>;
  readonly crash: (given: null) => Promise<null>;
  readonly spin: (given: null) => Promise<null>;
  readonly fill: (given: null) => Promise<null>;
  readonly wait: (given: null) => Promise<null>;
  readonly environment: (given: null) => Promise<readonly string[]>;
  readonly startThread: (given: null) => Promise<string>;
  readonly missing: (given: null) => Promise<null>;
};

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
const MODULE = `
  import ${here('./lock.ts')};
  import { workerData } from 'node:worker_threads';
  import { serve } from ${here('./serve.ts')};
  import { RecordError } from ${JSON.stringify(import.meta.resolve('@track-record/errors'))};
  const record = serve({
    double: async (given) => given * workerData.factor,
    sizeOf: async (bytes) => bytes.length,
    askBack: (given) => record.ask('triple', given),
    refuse: async () => {
      throw new RecordError('VENUE_RATE_LIMITED', { place: 'feed', retryAfterSeconds: 7 });
    },
    fail: async () => { throw new TypeError('a bug in the isolate'); },
    crash: async () => {
      setTimeout(() => { throw new Error('crashed in a timer'); });
      return null;
    },
    spin: async () => { for (;;); },
    fill: async () => { const all = []; for (;;) all.push(new Array(1e4).fill(all.length)); },
    wait: () => new Promise(() => {}),
    environment: async () => Object.keys(process.env),
    startThread: async () => {
      const threads = process.getBuiltinModule('worker_threads');
      const imported = await import('node:worker_threads');
      return [typeof threads.Worker, typeof imported.Worker].join();
    },
  });`;

const started: Isolate<TestCalls>[] = [];
const ended: unknown[] = [];

function start(options: Partial<IsolateOptions> = {}): Isolate<TestCalls> {
  const isolate = startIsolate<TestCalls>({
    file: new URL(`data:text/javascript,${encodeURIComponent(MODULE)}`),
    given: () => ({ factor: 2 }),
    calls: { triple: async (given: number) => given * 3 },
    heapSizeMbMax: 64,
    refusal: 'VENUE_UNAVAILABLE',
    onEnd: (error) => ended.push(error),
    ...options,
  });
  started.push(isolate);
  return isolate;
}

afterEach(async () => {
  for (const isolate of started.splice(0)) await isolate.stop();
  ended.length = 0;
});

async function refusalOf(answer: Promise<unknown>): Promise<unknown> {
  return await answer.then(
    (value) => value,
    (error: unknown) => error,
  );
}

/** Asks until the isolate has been started again. */
async function untilDoubled(isolate: Isolate<TestCalls>): Promise<unknown> {
  for (;;) {
    const answer = await refusalOf(isolate.ask('double', 21));
    if (!(answer instanceof RecordError)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('accepts', () => {
  test('questions both ways, and bytes that move', async () => {
    const isolate = start();
    expect(await isolate.ask('double', 21)).toBe(42);
    expect(await isolate.ask('askBack', 5)).toBe(15);
    const bytes = new Uint8Array(9);
    expect(await isolate.ask('sizeOf', bytes, [bytes.buffer])).toBe(9);
    // Nothing of them is left here.
    expect(bytes).toHaveLength(0);
  });
});

describe('refuses', () => {
  test('with the code, the place and the wait that the other side refused with', async () => {
    const refusal = await refusalOf(start().ask('refuse', null));
    expect(refusal).toBeInstanceOf(RecordError);
    expect(refusal).toMatchObject({
      code: 'VENUE_RATE_LIMITED',
      place: 'feed',
      retryAfterSeconds: 7,
    });
  });

  test.each(['fail', 'missing'] as const)('as a bug what is one: %s', async (name) => {
    const isolate = start();
    const bug = await refusalOf(isolate.ask(name, null));
    expect(bug).toBeInstanceOf(Error);
    expect(bug).not.toBeInstanceOf(RecordError);
    expect(await isolate.ask('double', 1)).toBe(2);
  });

  test('what waits when it ends, and what is asked after a stop', async () => {
    const isolate = start();
    const waiting = refusalOf(isolate.ask('wait', null));
    await isolate.ask('double', 1);
    await isolate.stop();
    expect(await waiting).toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(await refusalOf(isolate.ask('double', 1))).toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(ended).toEqual([]);
  });
});

describe('holds', () => {
  test.each([
    ['an error that nobody catches', 'crash', /crashed in a timer/],
    ['more memory than it may have', 'fill', /memory/],
  ] as const)('%s ends the isolate alone, which starts again', async (_name, call, told) => {
    const isolate = start({ heapSizeMbMax: 16 });
    const waiting = refusalOf(isolate.ask('wait', null));
    await refusalOf(isolate.ask(call, null));
    expect(await waiting).toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(await untilDoubled(isolate)).toBe(42);
    expect(String(ended)).toMatch(told);
  });

  test('one that no longer turns is ended and starts again', async () => {
    // Longer than a loaded machine takes to start it.
    const isolate = start({ silenceMaxMs: 2_000 });
    await isolate.ask('double', 1);
    expect(await refusalOf(isolate.ask('spin', null))).toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(await untilDoubled(isolate)).toBe(42);
  });

  test('it sees no environment and starts no thread', async () => {
    const isolate = start();
    expect(await isolate.ask('environment', null)).toEqual([]);
    expect(await isolate.ask('startThread', null)).toBe('undefined,undefined');
  });
});
