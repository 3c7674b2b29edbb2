// Domain values to protobuf messages. A string that is not of its closed form stops the call: a
// defect elsewhere must not turn this door into a channel for free text.

import assert from 'node:assert';
import type { GetAttestationResponse } from './generated/trackrecord/v1/attestation.ts';
import {
  FigureName,
  FigureReason,
  HourStatus,
  Provenance,
  type Figure as WireFigure,
  type HourlyReturn as WireHour,
  type PeriodReturn as WirePeriod,
  type SignedStatement as WireStatement,
} from './generated/trackrecord/v1/results.ts';
import {
  AccountState,
  type AccountStatus as WireAccount,
} from './generated/trackrecord/v1/status.ts';
import type {
  AccountStatus,
  AttestationEvidence,
  Figure,
  HourlyReturn,
  PeriodReturn,
  SignedStatement,
} from './sources.ts';

/** A ratio or a figure as we print it: up to 10^300, and a runaway number fills no message. */
export const RATIO = /^-?\d{1,301}(\.\d{1,50})?$/;
/** One word of a vocabulary of ours. */
export const WORD = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** Name and version of a format. */
const FORMAT = /^[a-z][a-z0-9-]{0,62}\/[0-9]{1,4}$/;

export function accountToWire(account: AccountStatus): WireAccount {
  return {
    accountId: account.accountId,
    state: literalOf(AccountState, account.state),
    lastHourMs: account.lastHourMs === null ? undefined : BigInt(account.lastHourMs),
    hoursMissing: account.hoursMissing,
    code: account.code ?? undefined,
    syncing: account.syncing,
    coverage: ratioOf(account.coverage),
    queuePosition: account.queuePosition ?? undefined,
    backfill: account.backfill ?? undefined,
  };
}

export function hourToWire(hour: HourlyReturn): WireHour {
  assert(hour.reason === null || WORD.test(hour.reason));
  assert(RATIO.test(hour.coverage));
  return {
    hourMs: BigInt(hour.hourMs),
    status: literalOf(HourStatus, hour.status),
    reason: hour.reason ?? undefined,
    hourlyReturn: ratioOf(hour.hourlyReturn),
    coverage: hour.coverage,
    provenance: literalOf(Provenance, hour.provenance),
    sequence: BigInt(hour.sequence),
    statementHash: Buffer.from(hour.statementHash),
  };
}

export function periodToWire(period: PeriodReturn): WirePeriod {
  return {
    startMs: BigInt(period.startMs),
    hours: period.hours,
    periodReturn: ratioOf(period.periodReturn),
    reason: period.reason === null ? undefined : literalOf(FigureReason, period.reason),
  };
}

export function figureToWire({ name, value, reason }: Figure): WireFigure {
  return {
    name: literalOf(FigureName, name),
    value: ratioOf(value),
    reason: reason === null ? undefined : literalOf(FigureReason, reason),
  };
}

export function statementToWire(statement: SignedStatement): WireStatement {
  return { body: Buffer.from(statement.body), signature: Buffer.from(statement.signature) };
}

export function evidenceToWire(evidence: AttestationEvidence): GetAttestationResponse {
  assert(FORMAT.test(evidence.evidenceFormat));
  return {
    evidenceFormat: evidence.evidenceFormat,
    evidence: Buffer.from(evidence.evidence),
    insecure: evidence.insecure,
    signingPublicKey: Buffer.from(evidence.signingPublicKey),
    intakePublicKey: Buffer.from(evidence.intakePublicKey),
    tlsSpkiSha256: Buffer.from(evidence.tlsSpkiSha256),
    nonceSignature: Buffer.from(evidence.nonceSignature),
  };
}

function ratioOf(text: string | null): string | undefined {
  assert(text === null || RATIO.test(text));
  return text ?? undefined;
}

/** A generated enum names our words in capitals. */
function literalOf<Literal extends number>(
  literals: Readonly<Record<string, Literal>>,
  word: string,
): Literal {
  const literal = literals[word.toUpperCase()];
  assert(literal !== undefined && literal !== 0);
  return literal;
}
