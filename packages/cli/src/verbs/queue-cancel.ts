// `track-record queue cancel ID`: ends a job. An active account's missing hour comes with the next
// job; `accounts pause` stops an account.

import { cancelJob } from '@track-record/store/operator';
import { asOperator, idOf, reasonOf } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const queueCancel: Verb = {
  name: 'queue cancel',
  summary: 'End a job; a worker that runs it writes nothing.',
  example: "queue cancel 5f0c1c62-8a0f-4d52-9a3e-1f2d7a3b4c5d --reason 'stuck'",
  options: { reason: { type: 'string' } },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const id = idOf(input, 'job');
  const reason = reasonOf(input.options);
  const before = await asOperator((db) => cancelJob(db, id, reason));
  return { document: { job: id, before }, text: `Job ${id} is cancelled; it was ${before}.\n` };
}
