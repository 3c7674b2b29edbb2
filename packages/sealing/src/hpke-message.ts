// A message that only the holder of an attested key can open: HPKE (RFC 9180), base mode, single
// shot, suite DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Each kind has its own magic and
// its own `info`, so that a message of one kind is never taken for another. Base mode authenticates
// no sender. Runs in browsers too: no node: imports. Messages are untrusted.
//
// magic (3) | version 1 (1) | encapsulated key (32) | ciphertext with tag

import {
  AEAD_AES_256_GCM,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type Key,
} from 'hpke';
import { RecordError } from '@track-record/errors';
import type { Secret } from './secret.ts';

const suite: CipherSuite = new CipherSuite(
  KEM_DHKEM_X25519_HKDF_SHA256,
  KDF_HKDF_SHA256,
  AEAD_AES_256_GCM,
);
const MAGIC_SIZE_BYTES = 4;
const PUBLIC_KEY_SIZE_BYTES = 32;
const TAG_SIZE_BYTES = 16;
const HEADER_SIZE_BYTES = MAGIC_SIZE_BYTES + PUBLIC_KEY_SIZE_BYTES;
export const messageSizeBytesMin = HEADER_SIZE_BYTES + TAG_SIZE_BYTES;

export interface MessageKind {
  readonly magicAndVersion: Uint8Array;
  readonly info: string;
  /** The most that one hostile message can make us decrypt. */
  readonly sizeBytesMax: number;
}

export interface KeyPair {
  /** 32 bytes, raw X25519: what the evidence binds. */
  readonly publicKey: Uint8Array;
  /** Not extractable. */
  readonly privateKey: Key;
}

/** The same pair for the same seed (RFC 9180, 7.1.3). The caller wipes the seed. */
export async function deriveKeyPair(seed: Secret): Promise<KeyPair> {
  return await seed.openCopy(async (ikm) => {
    const { publicKey, privateKey } = await suite.DeriveKeyPair(ikm, false);
    return { publicKey: await suite.SerializePublicKey(publicKey), privateKey };
  });
}

/** ENVELOPE_REFUSED when the key is none that anything can be sealed to. */
export async function sealMessage(
  kind: MessageKind,
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  const options = { info: new TextEncoder().encode(kind.info), aad };
  try {
    const recipient = await suite.DeserializePublicKey(publicKey);
    const sealed = await suite.Seal(recipient, plaintext, options);
    const message = new Uint8Array(HEADER_SIZE_BYTES + sealed.ciphertext.length);
    message.set(kind.magicAndVersion);
    message.set(sealed.encapsulatedSecret, MAGIC_SIZE_BYTES);
    message.set(sealed.ciphertext, HEADER_SIZE_BYTES);
    return message;
  } catch (cause) {
    throw new RecordError('ENVELOPE_REFUSED', { cause });
  }
}

/** The plaintext, which the caller wipes. ENVELOPE_MALFORMED, ENVELOPE_REFUSED. */
export async function openMessage(
  kind: MessageKind,
  { publicKey, privateKey }: KeyPair,
  message: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  const isKnown = kind.magicAndVersion.every((byte, index) => message[index] === byte);
  if (!isKnown || message.length < messageSizeBytesMin || message.length > kind.sizeBytesMax) {
    throw new RecordError('ENVELOPE_MALFORMED');
  }
  const encapsulated = message.slice(MAGIC_SIZE_BYTES, HEADER_SIZE_BYTES);
  const options = { info: new TextEncoder().encode(kind.info), aad };
  try {
    // Not every browser finds the public half of a key that is not extractable.
    const keys = { privateKey, publicKey: await suite.DeserializePublicKey(publicKey) };
    return await suite.Open(keys, encapsulated, message.slice(HEADER_SIZE_BYTES), options);
  } catch (cause) {
    // An all-zero or low-order encapsulated key ends here too (RFC 9180, 7.1.4).
    throw new RecordError('ENVELOPE_REFUSED', { cause });
  }
}
