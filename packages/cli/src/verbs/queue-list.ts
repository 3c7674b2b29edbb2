// `track-record queue list`: jobs, the newest first, without their payloads.

import { listJobs } from '@track-record/store/operator';
import { jobsTable } from '../operator/jobs-table.ts';
import {
  accountOf,
  asOperator,
  checkAlone,
  limitOf,
  stateOf,
  textOf,
} from '../operator/session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const LIMIT = 20;
const STATES = ['created', 'retry', 'active', 'failed', 'completed', 'cancelled'];

export const queueList: Verb = {
  name: 'queue list',
  summary: 'List jobs that have not ended well, or those of one state.',
  example: 'queue list --queue sync-account.binance --state failed',
  options: {
    queue: { type: 'string' },
    state: { type: 'string' },
    account: { type: 'string' },
    code: { type: 'string' },
    limit: { type: 'string' },
  },
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const { options } = input;
  const state = stateOf(options, STATES);
  const filter = {
    queue: textOf(options, 'queue', /^[\w.-]{1,80}$/),
    state,
    accountId: accountOf(options),
    code: textOf(options, 'code', /^[A-Z][A-Z_]{1,39}$/),
    limit: limitOf(options, LIMIT),
  };
  const jobs = await asOperator((db) => listJobs(db, filter));
  return { document: { jobs }, text: jobsTable(jobs, Date.now()) };
}
