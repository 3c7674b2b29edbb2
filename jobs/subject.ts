// What every route of an account works on: the account, its venue, its keys, and the state it was
// left in, checked.

import { RecordError } from '@track-record/errors';
import { openAccountKeys, type AccountKeys } from '@track-record/sealing';
import { loadSealedAccount, type SealedAccount } from '@track-record/store';
import type { Venue } from '@track-record/venues/contract';
import { openAccountState, type AccountState } from './account-state.ts';
import { venueOf } from './collect.ts';
import type { RouteContext } from './context.ts';

export interface Subject {
  readonly account: SealedAccount;
  readonly venue: Venue;
  readonly keys: AccountKeys;
  /** Null before the first synchronisation. */
  readonly state: AccountState | null;
}

/**
 * Works on an active account, and wipes its keys afterwards. ACCOUNT_UNKNOWN, ACCOUNT_PAUSED;
 * KEY_UNKNOWN once the account's key was destroyed.
 */
export async function withSubject(
  accountId: string,
  context: RouteContext,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const account = await loadSealedAccount(context.db, accountId);
  if (account === null) throw new RecordError('ACCOUNT_UNKNOWN');
  if (account.state !== 'active') throw new RecordError('ACCOUNT_PAUSED');
  if (account.root === null) throw new RecordError('KEY_UNKNOWN');
  const keys = openAccountKeys(context.master, accountId, account.root);
  try {
    const state = trustedState(keys, account);
    context.step('loaded');
    await work({ account, venue: venueOf(account.venue, context), keys, state });
  } finally {
    keys.wipe();
  }
}

/**
 * The sealed state, whose head must be the last statement of the chain: a database from which
 * statements were taken, or to which old ones were put back, is refused.
 */
function trustedState(
  keys: AccountKeys,
  { version, envelope, head }: SealedAccount,
): AccountState | null {
  const state =
    version === null || envelope === null ? null : openAccountState(keys, { version, envelope });
  const expected = state !== null && state.statementCount > 0 ? state.head : null;
  const found = head === null ? null : Buffer.from(head).toString('hex');
  if (expected !== found) throw new RecordError('STORE_ROW_UNTRUSTED');
  return state;
}
