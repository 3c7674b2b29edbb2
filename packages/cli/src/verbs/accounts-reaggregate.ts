// `track-record accounts reaggregate ID`: derives the account's hours again from its sealed journal
// and restates those that come out differently, after a defect was mended.

import { reaggregateAccount } from '@track-record/store/operator';
import { asOperator, idOf, reasonOf } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const accountsReaggregate: Verb = {
  name: 'accounts reaggregate',
  summary: 'Derive an account’s hours again, and restate those that differ.',
  example: "accounts reaggregate 00000000-0000-4000-8000-0000000000c1 --reason 'defect 12 mended'",
  options: { reason: { type: 'string' } },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const accountId = idOf(input, 'account');
  const reason = reasonOf(input.options);
  const job = await asOperator((db) => reaggregateAccount(db, accountId, reason));
  return { document: { accountId, job }, text: `Account ${accountId}: job ${job}.\n` };
}
