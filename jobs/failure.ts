// What a failed job leaves for the people who wait: the code in the account's status, and the
// account's state when nothing will come before somebody acts.

import { codes, type Code, type Consequence } from '@track-record/errors';
import {
  deleteIntake,
  loadRow,
  saveStatus,
  setAccountState,
  type AccountStateName,
  type Database,
} from '@track-record/store';
import type { Kysely } from 'kysely';
import { connectAccountQueue } from './connect-account/queue.ts';

/** The account's state after a failure that no further attempt of the job follows. */
const stateAfter: Readonly<Record<Consequence, AccountStateName | null>> = {
  none: null,
  wait: null,
  pause: 'paused',
  hold: 'quarantined',
};

/**
 * `final`: no attempt of this job follows. An account that waits stays active: the next hour tries
 * again. A job that was wrong itself, which the queue may invent, leaves the account it names as it
 * is. Credentials that are refused leave an account that has others in its state.
 */
export async function recordFailure(
  db: Kysely<Database>,
  accountId: string,
  code: Code,
  final: boolean,
  now: number,
  queue: string,
): Promise<void> {
  if (codes[code].consequence === 'none') return;
  await db.transaction().execute(async (trx) => {
    const status = await loadRow(trx, 'record.account_status', accountId);
    const failed = { code, codeAt: now, syncing: !final, updatedAt: now };
    await saveStatus(trx, { ...status, accountId, ...failed });
    // Credentials of a connection that will not come about are not kept; the owner hands in new
    // ones.
    const isConnection = queue === connectAccountQueue.name;
    if (final && isConnection) await deleteIntake(trx, accountId);
    const state = final && !isConnection ? stateAfter[codes[code].consequence] : null;
    if (state !== null) await setAccountState(trx, accountId, state, code);
  });
}
