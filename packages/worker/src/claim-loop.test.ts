// The loop alone, against a queue that is a list: what it claims, when it looks again, and what
// ends a running job. Time is faked; the queue's own behaviour is in packages/store.

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PgBoss } from 'pg-boss';
import { startClaimLoop, type ClaimLoop, type ClaimLoopOptions } from './claim-loop.ts';
import type { Job } from './settle.ts';

const HEARTBEAT_SECONDS = 30;
const POLL_MS = 500;
const TOUCH_MS = 10_000;

interface Running {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly end: () => void;
  readonly fail: (error: unknown) => void;
}

let waiting: string[];
let running: Running[];
let fetches: number[];
let touched: string[];
let failures: unknown[];
let settled: [string, unknown][];
let onFetch: () => void;
let onTouch: () => number;
let onSettle: () => Promise<void>;
let held: boolean;
let admitted: number;
let unclaimed: number[];
let loop: ClaimLoop | null;

beforeEach(() => {
  jest.useFakeTimers();
  [waiting, running, fetches, touched, failures, settled] = [[], [], [], [], [], []];
  onFetch = () => undefined;
  onTouch = () => 1;
  onSettle = () => Promise.resolve();
  held = false;
  [admitted, unclaimed] = [Infinity, []];
  loop = null;
});

afterEach(async () => {
  for (const job of running) job.end();
  const stopped = loop?.stop(0);
  await jest.runAllTimersAsync();
  await stopped;
  jest.useRealTimers();
});

describe('accepts', () => {
  test('as many jobs as there are slots, and the next when one ends', async () => {
    waiting = ['a', 'b', 'c', 'd'];
    loop = start({ slots: 3 });
    await pass(0);
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(loop.running()).toBe(3);
    running[1]?.end();
    await pass(0);
    expect(ids()).toEqual(['a', 'c', 'd']);
    expect(fetches).toEqual([3, 1]);
  });

  test('a job that ends beside one that lasts', async () => {
    waiting = ['long', 'short'];
    loop = start({ slots: 2 });
    await pass(0);
    running[1]?.end();
    waiting.push('next');
    await pass(POLL_MS);
    expect(ids()).toEqual(['long', 'next']);
  });

  test('an empty queue, at which it looks once in each poll', async () => {
    loop = start({ slots: 2 });
    await pass(POLL_MS * 4);
    expect(fetches).toEqual([2, 2, 2, 2, 2]);
  });

  test('a queue that an operator holds back: nothing is claimed until it is let go', async () => {
    waiting = ['a'];
    held = true;
    loop = start({ slots: 2 });
    await pass(POLL_MS * 2);
    expect(fetches).toEqual([]);
    held = false;
    await pass(POLL_MS);
    expect(ids()).toEqual(['a']);
  });

  test('as many as are admitted, and tells which of them the queue did not have', async () => {
    waiting = ['a', 'b', 'c'];
    admitted = 2;
    loop = start({ slots: 4 });
    await pass(0);
    expect([ids(), fetches, unclaimed]).toEqual([['a', 'b'], [2], [0]]);
    await pass(POLL_MS);
    expect([ids(), fetches, unclaimed]).toEqual([
      ['a', 'b', 'c'],
      [2, 2],
      [0, 1],
    ]);
  });

  test('a job for which a person waits: at once when it is woken, also during a look', async () => {
    loop = start({ slots: 2 });
    await pass(1);
    waiting = ['a'];
    loop.wake();
    await pass(0);
    expect(ids()).toEqual(['a']);
    onFetch = () => {
      onFetch = () => undefined;
      loop?.wake();
      waiting.push('b');
    };
    waiting = [];
    await pass(POLL_MS);
    expect(ids()).toEqual(['a', 'b']);
  });

  test('work that keeps its claim: three touches in each heartbeat', async () => {
    waiting = ['a'];
    loop = start({ slots: 1 });
    await pass(HEARTBEAT_SECONDS * 1000);
    expect(touched).toEqual(['a', 'a', 'a']);
    expect(running[0]?.signal.aborted).toBe(false);
    running[0]?.end();
    await pass(HEARTBEAT_SECONDS * 1000);
    expect(touched).toHaveLength(3);
  });
});

describe('refuses', () => {
  test('to go on with a job whose claim is lost', async () => {
    waiting = ['a'];
    loop = start({ slots: 1 });
    onTouch = () => 0;
    await pass(TOUCH_MS);
    expect(running[0]?.signal.aborted).toBe(true);
  });

  test('to take a touch that failed for a lost claim', async () => {
    waiting = ['a'];
    loop = start({ slots: 1 });
    const away = new Error('the database is away');
    onTouch = () => {
      throw away;
    };
    await pass(TOUCH_MS);
    expect(failures).toEqual([away]);
    expect(running[0]?.signal.aborted).toBe(false);
  });

  test('to let a job run beyond its deadline', async () => {
    jest.useRealTimers();
    waiting = ['a'];
    loop = start({ slots: 1 }, 0.02);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(running[0]?.signal.aborted).toBe(true);
    jest.useFakeTimers();
  });

  test('to ask a failing database at full speed', async () => {
    onFetch = () => {
      throw new Error('the database is away');
    };
    loop = start({ slots: 1 });
    await pass(0);
    const times: number[] = [];
    for (let ms = 0; ms < 60_000; ms += 500) {
      const before = failures.length;
      await pass(500);
      if (failures.length > before) times.push((ms + 500) / 1000);
    }
    expect(times).toEqual([0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5]);
  });
});

