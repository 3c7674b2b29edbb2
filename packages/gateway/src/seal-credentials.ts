// Credentials leave their owner's hands only sealed to an enclave that the owner's client verified
// itself. Best called in the owner's own browser, where this runs too: no node: imports. A gateway
// that calls it has seen the credentials. Evidence is untrusted; the policy must not come from
// whoever hands the evidence over.

import { sealIntake } from '@track-record/sealing/intake';
import { verifyEvidence, type EvidenceOptions } from './verify-evidence.ts';

export interface Credentials {
  /** As given to `connectAccount`; the envelope opens under no other. */
  readonly accountId: string;
  readonly ownerId: string;
  readonly venue: string;
  /** What the venue needs, for instance `apiKey` and `secret`. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * For `connectAccount` and `rotateCredentials`. Nothing is sealed to evidence that `verifyEvidence`
 * refuses. ENVELOPE_MALFORMED: a field is out of bounds.
 */
export async function sealCredentials(
  evidence: unknown,
  policy: unknown,
  credentials: Credentials,
  options: EvidenceOptions,
): Promise<Uint8Array> {
  const { binding } = await verifyEvidence(evidence, policy, options);
  return await sealIntake(binding.intakePublicKey, credentials);
}
