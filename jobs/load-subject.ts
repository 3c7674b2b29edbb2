// The first steps of every account route: the account, and the state it was left in, checked.

import { RecordError } from '@track-record/errors';
import { openAccountKeys, type AccountKeys } from '@track-record/sealing';
import { lastStatement, loadRow, type Account } from '@track-record/store';
import { openAccountState, type AccountState } from './account-state.ts';
import type { RouteContext } from './context.ts';

/** ACCOUNT_UNKNOWN, ACCOUNT_PAUSED. */
export async function activeAccount(accountId: string, context: RouteContext): Promise<Account> {
  const account = await loadRow(context.db, 'record.account', accountId);
  if (account === null) throw new RecordError('ACCOUNT_UNKNOWN');
  if (account.state !== 'active') throw new RecordError('ACCOUNT_PAUSED');
  return account;
}

/** The caller wipes them. KEY_UNKNOWN once the account's key was destroyed. */
export async function accountKeys(accountId: string, context: RouteContext): Promise<AccountKeys> {
  const row = await loadRow(context.db, 'record.account_key', accountId);
  if (row === null) throw new RecordError('KEY_UNKNOWN');
  return openAccountKeys(context.master, accountId, row.envelope);
}

/**
 * The sealed state, or null before the first synchronisation. Its head must be the last statement
 * of the chain: a database from which statements were taken, or to which old ones were put back, is
 * refused.
 */
export async function trustedState(
  keys: AccountKeys,
  context: RouteContext,
): Promise<AccountState | null> {
  const row = await loadRow(context.db, 'record.sealed_state', keys.accountId);
  const last = await lastStatement(context.db, keys.accountId);
  const state = row === null ? null : openAccountState(keys, row);
  const expected = state !== null && state.statementCount > 0 ? state.head : null;
  const found = last === null ? null : Buffer.from(last.hash).toString('hex');
  if (expected !== found) throw new RecordError('STORE_ROW_UNTRUSTED');
  return state;
}