describe('holds', () => {
  test('a failed job is settled with its error, and the loop goes on', async () => {
    waiting = ['a', 'b'];
    loop = start({ slots: 1 });
    await pass(0);
    const error = new Error('of the route');
    running[0]?.fail(error);
    await pass(0);
    expect(settled).toEqual([['a', error]]);
    expect(ids()).toEqual(['b']);
  });

  test('a failure that could not be settled is reported, and the loop goes on', async () => {
    waiting = ['a', 'b'];
    loop = start({ slots: 1 });
    await pass(0);
    const away = new Error('the database is away');
    onSettle = () => Promise.reject(away);
    running[0]?.fail(new Error('of the route'));
    await pass(0);
    expect(failures).toEqual([away]);
    expect(ids()).toEqual(['b']);
  });

  test('the pause after failures is short again after one good look', async () => {
    let fetchesLeftToFail = 3;
    onFetch = () => {
      if (fetchesLeftToFail-- > 0) throw new Error('the database is away');
    };
    loop = start({ slots: 1 });
    await pass(500 + 1_000 + 2_000);
    expect(failures).toHaveLength(3);
    fetchesLeftToFail = 1;
    await pass(POLL_MS);
    expect(failures).toHaveLength(4);
    const before = fetches.length;
    await pass(500);
    expect(fetches.length).toBe(before + 1);
  });

  test('a stop claims nothing more and waits for what runs', async () => {
    waiting = ['a'];
    loop = start({ slots: 2 });
    await pass(0);
    let isStopped = false;
    const stopped = loop.stop(5_000).then(() => (isStopped = true));
    waiting.push('b');
    await pass(4_000);
    expect([isStopped, ids(), running[0]?.signal.aborted]).toEqual([false, ['a'], false]);
    running[0]?.end();
    await pass(0);
    await stopped;
    expect(loop.running()).toBe(0);
  });

  test('a stop aborts what lasts too long', async () => {
    waiting = ['a'];
    loop = start({ slots: 1 });
    await pass(0);
    const stopped = loop.stop(5_000);
    await pass(5_000);
    expect(running[0]?.signal.aborted).toBe(true);
    running[0]?.fail(new Error('aborted'));
    await pass(0);
    await stopped;
    expect(settled).toHaveLength(1);
  });

  test('a stop during a look does not wait for the next one', async () => {
    onFetch = () => {
      void loop?.stop(0);
    };
    loop = start({ slots: 1, pollMs: 1e9 });
    await pass(0);
    await loop.stop(0);
    expect(fetches).toHaveLength(1);
  });
});

function start(
  change: Partial<Pick<ClaimLoopOptions, 'slots' | 'pollMs'>>,
  expireInSeconds = 1_800,
): ClaimLoop {
  return startClaimLoop({
    boss: fakeBoss(expireInSeconds),
    queue: 'q',
    slots: 1,
    pollMs: POLL_MS,
    admit: (free) => Promise.resolve(held ? 0 : Math.min(free, admitted)),
    unclaimed: (jobs) => unclaimed.push(jobs),
    ...change,
    run: ({ id }, signal) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          running = running.filter((each) => each.id !== id);
        };
        const end = (): void => {
          leave();
          resolve();
        };
        const fail = (error: unknown): void => {
          leave();
          reject(error);
        };
        running.push({ id, signal, end, fail });
      }),
    settleFailure: async ({ id }, error) => {
      await onSettle();
      settled.push([id, error]);
    },
    onLoopFailure: (_queue, error) => failures.push(error),
  });
}

/** Only what the loop calls of pg-boss. */
function fakeBoss(expireInSeconds: number): PgBoss {
  const calls = {
    fetch: async (_queue: string, { batchSize }: { batchSize: number }) => {
      await Promise.resolve();
      fetches.push(batchSize);
      onFetch();
      return waiting.splice(0, batchSize).map((id) => fakeJob(id, expireInSeconds));
    },
    touch: async (_queue: string, { id }: Job) => {
      await Promise.resolve();
      touched.push(id);
      return { affected: onTouch() };
    },
  };
  return Object.assign(Object.create(PgBoss.prototype), calls);
}

function fakeJob(id: string, expireInSeconds: number): Job {
  return Object.assign(Object.create(null), {
    id,
    expireInSeconds,
    heartbeatSeconds: HEARTBEAT_SECONDS,
  });
}

function ids(): string[] {
  return running.map(({ id }) => id);
}

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}
