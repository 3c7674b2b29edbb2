// Claims jobs of one queue and runs them, a bounded number at a time. pg-boss's own `work()` runs
// one job per poll at batch size 1, or makes siblings of a batch wait for each other; this loop
// does neither. It never completes a job: the route does so inside the transaction that writes its
// results. It settles failures, and it aborts a route whose claim is lost or whose deadline has
// passed.

import type { PgBoss } from 'pg-boss';
import { readAffected, type Job } from './settle.ts';

export interface ClaimLoopOptions {
  readonly boss: PgBoss;
  readonly queue: string;
  readonly slots: number;
  readonly pollMs: number;
  /** How many of so many free slots may be filled now; what runs goes on. */
  readonly admit: (free: number) => Promise<number>;
  /** Told how many of those that were admitted the queue did not have. */
  readonly unclaimed: (jobs: number) => void;
  readonly run: (job: Job, signal: AbortSignal) => Promise<void>;
  /** Records the failure and hands the job back or to the dead letters. */
  readonly settleFailure: (job: Job, error: unknown) => Promise<void>;
  /** A failure of the loop itself (the database is away): reported, then tried again. */
  readonly onLoopFailure: (queue: string, error: unknown) => void;
}

export interface ClaimLoop {
  /**
   * Claims nothing more; resolves when the running jobs have ended or `abortAfterMs` aborted them.
   */
  readonly stop: (abortAfterMs: number) => Promise<void>;
  /** Looks now instead of at the end of the poll. */
  readonly wake: () => void;
  /** Jobs in hand now. */
  readonly running: () => number;
}

/** The first pause after a failed poll; it doubles up to the maximum. */
const FAILURE_PAUSE_MS = 500;
const FAILURE_PAUSE_MAX_MS = 15_000;
/** Touches per heartbeat period: two may fail before the claim is lost. */
const TOUCHES_PER_HEARTBEAT = 3;

export function startClaimLoop(options: ClaimLoopOptions): ClaimLoop {
  const stopping = new AbortController();
  const aborting = new AbortController();
  const inHand = new Set<Promise<void>>();
  let waking = new AbortController();
  const loop = poll();

  async function poll(): Promise<void> {
    let failurePauseMs = FAILURE_PAUSE_MS;
    while (!stopping.signal.aborted) {
      const free = options.slots - inHand.size;
      if (free === 0) {
        await Promise.race(inHand);
        continue;
      }
      try {
        waking = new AbortController();
        const jobs = await claim(free);
        for (const job of jobs) hold(runClaimed(options, job, aborting.signal));
        failurePauseMs = FAILURE_PAUSE_MS;
        if (jobs.length < free) {
          await pause(options.pollMs, AbortSignal.any([stopping.signal, waking.signal]));
        }
      } catch (error) {
        options.onLoopFailure(options.queue, error);
        await pause(failurePauseMs, stopping.signal);
        failurePauseMs = Math.min(failurePauseMs * 2, FAILURE_PAUSE_MAX_MS);
      }
    }
  }

  async function claim(free: number): Promise<readonly Job[]> {
    const batchSize = await options.admit(free);
    if (batchSize === 0) return [];
    const jobs = await options.boss.fetch<unknown>(options.queue, {
      batchSize,
      includeMetadata: true,
    });
    options.unclaimed(batchSize - jobs.length);
    return jobs;
  }

  function hold(work: Promise<void>): void {
    const held = work.finally(() => inHand.delete(held));
    inHand.add(held);
  }

  return {
    running: () => inHand.size,
    wake: () => waking.abort(),
    stop: async (abortAfterMs) => {
      stopping.abort();
      const timer = setTimeout(() => aborting.abort(), abortAfterMs);
      await loop;
      await Promise.all(inHand);
      clearTimeout(timer);
    },
  };
}

async function runClaimed(
  options: ClaimLoopOptions,
  job: Job,
  aborting: AbortSignal,
): Promise<void> {
  const claimLost = new AbortController();
  const deadline = AbortSignal.timeout(job.expireInSeconds * 1000);
  const signal = AbortSignal.any([claimLost.signal, deadline, aborting]);
  const touch = setInterval(
    () => void keepClaim(options, job, claimLost),
    ((job.heartbeatSeconds ?? job.expireInSeconds) * 1000) / TOUCHES_PER_HEARTBEAT,
  );
  try {
    await options.run(job, signal);
  } catch (error) {
    await options.settleFailure(job, error).catch((failure: unknown) => {
      // The claim then runs out and another worker takes the job.
      options.onLoopFailure(options.queue, failure);
    });
  } finally {
    clearInterval(touch);
  }
}

async function keepClaim(
  options: ClaimLoopOptions,
  job: Job,
  claimLost: AbortController,
): Promise<void> {
  try {
    const touched = await options.boss.touch(options.queue, job);
    if (readAffected(touched) === 0) claimLost.abort();
  } catch (error) {
    options.onLoopFailure(options.queue, error);
  }
}

/** Waits, or returns early when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    // An aborted signal tells no new listener.
    if (signal.aborted) done();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
