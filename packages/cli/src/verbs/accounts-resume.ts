// `track-record accounts resume ID`: the account is served again, and every hour it misses is due.

import { resumeAccount } from '@track-record/store/operator';
import { asOperator, idOf, reasonOf } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const accountsResume: Verb = {
  name: 'accounts resume',
  summary: 'Serve a paused or quarantined account again, from where it stopped.',
  example: "accounts resume 00000000-0000-4000-8000-0000000000c1 --reason 'new key'",
  options: { reason: { type: 'string' } },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const accountId = idOf(input, 'account');
  const reason = reasonOf(input.options);
  const job = await asOperator((db) => resumeAccount(db, accountId, reason));
  const done = job === null ? 'was active already' : `is active; job ${job} brings up its hours`;
  const document = { accountId, state: 'active', job };
  return { document, text: `Account ${accountId} ${done}.\n` };
}
