// `track-record accounts list`: accounts by id, with how far their record has come.

import { listAccounts } from '@track-record/store/operator';
import { accountsTable } from '../operator/accounts-table.ts';
import { asOperator, checkAlone, limitOf, stateOf, textOf } from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const LIMIT = 50;
const STATES = ['active', 'paused', 'quarantined', 'closed'];

export const accountsList: Verb = {
  name: 'accounts list',
  summary: 'List accounts: state, last signed hour, missing hours, code.',
  example: 'accounts list --state quarantined',
  options: { state: { type: 'string' }, venue: { type: 'string' }, limit: { type: 'string' } },
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const { options } = input;
  const state = stateOf(options, STATES);
  const venue = textOf(options, 'venue', /^[a-z0-9-]{1,32}$/);
  const limit = limitOf(options, LIMIT);
  const filter = { accountId: null, venue, state, behind: false, limit };
  const accounts = await asOperator((db) => listAccounts(db, filter));
  return { document: { accounts }, text: accountsTable(accounts) };
}
