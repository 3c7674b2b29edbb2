// Credential intake: the owner's client seals credentials to the worker's attested key, and the
// gateway carries ciphertext only, an HPKE message of magic "TRI" (hpke-message.ts). It is bound to
// owner, venue and account: replayed under another identity it does not open. That the owner sent
// it is the gateway's token, and an older message of the same owner and account opens again. Runs
// in browsers too: no node: imports. Sealed messages are untrusted.

import { RecordError } from '@track-record/errors';
import { contextBytes, lengthPrefixed } from './context.ts';
import {
  type KeyPair,
  type MessageKind,
  messageSizeBytesMin,
  openMessage,
  sealMessage,
} from './hpke-message.ts';
import { Secret } from './secret.ts';

export { deriveKeyPair as intakeKeyPair, type KeyPair as IntakeKeyPair } from './hpke-message.ts';
export { Secret } from './secret.ts';

const KIND: MessageKind = {
  magicAndVersion: Uint8Array.of(0x54, 0x52, 0x49, 0x01),
  info: 'track-record/v1/intake',
  /** A login has a few fields, the largest a PEM key of 3 KB; the intake table has this bound. */
  sizeBytesMax: 16 * 1024,
};
const FIELDS_MAX = 16;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9]{0,31}$/;

export interface IntakeIdentity {
  readonly accountId: string;
  readonly ownerId: string;
  readonly venue: string;
}

/** For the owner's client, once it verified the evidence. ENVELOPE_MALFORMED: out of bounds. */
export async function sealIntake(
  publicKey: Uint8Array,
  identity: IntakeIdentity & { readonly fields: Readonly<Record<string, string>> },
): Promise<Uint8Array> {
  const plaintext = encodeFields(identity.fields);
  try {
    return await sealMessage(KIND, publicKey, plaintext, identityBytes(identity));
  } finally {
    plaintext.fill(0);
  }
}

/** Field name to value; the caller wipes each. ENVELOPE_MALFORMED, ENVELOPE_REFUSED. */
export async function openIntake(
  keyPair: KeyPair,
  message: Uint8Array,
  identity: IntakeIdentity,
): Promise<Map<string, Secret>> {
  const plaintext = await openMessage(KIND, keyPair, message, identityBytes(identity));
  try {
    return decodeFields(plaintext);
  } finally {
    plaintext.fill(0);
  }
}

function identityBytes(identity: IntakeIdentity): Uint8Array {
  return contextBytes([
    ['owner', identity.ownerId],
    ['venue', identity.venue],
    ['account', identity.accountId],
  ]);
}

function encodeFields(fields: Readonly<Record<string, string>>): Uint8Array {
  const encoder = new TextEncoder();
  const entries = Object.entries(fields);
  const bytes = lengthPrefixed(entries.flat().map((text) => encoder.encode(text)));
  const allowed = entries.every(
    ([name, value]) => FIELD_NAME.test(name) && value.length > 0 && value.isWellFormed(),
  );
  const counted = entries.length > 0 && entries.length <= FIELDS_MAX;
  if (!allowed || !counted || bytes.length > KIND.sizeBytesMax - messageSizeBytesMin) {
    throw new RecordError('ENVELOPE_MALFORMED');
  }
  return bytes;
}

/** Reads without making strings of the values, so that they can be wiped. */
function decodeFields(plaintext: Uint8Array): Map<string, Secret> {
  const fields = new Map<string, Secret>();
  let rest = plaintext;
  while (rest.length > 0) {
    const name = new TextDecoder().decode(takeField());
    const value = takeField();
    if (!FIELD_NAME.test(name) || fields.has(name) || value.length === 0) malformed();
    if (fields.size === FIELDS_MAX) malformed();
    fields.set(name, new Secret(value.slice()));
  }
  if (fields.size === 0) malformed();
  return fields;

  function takeField(): Uint8Array {
    if (rest.length < 4) malformed();
    const size = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
    if (size > rest.length - 4) malformed();
    const field = rest.subarray(4, 4 + size);
    rest = rest.subarray(4 + size);
    return field;
  }

  function malformed(): never {
    for (const secret of fields.values()) secret.wipe();
    throw new RecordError('ENVELOPE_MALFORMED');
  }
}
