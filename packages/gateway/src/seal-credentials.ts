// Credentials leave their owner's hands only sealed to the enclave. Best called in the owner's own
// browser; a gateway that calls it has seen the credentials. The key must come out of evidence that
// was verified.

import { sealIntake } from '@track-record/sealing/intake';

export interface Credentials {
  /** As given to `connectAccount`; the envelope opens under no other. */
  readonly accountId: string;
  readonly ownerId: string;
  readonly venue: string;
  /** What the venue needs, for instance `apiKey` and `secret`. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * For `connectAccount`. `intakePublicKey`: 32 raw bytes, X25519. ENVELOPE_MALFORMED: a field is out
 * of bounds.
 */
export async function sealCredentials(
  intakePublicKey: Uint8Array,
  credentials: Credentials,
): Promise<Uint8Array> {
  return await sealIntake(intakePublicKey, credentials);
}
