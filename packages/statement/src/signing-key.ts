// Ed25519 (RFC 8032) by WebCrypto: the enclave's statement-signing key and the check of its
// signatures. Each use of bytes carries its own label, so that a signature or hash made for one
// purpose is none for another. Public keys and signatures are untrusted.

import { RecordError } from '@track-record/errors';
import { fromHex, toHex } from './text-bytes.ts';

const SEED_SIZE_BYTES = 32;
/** PKCS #8 of an Ed25519 seed is this prefix and the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');
const KEY_ID_SIZE_BYTES = 8;

export const statementLabels = {
  hash: 'track-record/v1/statement-hash\0',
  signature: 'track-record/v1/statement-signature\0',
  keyId: 'track-record/v1/statement-key-id\0',
  nonce: 'track-record/v1/nonce-signature\0',
  claim: 'track-record/v1/claim-signature\0',
} as const;

type StatementLabel = (typeof statementLabels)[keyof typeof statementLabels];

export interface SigningKey {
  /** What statements call this key: 16 hex digits of a hash of the public key. */
  readonly keyId: string;
  /** 32 bytes, raw. */
  readonly publicKey: Uint8Array;
  /** The signature over the labelled bytes of a statement: 64 bytes. */
  readonly sign: (statementBytes: Uint8Array) => Promise<Uint8Array>;
  /** The signature over the labelled bytes of a claim: 64 bytes. */
  readonly signClaim: (claimBytes: Uint8Array) => Promise<Uint8Array>;
  /** The signature over a caller's labelled nonce: that this key answers now. 64 bytes. */
  readonly signNonce: (nonce: Uint8Array) => Promise<Uint8Array>;
}

export async function signingKeyFromSeed(seed: Uint8Array): Promise<SigningKey> {
  const { publicKey, sign } = await importSeed(seed);
  return {
    keyId: await keyIdOf(publicKey),
    publicKey,
    sign: (bytes) => sign(labelled(statementLabels.signature, bytes)),
    signClaim: (bytes) => sign(labelled(statementLabels.claim, bytes)),
    signNonce: (nonce) => sign(labelled(statementLabels.nonce, nonce)),
  };
}

/** `sign` signs what it is given, without a label; 64 bytes. */
export interface Ed25519Key {
  /** 32 bytes, raw. */
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

/** The seed is copied before the first await; the caller wipes its own. */
export async function importSeed(seed: Uint8Array): Promise<Ed25519Key> {
  if (seed.length !== SEED_SIZE_BYTES) throw new RecordError('CONFIG_INVALID');
  const pkcs8 = new Uint8Array(PKCS8_PREFIX.length + SEED_SIZE_BYTES);
  pkcs8.set(PKCS8_PREFIX);
  pkcs8.set(seed, PKCS8_PREFIX.length);
  try {
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
    const verifyingKey = await crypto.subtle.getPublicKey(key, ['verify']);
    return {
      publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', verifyingKey)),
      sign: async (message) =>
        new Uint8Array(await crypto.subtle.sign('Ed25519', key, new Uint8Array(message))),
    };
  } finally {
    pkcs8.fill(0);
  }
}

export type SignatureCheck = (bytes: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/** The check for one key, of statements or claims. STATEMENT_SIGNATURE_INVALID: no Ed25519 key. */
export async function signatureCheckOf(
  publicKey: Uint8Array,
  of: 'signature' | 'claim' = 'signature',
): Promise<SignatureCheck> {
  const raw = Uint8Array.from(publicKey);
  try {
    const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    return (bytes, signature) => {
      const message = labelled(statementLabels[of], bytes);
      return crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), message);
    };
  } catch (cause) {
    throw new RecordError('STATEMENT_SIGNATURE_INVALID', { cause, place: 'publicKey' });
  }
}

export async function keyIdOf(publicKey: Uint8Array): Promise<string> {
  const digest = await labelledHash(statementLabels.keyId, publicKey);
  return toHex(digest.subarray(0, KEY_ID_SIZE_BYTES));
}

/** SHA-256(label || bytes). */
export async function labelledHash(label: StatementLabel, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', labelled(label, bytes)));
}

const encoder = new TextEncoder();
let scratch = new Uint8Array(4_096);

/**
 * Holds until the next call: WebCrypto copies a message before it returns, and a year of hours
 * would leave many thousands of them to be collected.
 */
function labelled(label: StatementLabel, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { written } = encoder.encodeInto(label, scratch);
  const length = written + bytes.length;
  if (length > scratch.length) {
    scratch = new Uint8Array(2 * length);
    return labelled(label, bytes);
  }
  scratch.set(bytes, written);
  return scratch.subarray(0, length);
}
