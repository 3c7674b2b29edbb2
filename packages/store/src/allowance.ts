// What workers share: how much they may ask of a venue from one address, and the news that a person
// waits for a job.

import { setTimeout as wait } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import pg from 'pg';
import type { Database } from './rows.ts';

/** Of jobs that wait in one queue, as one worker asks for them. */
export interface Admission {
  readonly queue: string;
  readonly venue: string;
  /** Which address the venue sees. */
  readonly egress: string;
  readonly isBackfill: boolean;
  readonly jobs: number;
  /**
   * Since the last question: admitted jobs that the queue did not have, jobs that ended, and what
   * those asked beyond what they were charged.
   */
  readonly unclaimed: number;
  readonly settled: number;
  readonly correction: number;
}

export interface Admitted {
  readonly granted: number;
  /** Tokens for each. */
  readonly charged: number;
}

/** None of a queue that an operator holds back, or of a venue that told a worker to wait. */
export async function takeTokens(db: Kysely<Database>, asked: Admission): Promise<Admitted> {
  const { queue, venue, egress, isBackfill, jobs, unclaimed, settled, correction } = asked;
  const { rows } = await sql<Admitted>`
    select * from record.take_tokens(${queue}, ${venue}, ${egress}, ${isBackfill}, ${jobs},
      ${unclaimed}, ${settled}, ${correction})`.execute(db);
  return rows[0] ?? { granted: 0, charged: 0 };
}

/** No worker asks this venue from this address for so long. */
export async function closeVenue(
  db: Kysely<Database>,
  venue: string,
  egress: string,
  seconds: number,
): Promise<void> {
  await sql`select record.close_venue(${venue}, ${egress}, ${seconds})`.execute(db);
}

/** Between two attempts to listen: the polls find the work meanwhile. */
const LISTEN_PAUSE_MS = 5_000;

/**
 * Calls `hear` with the name of each queue in which a person's job begins to wait, over a
 * connection of its own, until the signal aborts. A connection that breaks is opened again; why it
 * broke shows as the failure of other queries.
 */
export async function listenForWork(
  url: string,
  hear: (queue: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const client = new pg.Client({ connectionString: url, keepAlive: true });
    const { promise: over, resolve } = Promise.withResolvers<void>();
    for (const event of ['error', 'end'] as const) client.on(event, () => resolve());
    client.on('notification', ({ payload }) => hear(String(payload)));
    signal.addEventListener('abort', () => resolve(), { once: true });
    const listening = client.connect().then(() => client.query('listen record_work'));
    await listening.then(() => over, resolve);
    await Promise.allSettled([client.end()]);
    await Promise.allSettled([wait(LISTEN_PAUSE_MS, null, { signal, ref: false })]);
  }
}
