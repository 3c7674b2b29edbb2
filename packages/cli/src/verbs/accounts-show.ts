// `track-record accounts show ID`: one account, its jobs, and what operators did to it.

import { RecordError } from '@track-record/errors';
import { listAccounts, listActions, listJobs } from '@track-record/store/operator';
import { jobsTable } from '../operator/jobs-table.ts';
import { asOperator, idOf } from '../operator/session.ts';
import { actionsTable, fieldsOf } from '../operator/table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const LIMIT = 20;

export const accountsShow: Verb = {
  name: 'accounts show',
  summary: 'Show one account: its record, its jobs, and what operators did.',
  example: 'accounts show 00000000-0000-4000-8000-0000000000c1',
  options: {},
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const accountId = idOf(input, 'account');
  return asOperator(async (db) => {
    const any = { venue: null, state: null, behind: false, limit: 1 };
    const [account] = await listAccounts(db, { ...any, accountId });
    if (account === undefined) throw new RecordError('ACCOUNT_UNKNOWN');
    const filter = { accountId, queue: null, state: null, code: null, limit: LIMIT };
    const jobs = await listJobs(db, filter);
    const actions = await listActions(db, { accountId }, LIMIT);
    const fields = fieldsOf({
      account: account.accountId,
      venue: account.venue,
      state: account.state,
      code: account.code,
      since: account.codeAt,
      connected: account.connectedAt,
      'record from': account.historyFrom,
      'last hour': account.lastHour,
      'hours missing': account.hoursMissing,
      syncing: account.syncing ? 'yes' : 'no',
      updated: account.updatedAt,
    });
    const table = jobs.length === 0 ? '' : `\n${jobsTable(jobs, Date.now())}`;
    const text = `${fields}${table}${actionsTable(actions)}`;
    return { document: { account, jobs, actions }, text };
  });
}
