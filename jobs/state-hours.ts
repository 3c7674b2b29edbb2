// Step 10 of the route: hours become signed statements. An hour that is stated already is left
// alone when it says the same and restated when it does not; nothing is ever written over.

import { RecordError } from '@track-record/errors';
import {
  disclosureOf,
  formatCoverage,
  formatHour,
  MERGED,
  NO_PREVIOUS,
  NO_RUN,
  residualClass,
  signStatement,
  STATEMENT_FORMAT,
  STATEMENT_METHOD,
  tellHour,
  toldAtOf,
  verifyChain,
  type Chain,
  type SignedStatement,
  type StatementBody,
  type UnverifiedStatement,
} from '@track-record/statement';
import { loadStatements } from '@track-record/store';
import type { AccountState } from './account-state.ts';
import type { RouteContext } from './context.ts';
import type { Derivation } from './derive-hours.ts';
import { startOfHour } from './hour.ts';
import type { Subject } from './subject.ts';

export interface StatedHour {
  readonly body: StatementBody;
  readonly signed: SignedStatement;
}

/** What an account's statements carry on from one to the next. */
export type Carried = Pick<AccountState, 'run' | 'connected'>;

export interface Stated extends Carried {
  readonly hours: readonly StatedHour[];
}

/** What the venue said of itself and the key, at this synchronisation or at the last one. */
export type VenueSays = Pick<AccountState, 'paper' | 'permissions'>;

/** The fields that make two statements of one hour the same finding. */
const findings = ['status', 'reason', 'return', 'coverage', 'residual'] as const;

/** STORE_ROW_UNTRUSTED when accounts of the owner are gone that were stated before. */
export async function stateHours(
  { report: { hours }, entries }: Derivation,
  { account, state }: Subject,
  { paper, permissions }: VenueSays,
  context: RouteContext,
): Promise<Stated> {
  const { signingKey, root } = context;
  const { connected, ended, ordinal, restarts } = account;
  if (state !== null && connected < state.connected) throw new RecordError('STORE_ROW_UNTRUSTED');
  const pseudonymOfOwner = root.pseudonym(account.ownerId, 'owner');
  const owner = { connected, ended, ordinal, restarts, pseudonym: pseudonymOfOwner };
  const fills = Map.groupBy(
    entries.filter(({ kind }) => kind === 'fill'),
    ({ at }) => startOfHour(at),
  );
  const replayed = state !== null && hours.some(({ hour }) => hour < state.checkpoint.asOf);
  const before = replayed ? await statedBefore(state, account.accountId, context) : [];
  const statementOf = new Map(before.map((statement) => [statement.body.hour, statement]));
  const toldAt = toldAtOf([...statementOf.values()].map(({ body }) => body));
  const pseudonym = root.pseudonym(account.accountId);
  const chosen = disclosureOf(account);
  const observedAt = new Date(context.now()).toISOString();
  const stated: StatedHour[] = [];
  let run = replayed ? NO_RUN : (state?.run ?? NO_RUN);
  for (const hour of hours) {
    const earlier = statementOf.get(formatHour(hour.hour));
    const disclosure = earlier?.body.disclosure ?? chosen;
    const sequence = (state === null ? 0 : state.statementCount) + stated.length;
    const traded = { ...hour, fills: (fills.get(hour.hour) ?? []).length };
    const known = earlier && { ...earlier.body, toldAt: toldAt.get(hour.hour) ?? null };
    const told = tellHour(run, traded, disclosure, known);
    run = told.run;
    const body: StatementBody = {
      format: STATEMENT_FORMAT,
      account: pseudonym,
      venue: account.venue,
      paper,
      hour: formatHour(hour.hour),
      since: formatHour(startOfHour(account.historyFrom)),
      sequence,
      status: hour.status,
      // A carried price leaves an hour its return: of that hour the status says it.
      reason: hour.return === null ? hour.reason : told.return === null ? MERGED : null,
      return: told.return,
      spans: told.spans,
      coverage: formatCoverage(hour.coverage),
      residual: residualClass(hour.residualValue, hour.navOpen),
      provenance:
        earlier?.body.provenance ?? (hour.hour >= account.connectedAt ? 'observed' : 'backfilled'),
      permissions,
      method: STATEMENT_METHOD,
      reportingCurrency: account.reportingCurrency,
      disclosure,
      owner,
      salt: root.pseudonym(`${account.accountId}/${sequence}`, 'statement'),
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
  return { hours: stated, run, connected };
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
  for await (const row of loadStatements(context.db, accountId, -Infinity, Infinity, 'all')) {
    statements.push({ bytes: row.body, signature: row.signature });
  }
  if (statements.length !== state.statementCount) throw new RecordError('STORE_ROW_UNTRUSTED');
  if (statements.length === 0) return [];
  const chain = await verifyChain(statements, context.signingKey.publicKey);
  if (chain.head !== state.head) throw new RecordError('STORE_ROW_UNTRUSTED');
  return chain.hours;
}
