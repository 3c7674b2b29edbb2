// Step 10 of the route: hours become signed statements. An hour that is stated already is left
// alone when it says the same and restated when it does not; nothing is ever written over.

import { RecordError } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import type { Hour } from '@track-record/returns';
import {
  formatCoverage,
  formatHour,
  NO_PREVIOUS,
  residualClass,
  signStatement,
  STATEMENT_FORMAT,
  STATEMENT_METHOD,
  verifyChain,
  type Chain,
  type SignedStatement,
  type StatementBody,
  type UnverifiedStatement,
} from '@track-record/statement';
import { loadStatements } from '@track-record/store';
import type { AccountState } from './account-state.ts';
import type { RouteContext } from './context.ts';
import type { Subject } from './subject.ts';

export interface StatedHour {
  readonly body: StatementBody;
  readonly signed: SignedStatement;
}

/** What the venue said of itself and the key, at this synchronisation or at the last one. */
export type VenueSays = Pick<AccountState, 'paper' | 'permissions'>;

/** The fields that make two statements of one hour the same finding. */
const findings = ['status', 'reason', 'return', 'coverage', 'residual'] as const;

export async function stateHours(
  hours: readonly Hour[],
  { account, state }: Subject,
  { paper, permissions }: VenueSays,
  context: RouteContext,
): Promise<StatedHour[]> {
  const { signingKey } = context;
  const replayed = state !== null && hours.some(({ hour }) => hour < state.checkpoint.asOf);
  const before = replayed ? await statedBefore(state, account.accountId, context) : [];
  const statementOf = new Map(before.map((statement) => [statement.body.hour, statement]));
  const pseudonym = context.root.pseudonym(account.accountId);
  const observedAt = new Date(context.now()).toISOString();
  const stated: StatedHour[] = [];
  for (const hour of hours) {
    const earlier = statementOf.get(formatHour(hour.hour));
    const body: StatementBody = {
      format: STATEMENT_FORMAT,
      account: pseudonym,
      venue: account.venue,
      paper,
      hour: formatHour(hour.hour),
      sequence: (state === null ? 0 : state.statementCount) + stated.length,
      status: hour.status,
      reason: hour.reason,
      return: hour.return === null ? null : formatDecimal(hour.return),
      coverage: formatCoverage(hour.coverage),
      residual: residualClass(hour.residualValue, hour.navOpen),
      provenance:
        earlier?.body.provenance ?? (hour.hour >= account.connectedAt ? 'observed' : 'backfilled'),
      permissions,
      method: STATEMENT_METHOD,
      reportingCurrency: account.reportingCurrency,
      observedAt,
      restates: earlier?.hash ?? null,
      previous: stated.at(-1)?.signed.hash ?? state?.head ?? NO_PREVIOUS,
      keyId: signingKey.keyId,
    };
    if (earlier !== undefined && findings.every((name) => body[name] === earlier.body[name])) {
      continue;
    }
    stated.push({ body, signed: await signStatement(body, signingKey) });
  }
  return stated;
}

/**
 * The statements that hold so far: untrusted rows until their signatures and links are checked.
 * STATEMENT_ codes when a row was altered; STORE_ROW_UNTRUSTED when rows were taken away or put
 * back.
 */
async function statedBefore(
  state: AccountState,
  accountId: string,
  context: RouteContext,
): Promise<Chain['hours']> {
  const statements: UnverifiedStatement[] = [];
  for await (const row of loadStatements(context.db, accountId)) {
    statements.push({ bytes: row.body, signature: row.signature });
  }
  if (statements.length !== state.statementCount) throw new RecordError('STORE_ROW_UNTRUSTED');
  if (statements.length === 0) return [];
  const chain = await verifyChain(statements, context.signingKey.publicKey);
  if (chain.head !== state.head) throw new RecordError('STORE_ROW_UNTRUSTED');
  return chain.hours;
}
