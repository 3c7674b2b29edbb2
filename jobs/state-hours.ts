// Step 10 of the route: hours become signed statements. An hour that is stated already is left
// alone when it says the same and restated when it does not; nothing is ever written over.

import { formatDecimal } from '@track-record/ledger';
import type { Hour } from '@track-record/returns';
import {
  formatCoverage,
  formatHour,
  residualClass,
  signStatement,
  STATEMENT_FORMAT,
  STATEMENT_METHOD,
  type SignedStatement,
  type StatementBody,
  type VerifiedStatement,
} from '@track-record/statement';
import type { Account } from '@track-record/store';
import type { Permissions } from '@track-record/venues';
import type { RouteContext } from './context.ts';

export interface StatedHour {
  readonly body: StatementBody;
  readonly signed: SignedStatement;
}

/** What a statement says beside the hour's own figures. */
export interface StatementFrame {
  readonly account: Account;
  readonly paper: boolean;
  readonly permissions: Permissions;
  /** The account's last statement so far. */
  readonly head: string;
  readonly statementCount: number;
  /** The statement that holds for an hour, by `formatHour`. */
  readonly earlier: ReadonlyMap<string, VerifiedStatement>;
}

/** The fields that make two statements of one hour the same finding. */
const findings = ['status', 'reason', 'return', 'coverage', 'residual'] as const;

export async function stateHours(
  hours: readonly Hour[],
  frame: StatementFrame,
  context: RouteContext,
): Promise<StatedHour[]> {
  const stated: StatedHour[] = [];
  const observedAt = new Date(context.now()).toISOString();
  let previous = frame.head;
  for (const hour of hours) {
    const earlier = frame.earlier.get(formatHour(hour.hour));
    const body: StatementBody = {
      ...frameOf(frame, context),
      ...findingOf(hour),
      hour: formatHour(hour.hour),
      provenance:
        earlier?.body.provenance ??
        (hour.hour >= frame.account.connectedAt ? 'observed' : 'backfilled'),
      sequence: frame.statementCount + stated.length,
      observedAt,
      restates: earlier?.hash ?? null,
      previous,
    };
    if (earlier !== undefined && findings.every((name) => body[name] === earlier.body[name])) {
      continue;
    }
    const signed = await signStatement(body, context.signingKey);
    stated.push({ body, signed });
    previous = signed.hash;
  }
  return stated;
}

function frameOf(frame: StatementFrame, context: RouteContext) {
  return {
    format: STATEMENT_FORMAT,
    account: context.master.pseudonym(frame.account.accountId),
    venue: frame.account.venue,
    paper: frame.paper,
    permissions: frame.permissions,
    method: STATEMENT_METHOD,
    reportingCurrency: frame.account.reportingCurrency,
    keyId: context.signingKey.keyId,
  } as const;
}

function findingOf(hour: Hour) {
  return {
    status: hour.status,
    reason: hour.reason,
    return: hour.return === null ? null : formatDecimal(hour.return),
    coverage: formatCoverage(hour.coverage),
    residual: residualClass(hour.residualValue, hour.navOpen),
  };
}
