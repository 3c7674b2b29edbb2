// One queue of the worker: its claim loop around its route, and what becomes of a job that fails.

import { codeOf, RecordError, type Code } from '@track-record/errors';
import type { RouteContext } from '@track-record/jobs/context';
import { recordFailure } from '@track-record/jobs/failure';
import { accountId } from '@track-record/jobs/queue';
import { listenForWork, storeFailure } from '@track-record/store';
import type { PgBoss } from 'pg-boss';
import { admitByVenue, admitUnlessHeld } from './admission.ts';
import { startClaimLoop, type ClaimLoop } from './claim-loop.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { enqueueInto } from './enqueue.ts';
import type { Log } from './log.ts';
import type { ServedQueue } from './queues.ts';
import { isFinal, settleFailure, settleSuccess, settling, type Job } from './settle.ts';

/** What a route is given that is the same for all jobs. */
export type RouteRooms = Omit<RouteContext, 'signal' | 'settle' | 'settling' | 'enqueue' | 'asked'>;

export interface ServeOptions {
  readonly config: Pick<Config, 'DATABASE_URL' | 'WORKER_SLOTS' | 'WORKER_EGRESS'>;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Given what was no expected failure. It may quote anything: production keeps it in the process.
   */
  readonly onBug: (error: unknown) => void;
}

const POLL_MS = 500;
/** First synchronisations last long: most slots of a venue are for the hours. */
export const SLOTS_PER_BACKFILL_SLOT = 4;
/** Where a venue that says to wait does not say how long. */
const CLOSED_SECONDS = 60;

/** Serves all of them, and looks at one at once when a person waits there. Returns the stop. */
export function serveQueues(
  queues: readonly ServedQueue[],
  boss: PgBoss,
  rooms: RouteRooms,
  options: ServeOptions,
): ClaimLoop['stop'] {
  const loops = new Map(
    queues.map((queue) => [queue.name, serveQueue(queue, boss, rooms, options)]),
  );
  const listening = new AbortController();
  const wake = (queue: string): void => loops.get(queue)?.wake();
  const listened = listenForWork(options.config.DATABASE_URL, wake, listening.signal);
  return async (abortAfterMs) => {
    listening.abort();
    const stopped = [...loops.values()].map((loop) => loop.stop(abortAfterMs));
    await Promise.all([listened, ...stopped]);
  };
}

function serveQueue(
  queue: ServedQueue,
  boss: PgBoss,
  rooms: RouteRooms,
  { config, log, clock, onBug }: ServeOptions,
): ClaimLoop {
  const { WORKER_SLOTS: slots, WORKER_EGRESS: egress } = config;
  const { name, venue, isBackfill } = queue;
  const admission =
    venue === null
      ? admitUnlessHeld(rooms.db, name)
      : admitByVenue(rooms.db, { queue: name, venue, egress }, isBackfill);
  return startClaimLoop({
    boss,
    queue: name,
    slots: isBackfill ? Math.ceil(slots / SLOTS_PER_BACKFILL_SLOT) : slots,
    pollMs: POLL_MS,
    admit: admission.admit,
    unclaimed: admission.unclaimed,
    run: async (job, signal) => {
      const started = clock();
      // One that fails may have asked more than it could tell: what it was charged stands.
      let requests: number | null = null;
      try {
        await queue.run(job.data, {
          ...rooms,
          signal,
          settle: (trx, output) => settleSuccess(job, trx, output),
          settling: (output) => settling(job, output),
          enqueue: enqueueInto(boss),
          asked: (count) => {
            requests = requests === null ? count : requests + count;
          },
        });
        // Everything was done already.
        if (requests === null) requests = 0;
      } finally {
        admission.settle(requests);
      }
      log('job-done', { queue: name, jobId: job.id, ms: clock() - started });
    },
    settleFailure: async (job, error) => {
      const failure = expectedFailure(error);
      const code = await settleFailure(boss, rooms.db, job, failure);
      if (code === 'INTERNAL') onBug(error);
      log('job-failed', { queue: name, jobId: job.id, attempt: job.retryCount, code });
      if (code === 'VENUE_RATE_LIMITED') {
        await admission.close(waitOf(failure));
      }
      const named = accountIdOf(job);
      if (named !== null) {
        await recordFailure(rooms.db, named, code, isFinal(code, job), clock(), name);
      }
    },
    onLoopFailure: (_, error) => log('loop-failed', { queue: name, code: failureCode(error) }),
  });
}

export function failureCode(error: unknown): Code {
  const failure = expectedFailure(error);
  return codeOf(failure);
}

/** A failure of the database becomes its code; a bug stays what it is and becomes INTERNAL. */
function expectedFailure(error: unknown): unknown {
  try {
    return storeFailure(error);
  } catch (bug) {
    return bug;
  }
}

function waitOf(failure: unknown): number {
  const seconds = failure instanceof RecordError ? failure.retryAfterSeconds : null;
  return seconds ?? CLOSED_SECONDS;
}

/**
 * The payload is untrusted: only a job that names an account in the form of an id has a status to
 * keep.
 */
function accountIdOf({ data }: Job): string | null {
  if (typeof data !== 'object' || data === null || !('accountId' in data)) return null;
  return accountId.safeParse(data.accountId).data ?? null;
}
