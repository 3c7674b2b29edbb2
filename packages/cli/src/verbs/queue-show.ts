// `track-record queue show ID`: one job, and what operators did to it.

import { RecordError } from '@track-record/errors';
import { findJob, listActions } from '@track-record/store/operator';
import { stateOf } from '../operator/jobs-table.ts';
import { asOperator, idOf } from '../operator/session.ts';
import { actionsTable, fieldsOf } from '../operator/table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const ACTIONS = 20;

export const queueShow: Verb = {
  name: 'queue show',
  summary: 'Show one job: its attempts, its code, and what operators did to it.',
  example: 'queue show 5f0c1c62-8a0f-4d52-9a3e-1f2d7a3b4c5d',
  options: {},
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const id = idOf(input, 'job');
  return asOperator(async (db) => {
    const job = await findJob(db, id);
    if (job === null) throw new RecordError('JOB_UNKNOWN');
    const actions = await listActions(db, { jobId: id }, ACTIONS);
    const fields = fieldsOf({
      job: job.id,
      queue: job.queue,
      'came from': job.sourceQueue,
      account: job.accountId,
      state: stateOf(job),
      code: job.code ?? job.sourceCode,
      attempts: `${job.attempts} of ${job.attemptsMax}`,
      created: job.createdAt,
      'not before': job.startAfter,
      started: job.startedAt,
      'last sign': job.heartbeatAt,
      ended: job.endedAt,
    });
    return { document: { job, actions }, text: `${fields}${actionsTable(actions)}` };
  });
}
