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
 * is.
 */
export async function recordFailure(
  db: Kysely<Database>,
  accountId: string,
  code: Code,
  final: boolean,
  now: number,
): Promise<void> {
  if (codes[code].consequence === 'none') return;
  await db.transaction().execute(async (trx) => {
    const status = await loadRow(trx, 'record.account_status', accountId);
    const failed = { code, codeAt: now, syncing: !final, updatedAt: now };
    await saveStatus(trx, { ...status, accountId, ...failed });
    // Credentials of a connection that will not come about are not kept; the owner hands in new
    // ones.
    if (final) await deleteIntake(trx, accountId);
    const state = final ? stateAfter[codes[code].consequence] : null;
    if (state !== null) await setAccountState(trx, accountId, state, code);
  });
}
