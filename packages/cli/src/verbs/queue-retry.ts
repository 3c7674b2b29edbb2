// `track-record queue retry ID`: an attempt now, for a job that failed, was ended, or waits.

import { retryJob } from '@track-record/store/operator';
import { asOperator, idOf, reasonOf } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const queueRetry: Verb = {
  name: 'queue retry',
  summary: 'Give a failed, dead or waiting job an attempt now.',
  example: "queue retry 5f0c1c62-8a0f-4d52-9a3e-1f2d7a3b4c5d --reason 'venue is back'",
  options: { reason: { type: 'string' } },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const id = idOf(input, 'job');
  const reason = reasonOf(input.options);
  const job = await asOperator((db) => retryJob(db, id, reason));
  const text = job === id ? `Job ${job} runs next.\n` : `Job ${job} now stands for it.\n`;
  return { document: { job }, text };
}
