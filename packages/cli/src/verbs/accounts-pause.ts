// `track-record accounts pause ID`: no further job of the account does anything.

import { pauseAccount } from '@track-record/store/operator';
import { asOperator, idOf, reasonOf } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const accountsPause: Verb = {
  name: 'accounts pause',
  summary: 'Stop an account: its jobs end, its hours wait.',
  example: "accounts pause 00000000-0000-4000-8000-0000000000c1 --reason 'owner asked'",
  options: { reason: { type: 'string' } },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const accountId = idOf(input, 'account');
  const reason = reasonOf(input.options);
  const ended = await asOperator((db) => pauseAccount(db, accountId, reason));
  const document = { accountId, state: 'paused', jobsEnded: ended };
  return { document, text: `Account ${accountId} is paused. Waiting jobs ended: ${ended}.\n` };
}
