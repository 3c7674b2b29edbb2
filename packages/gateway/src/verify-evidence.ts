// Does evidence come from the enclave that is wanted? As `track-record evidence verify` answers it,
// in Node and in a browser. Evidence is untrusted; the policy must not come from whoever hands the
// evidence over.

import {
  amdTrustAnchors,
  parseEvidence,
  parsePolicy,
  verifyEvidence as verifyUnverified,
  type TrustAnchors,
  type VerifiedEvidence,
} from '@track-record/attestation';

export interface EvidenceOptions {
  /** Milliseconds UTC: certificates have dates. */
  readonly now: number;
  /** AMD's pinned roots when left out. */
  readonly trustAnchors?: TrustAnchors;
}

/**
 * The keys that hardware vouches for. `evidence` is the enclave's answer as JSON, `policy` as in
 * `track-record evidence verify`: at least the measurements that are expected. Development evidence
 * is always refused. EVIDENCE_MALFORMED, REPORT_MALFORMED, CHAIN_INVALID, SIGNATURE_INVALID,
 * POLICY_*.
 */
export async function verifyEvidence(
  evidence: unknown,
  policy: unknown,
  { now, trustAnchors = amdTrustAnchors }: EvidenceOptions,
): Promise<VerifiedEvidence> {
  const expected = parsePolicy(policy, 'refuse');
  return await verifyUnverified(parseEvidence(evidence), trustAnchors, expected, now);
}
