// Where new statements attach: the head of the chain, and for a replay the statements that hold so
// far, which are untrusted rows until their signatures and links are checked.

import { RecordError } from '@track-record/errors';
import {
  NO_PREVIOUS,
  verifyChain,
  type Chain,
  type UnverifiedStatement,
} from '@track-record/statement';
import { loadStatements, type Account } from '@track-record/store';
import type { Permissions } from '@track-record/venues';
import type { AccountState } from './account-state.ts';
import type { RouteContext } from './context.ts';
import type { StatementFrame } from './state-hours.ts';

/** `paper` and `permissions` are the venue's answer of this synchronisation, or of the last one. */
export async function statementFrame(
  account: Account,
  venueSays: { readonly paper: boolean; readonly permissions: Permissions },
  state: AccountState | null,
  replayed: boolean,
  context: RouteContext,
): Promise<StatementFrame> {
  const earlier = replayed && state !== null ? await statedHours(account, state, context) : [];
  return {
    account,
    paper: venueSays.paper,
    permissions: venueSays.permissions,
    head: state?.head ?? NO_PREVIOUS,
    statementCount: state === null ? 0 : state.statementCount,
    earlier: new Map(earlier.map((statement) => [statement.body.hour, statement])),
  };
}

/**
 * STATEMENT_ codes when a row was altered; STORE_ROW_UNTRUSTED when rows were taken away or put
 * back.
 */
async function statedHours(
  account: Account,
  state: AccountState,
  context: RouteContext,
): Promise<Chain['hours']> {
  const statements: UnverifiedStatement[] = [];
  for await (const row of loadStatements(context.db, account.accountId)) {
    statements.push({ bytes: row.body, signature: row.signature });
  }
  if (statements.length !== state.statementCount) throw new RecordError('STORE_ROW_UNTRUSTED');
  if (statements.length === 0) return [];
  const chain = await verifyChain(statements, context.signingKey.publicKey);
  if (chain.head !== state.head) throw new RecordError('STORE_ROW_UNTRUSTED');
  return chain.hours;
}
