// A credential at rest: one envelope per field of an account's venue login, bound to account,
// venue, field and key id, so that a database administrator cannot move it to another account or
// field (field-lessons S8). Envelopes are untrusted.

import { contextBytes } from './context.ts';
import { open, sealAndProve, type RandomBytes } from './envelope.ts';
import type { AccountKeys } from './account-root.ts';
import { Secret } from './secret.ts';

export interface CredentialField {
  readonly venue: string;
  /** `apiKey`, `secret`, `password`: the venue's own field name. */
  readonly field: string;
}

/** Seals and proves that it opens. The caller still owns and wipes `value`. */
export function sealCredential(
  keys: AccountKeys,
  field: CredentialField,
  value: Secret,
  random: RandomBytes,
): Uint8Array {
  return value.open((bytes) =>
    sealAndProve(keys.credential, bytes, credentialContext(keys, field), random),
  );
}

/** The caller wipes it in a `finally`. ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN. */
export function openCredential(
  keys: AccountKeys,
  field: CredentialField,
  envelope: Uint8Array,
): Secret {
  return new Secret(open(keys.credential, envelope, credentialContext(keys, field)));
}

function credentialContext(keys: AccountKeys, { venue, field }: CredentialField): Uint8Array {
  return contextBytes([
    ['sealed', 'credential'],
    ['account', keys.accountId],
    ['venue', venue],
    ['field', field],
    ['keyId', keys.credential.id],
  ]);
}
