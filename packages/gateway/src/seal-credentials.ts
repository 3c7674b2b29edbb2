// Credentials leave their owner's hands only sealed to an enclave that the owner's client verified
// itself. Best called in the owner's own browser, where this runs too: no node: imports. A gateway
// that calls it has seen the credentials. Evidence is untrusted; the policy must not come from
// whoever hands the evidence over.

import {
  amdTrustAnchors,
  parseEvidence,
  parsePolicy,
  type TrustAnchors,
  verifyEvidence,
} from '@track-record/attestation';
import { sealIntake } from '@track-record/sealing/intake';

export interface Credentials {
  /** As given to `connectAccount`; the envelope opens under no other. */
  readonly accountId: string;
  readonly ownerId: string;
  readonly venue: string;
  /** What the venue needs, for instance `apiKey` and `secret`. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface SealOptions {
  /** Milliseconds UTC: certificates have dates. */
  readonly now: number;
  /** AMD's pinned roots when left out. */
  readonly trustAnchors?: TrustAnchors;
}

/**
 * For `connectAccount`. `evidence` is the enclave's answer as JSON, `policy` as in `track-record
 * evidence verify`: at least the measurements that are expected. Nothing is sealed to evidence that
 * the policy refuses, and development evidence is always refused. Errors are those of
 * verifyEvidence; ENVELOPE_MALFORMED: a field is out of bounds.
 */
export async function sealCredentials(
  evidence: unknown,
  policy: unknown,
  credentials: Credentials,
  { now, trustAnchors = amdTrustAnchors }: SealOptions,
): Promise<Uint8Array> {
  const expected = parsePolicy(policy, 'refuse');
  const { binding } = await verifyEvidence(parseEvidence(evidence), trustAnchors, expected, now);
  return await sealIntake(binding.intakePublicKey, credentials);
}
