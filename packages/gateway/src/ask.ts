// How a call to the database runs: bounded in time, ended when its caller leaves, and asked again
// when the server was lost and asking twice does no harm. Inside a transaction of the caller's it
// is asked once, and how long it may take is for that transaction to say.

import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, RecordError } from '@track-record/errors';
import { DatabaseError, type Pool } from 'pg';
import { queryOver, type CallerTransaction, type Row } from './query.ts';

/** With the pauses between them about a second: a restart's or a fail-over's shortest form. */
const ATTEMPTS_MAX = 3;
const PAUSE_MS = 250;

export interface CallOptions {
  /** Ends the call with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** What is asked then commits or vanishes with the caller's transaction. */
  readonly within?: CallerTransaction;
}

export interface Question {
  readonly text: string;
  /** The first is the id of the account. */
  readonly values: readonly [string, ...unknown[]];
  /** Whether asking again after a lost answer changes nothing. */
  readonly isRepeatable: boolean;
}

export type Ask = (question: Question, options?: WriteOptions) => Promise<readonly Row[]>;

/** STORE_UNAVAILABLE also when the deadline passes, all attempts included. */
export function askOver(pool: Pool, deadlineMs: number): Ask {
  return async ({ text, values, isRepeatable }, { within, signal } = {}) => {
    signal?.throwIfAborted();
    if (within !== undefined) return await queryOver(within)(text, values);
    const deadline = AbortSignal.timeout(deadlineMs);
    const end = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    const query = queryOver({ query: (...query) => queryOnce(pool, end, ...query) });
    for (let attempt = isRepeatable ? 1 : ATTEMPTS_MAX, pauseMs = 0; ; attempt += 1) {
      try {
        await untilAborted(() => wait(pauseMs), end);
        return await query(text, values);
      } catch (error) {
        signal?.throwIfAborted();
        if (deadline.aborted) throw new RecordError('STORE_UNAVAILABLE', { cause: error });
        if (attempt === ATTEMPTS_MAX || codeOf(error) !== 'STORE_UNAVAILABLE') throw error;
        pauseMs = attempt * PAUSE_MS * spread(values[0]);
      }
    }
  };
}

/** On a connection of its own, which ends with a question that is given up. */
async function queryOnce(
  pool: Pool,
  end: AbortSignal,
  text: string,
  values: readonly unknown[],
): Promise<{ readonly rows: readonly Row[] }> {
  const work = async () => {
    const client = await pool.connect();
    try {
      const result = await untilAborted(() => client.query<Row>(text, [...values]), end);
      client.release();
      return result;
    } catch (error) {
      client.release(!(error instanceof DatabaseError));
      throw error;
    }
  };
  return await untilAborted(work, end);
}

/**
 * From half to one and a half, by the account: many that lost the server at one instant do not come
 * back to it at one.
 */
function spread(accountId: string): number {
  return 0.5 + Number.parseInt(accountId.slice(-8), 16) / 2 ** 32;
}

async function untilAborted<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([start(), promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
