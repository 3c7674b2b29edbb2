// How a claimed job ends. Success is settled by the route inside its own transaction; failure here.
// Only a code from the closed vocabulary reaches the queue: the error itself, which may quote a
// venue's answer or a signed URL, goes no further than this file. Every settle is fenced on the
// attempt that claimed the job.

import assert from 'node:assert';
import { codeOf, codes, RecordError, type Code } from '@track-record/errors';
import type { RouteOutput } from '@track-record/jobs/context';
import type { Database } from '@track-record/store';
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { fromKysely, type JobWithMetadata, type PgBoss } from 'pg-boss';

export type Job = JobWithMetadata<unknown>;

/** Completes the job in `trx`, or JOB_CLAIM_LOST, which rolls the transaction back. */
export async function settleSuccess(
  job: Job,
  trx: Transaction<Database>,
  output: RouteOutput,
): Promise<void> {
  const { rows } = await settling(job, output).execute(trx);
  if (rows.length !== 1) throw new RecordError('JOB_CLAIM_LOST');
}

/**
 * What pg-boss's own `complete` does to a job, for a transaction that is one statement: a row if
 * the claim still holds.
 */
export function settling(job: Job, { hours }: RouteOutput): RawBuilder<unknown> {
  return sql`
    update pgboss.job_common set state = 'completed', completed_on = pgboss.job_now(),
      output = ${{ code: 'DONE', hours }}::jsonb
    where name = ${job.name} and id = ${job.id} and state = 'active'
      and retry_count = ${job.retryCount}
    returning 1`;
}

/**
 * Hands the job back for a later attempt, or ends it in the dead letters when trying again cannot
 * help. Returns the code that was recorded; JOB_CLAIM_LOST when another worker holds the job, whose
 * own outcome then counts.
 */
export async function settleFailure(
  boss: PgBoss,
  db: Kysely<Database>,
  job: Job,
  error: unknown,
): Promise<Code> {
  const code = codeOf(error);
  if (code === 'JOB_CLAIM_LOST') return code;
  return db.transaction().execute(async (trx) => {
    if (codes[code].retry === 'never') await spendRetries(trx, job);
    const settled = await boss.fail(job.name, job, { code }, { db: fromKysely(trx) });
    if (readAffected(settled) !== 1) return 'JOB_CLAIM_LOST';
    const wait = error instanceof RecordError ? error.retryAfterSeconds : null;
    if (!isFinal(code, job) && wait !== null) {
      // The other side named its own wait: honour it, and do not let it use up an attempt.
      await boss.update(job.name, undefined, {
        id: job.id,
        startAfter: wait,
        retryLimit: job.retryLimit + 1,
        db: fromKysely(trx),
      });
    }
    return code;
  });
}

/** True when no further attempt of this job will follow. */
export function isFinal(code: Code, job: Job): boolean {
  return codes[code].retry === 'never' || job.retryCount >= job.retryLimit;
}

/**
 * pg-boss has no permanent failure for a fetched job: without retries left, `fail` goes to the dead
 * letters.
 */
async function spendRetries(trx: Transaction<Database>, job: Job): Promise<void> {
  await sql`
    update pgboss.job_common set retry_limit = retry_count
    where id = ${job.id} and name = ${job.name} and state = 'active'
      and retry_count = ${job.retryCount}`.execute(trx);
}

/** pg-boss's published type hides the count that every one of its answers carries. */
export function readAffected(response: object): number {
  assert('affected' in response && typeof response.affected === 'number');
  return response.affected;
}
