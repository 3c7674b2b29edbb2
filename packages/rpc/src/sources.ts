// What the worker gives the door, and what a client gets out of it: the same shapes on both sides.
// Times are integer milliseconds UTC, ratios are decimal strings, `null` means that there is none.

import type { Code } from '@track-record/errors';
import type {
  FigureName,
  FigureReason,
  HourStatus,
  Provenance,
  ReturnPeriod,
} from './generated/trackrecord/v1/results.ts';
import type { AccountState } from './generated/trackrecord/v1/status.ts';

/** The names of a generated enum, as the rest of the house writes them. */
type NamesOf<Literals> = Lowercase<Exclude<keyof Literals & string, 'UNSPECIFIED'>>;

export type AccountStateName = NamesOf<typeof AccountState>;
/** With `_` where the key of `track-record metrics` has a point. */
export type FigureKey = NamesOf<typeof FigureName>;
export type FigureReasonName = NamesOf<typeof FigureReason>;
export type ReturnPeriodName = NamesOf<typeof ReturnPeriod>;

export interface AccountStatus {
  readonly accountId: string;
  readonly state: AccountStateName;
  /** Start of the latest signed hour. */
  readonly lastHourMs: number | null;
  readonly hoursMissing: number;
  readonly code: Code | null;
  readonly syncing: boolean;
  /** Of the latest released hour. */
  readonly coverage: string | null;
  /** Jobs of the queue before the account's own; 1000 means that or more, null that none waits. */
  readonly queuePosition: number | null;
  /** Null when no more than the latest hour is missing. */
  readonly backfill: Backfill | null;
}

export interface Backfill {
  readonly hoursTotal: number;
  readonly hoursDone: number;
  /** Rounded down. */
  readonly percent: number;
}

/** One hour is missing from the moment it is final until it is signed: that is no backfill. */
export function backfillOf(hoursDue: number | null, hoursMissing: number): Backfill | null {
  if (hoursDue === null || hoursDue <= 0 || hoursMissing <= 1) return null;
  const hoursDone = Math.max(0, hoursDue - hoursMissing);
  return { hoursTotal: hoursDue, hoursDone, percent: Math.floor((100 * hoursDone) / hoursDue) };
}

export interface OwnedStatus extends AccountStatus {
  readonly ownerId: string;
}

export interface HourlyReturn {
  readonly hourMs: number;
  readonly status: NamesOf<typeof HourStatus>;
  /**
   * One word of a closed vocabulary (`RETURNS_NAV_NOT_POSITIVE`); any other form is refused as a
   * bug.
   */
  readonly reason: string | null;
  readonly hourlyReturn: string | null;
  readonly coverage: string;
  readonly provenance: NamesOf<typeof Provenance>;
  readonly sequence: number;
  readonly statementHash: Uint8Array;
}

/** A calendar period in UTC, compounded from the hours in it that have a return. */
export interface PeriodReturn {
  readonly startMs: number;
  readonly hours: number;
  readonly periodReturn: string | null;
  /** Why there is no return. */
  readonly reason: FigureReasonName | null;
}

export interface MonthlyTable {
  readonly months: readonly PeriodReturn[];
  readonly years: readonly PeriodReturn[];
}

export interface Figure {
  readonly name: FigureKey;
  readonly value: string | null;
  readonly reason: FigureReasonName | null;
}

export interface Metrics {
  readonly figures: readonly Figure[];
  readonly returns: number;
  readonly hoursWithoutReturn: number;
}

export interface SignedStatement {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** With its number, which the statement itself says too. */
export interface NumberedStatement extends SignedStatement {
  readonly sequence: number;
}

export interface AttestationEvidence {
  readonly evidenceFormat: string;
  readonly evidence: Uint8Array;
  readonly insecure: boolean;
  readonly signingPublicKey: Uint8Array;
  readonly intakePublicKey: Uint8Array;
  readonly tlsSpkiSha256: Uint8Array;
  /** Empty when no nonce was given. */
  readonly nonceSignature: Uint8Array;
}

/** How many shares are here, of how many that are needed. */
export interface ShareProgress {
  readonly held: number;
  readonly threshold: number;
}

export const COMPONENTS = ['database', 'queue', 'scheduler', 'attestation', 'key'] as const;
export type Component = (typeof COMPONENTS)[number];
/** Whether each component works now. `scheduler`: hours that fall due are noticed in time. */
export type ComponentHealth = Readonly<Record<Component, boolean>>;

/** The released record of an account as it was when its chain ended with statement `head`. */
export interface RecordWindow {
  readonly accountId: string;
  /** Half-open, by the start of the hour. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The first statement wanted, for who goes on behind another. */
  readonly fromSequence: number;
  readonly head: number;
}

/**
 * Where the door gets its answers. Arguments have been checked; a failure is a RecordError, or a
 * bug. Lists come page by page, none of them empty, each read when it is asked for; their iterators
 * are returned as soon as the caller is gone.
 */
export interface RpcSources {
  /** All accounts of these owners, by account id. */
  statusOf(ownerIds: readonly string[]): Promise<readonly OwnedStatus[]>;
  /**
   * The number of the account's last released statement, -1 before the first. ACCOUNT_UNKNOWN when
   * there is no such account of this owner; null: whoever owns it.
   */
  headOf(ownerId: string | null, accountId: string): Promise<number>;
  /** Oldest first. */
  hourlyReturns(window: RecordWindow): AsyncIterable<readonly HourlyReturn[]>;
  /** By sequence. */
  statements(window: RecordWindow): AsyncIterable<readonly NumberedStatement[]>;
  /** The UTC days that start in the window, oldest first. */
  dailyReturns(window: RecordWindow): AsyncIterable<readonly PeriodReturn[]>;
  monthlyTable(window: RecordWindow): Promise<MonthlyTable>;
  metrics(window: RecordWindow, period: ReturnPeriodName): Promise<Metrics>;
  /** The signed note; LOG_EMPTY before the first one. */
  checkpoint(): Promise<Uint8Array>;
  /** `fresh`: asks for new evidence, which is rationed among all callers. */
  attestation(nonce: Uint8Array, fresh?: boolean): Promise<AttestationEvidence>;
  health(): Promise<ComponentHealth>;
  submitShare(holder: string, sealedShare: Uint8Array): Promise<ShareProgress>;
  /**
   * The master key, sealed to the enclave of the evidence, which must be of the release whose
   * signed manifest comes with it; and the key before it, as long as that is held.
   */
  handOver(evidence: Uint8Array, release: Uint8Array): Promise<readonly Uint8Array[]>;
}
