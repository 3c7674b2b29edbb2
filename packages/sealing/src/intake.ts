// Credential intake: the owner's client seals credentials to the worker's attested key, and the
// gateway carries ciphertext only. HPKE (RFC 9180), base mode, single shot, suite DHKEM(X25519,
// HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The ciphertext is bound to owner, venue and account:
// replayed under another identity it does not open. Base mode authenticates no sender: that the
// owner sent it is the gateway's token, and an older message of the same owner and account opens
// again. Runs in browsers too: no node: imports. Sealed messages are untrusted.
//
// magic "TRI" (3) | version 1 (1) | encapsulated key (32) | ciphertext with tag

import {
  AEAD_AES_256_GCM,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type Key,
} from 'hpke';
import { RecordError } from '@track-record/errors';
import { contextBytes, lengthPrefixed } from './context.ts';
import { Secret } from './secret.ts';

export { Secret } from './secret.ts';

const suite: CipherSuite = new CipherSuite(
  KEM_DHKEM_X25519_HKDF_SHA256,
  KDF_HKDF_SHA256,
  AEAD_AES_256_GCM,
);
const INFO = new TextEncoder().encode('track-record/v1/intake');
const MAGIC_AND_VERSION = Uint8Array.of(0x54, 0x52, 0x49, 0x01);
const PUBLIC_KEY_SIZE_BYTES = 32;
const TAG_SIZE_BYTES = 16;
const HEADER_SIZE_BYTES = MAGIC_AND_VERSION.length + PUBLIC_KEY_SIZE_BYTES;
const MESSAGE_SIZE_BYTES_MIN = HEADER_SIZE_BYTES + TAG_SIZE_BYTES;
/** A login has a few fields, the largest a PEM key of 3 KB; the intake table has this bound too. */
const MESSAGE_SIZE_BYTES_MAX = 16 * 1024;
const FIELDS_MAX = 16;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9]{0,31}$/;

export interface IntakeIdentity {
  readonly accountId: string;
  readonly ownerId: string;
  readonly venue: string;
}

export interface IntakeKeyPair {
  /** 32 bytes, raw X25519: what the evidence binds. */
  readonly publicKey: Uint8Array;
  /** Not extractable. */
  readonly privateKey: Key;
}

/** The same pair for the same seed (RFC 9180, 7.1.3). The caller wipes the seed. */
export async function intakeKeyPair(seed: Secret): Promise<IntakeKeyPair> {
  const ikm = seed.open((bytes) => bytes.slice());
  try {
    const { publicKey, privateKey } = await suite.DeriveKeyPair(ikm, false);
    return { publicKey: await suite.SerializePublicKey(publicKey), privateKey };
  } finally {
    ikm.fill(0);
  }
}

/** For the owner's client, once it verified the evidence. ENVELOPE_MALFORMED: out of bounds. */
export async function sealIntake(
  publicKey: Uint8Array,
  identity: IntakeIdentity & { readonly fields: Readonly<Record<string, string>> },
): Promise<Uint8Array> {
  const plaintext = encodeFields(identity.fields);
  const recipient = await suite.DeserializePublicKey(publicKey);
  const sealed = await suite.Seal(recipient, plaintext, {
    info: INFO,
    aad: identityBytes(identity),
  });
  plaintext.fill(0);
  const message = new Uint8Array(HEADER_SIZE_BYTES + sealed.ciphertext.length);
  message.set(MAGIC_AND_VERSION);
  message.set(sealed.encapsulatedSecret, MAGIC_AND_VERSION.length);
  message.set(sealed.ciphertext, HEADER_SIZE_BYTES);
  return message;
}

/** Field name to value; the caller wipes each. ENVELOPE_MALFORMED, ENVELOPE_REFUSED. */
export async function openIntake(
  privateKey: Key,
  message: Uint8Array,
  identity: IntakeIdentity,
): Promise<Map<string, Secret>> {
  const known = MAGIC_AND_VERSION.every((byte, index) => message[index] === byte);
  if (
    !known ||
    message.length < MESSAGE_SIZE_BYTES_MIN ||
    message.length > MESSAGE_SIZE_BYTES_MAX
  ) {
    throw new RecordError('ENVELOPE_MALFORMED');
  }
  const encapsulated = message.slice(MAGIC_AND_VERSION.length, HEADER_SIZE_BYTES);
  const options = { info: INFO, aad: identityBytes(identity) };
  let plaintext: Uint8Array;
  try {
    plaintext = await suite.Open(
      privateKey,
      encapsulated,
      message.slice(HEADER_SIZE_BYTES),
      options,
    );
  } catch (cause) {
    // An all-zero or low-order encapsulated key ends here too (RFC 9180, 7.1.4).
    throw new RecordError('ENVELOPE_REFUSED', { cause });
  }
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
  if (!allowed || !counted || bytes.length > MESSAGE_SIZE_BYTES_MAX - MESSAGE_SIZE_BYTES_MIN) {
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
