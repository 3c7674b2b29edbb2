// What the worker gives the door, and what a client gets out of it: the same shapes on both sides.
// Times are integer milliseconds UTC, ratios are decimal strings, `null` means that there is none.

import type { Code } from '@track-record/errors';
import type { HourStatus, Provenance } from './generated/trackrecord/v1/results.ts';
import type { AccountState } from './generated/trackrecord/v1/status.ts';

/** The names of a generated enum, as the rest of the house writes them. */
type NamesOf<Literals> = Lowercase<Exclude<keyof Literals & string, 'UNSPECIFIED'>>;

export type AccountStateName = NamesOf<typeof AccountState>;

export interface AccountStatus {
  readonly accountId: string;
  readonly state: AccountStateName;
  /** Start of the latest signed hour. */
  readonly lastHourMs: number | null;
  readonly hoursMissing: number;
  readonly code: Code | null;
  readonly syncing: boolean;
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

export interface SignedStatement {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
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

export const COMPONENTS = ['database', 'queue', 'attestation', 'key'] as const;
export type Component = (typeof COMPONENTS)[number];
/** Whether each component works now. */
export type ComponentHealth = Readonly<Record<Component, boolean>>;

/**
 * Where the door gets its answers. Arguments have been checked; a failure is a RecordError, or a
 * bug.
 */
export interface RpcSources {
  statusOf(ownerId: string, accountId: string | null): Promise<readonly AccountStatus[]>;
  /**
   * Hours in [fromMs, toMs), oldest first. The iterator is returned as soon as the caller is gone.
   */
  hourlyReturns(accountId: string, fromMs: number, toMs: number): AsyncIterable<HourlyReturn>;
  statements(accountId: string, fromMs: number, toMs: number): AsyncIterable<SignedStatement>;
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
