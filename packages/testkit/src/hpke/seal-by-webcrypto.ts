// An HPKE sender of its own, written from RFC 9180 sections 4 and 5 over WebCrypto alone, for the
// suite of docs/unseal.md and base mode only: what an owner's client may be made of.

import { webcrypto } from 'node:crypto';

/** HKDF-Extract without a salt uses a hash length of zeros (RFC 5869, 2.2). */
const NO_SALT = Buffer.alloc(32);
const KEM = Buffer.from('KEM\0\x20');
const SUITE = Buffer.from('HPKE\0\x20\0\x01\0\x02');

export interface WebCryptoMessage {
  readonly publicKey: Uint8Array;
  /** Four bytes in front. */
  readonly magic: string;
  readonly info: string;
  /** Name and value. */
  readonly context: readonly (readonly [string, string])[];
  readonly plaintext: Uint8Array;
}

export async function sealByWebCrypto(message: WebCryptoMessage): Promise<Buffer> {
  const { subtle } = webcrypto;
  const ephemeral = await subtle.generateKey('X25519', true, ['deriveBits']);
  if (!('privateKey' in ephemeral)) throw new Error('X25519 makes key pairs.');
  const publicKey = Buffer.from(message.publicKey);
  const recipient = await subtle.importKey('raw', publicKey, 'X25519', true, []);
  const enc = Buffer.from(await subtle.exportKey('raw', ephemeral.publicKey));
  const agreement = { name: 'X25519', public: recipient };
  const dh = await subtle.deriveBits(agreement, ephemeral.privateKey, 256);

  const eaePrk = await labeledExtract(KEM, NO_SALT, 'eae_prk', Buffer.from(dh));
  const kemContext = Buffer.concat([enc, publicKey]);
  const shared = await labeledExpand(KEM, eaePrk, 'shared_secret', kemContext, 32);

  const schedule = Buffer.concat([
    Buffer.of(0),
    await labeledExtract(SUITE, NO_SALT, 'psk_id_hash', Buffer.alloc(0)),
    await labeledExtract(SUITE, NO_SALT, 'info_hash', Buffer.from(message.info)),
  ]);
  const secret = await labeledExtract(SUITE, shared, 'secret', Buffer.alloc(0));
  const key = await labeledExpand(SUITE, secret, 'key', schedule, 32);
  const iv = await labeledExpand(SUITE, secret, 'base_nonce', schedule, 12);
  const aes = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const additionalData = prefixed(message.context.flat());
  const gcm = { name: 'AES-GCM', iv, additionalData };
  const sealed = await subtle.encrypt(gcm, aes, Buffer.from(message.plaintext));
  return Buffer.concat([Buffer.from(message.magic, 'latin1'), enc, Buffer.from(sealed)]);
}

/** Each text after its length in four bytes, big endian. */
export function prefixed(texts: readonly string[]): Buffer<ArrayBuffer> {
  const parts = texts.flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return [length, Buffer.from(text)];
  });
  return Buffer.concat(parts);
}

function labeledExtract(suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Promise<Buffer> {
  const labeled = Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm]);
  return hmac(salt, labeled);
}

/** One block of HKDF-Expand is enough for every length this suite asks for. */
async function labeledExpand(
  suite: Buffer,
  prk: Buffer,
  label: string,
  info: Buffer,
  size: number,
): Promise<Buffer> {
  const labeled = [Buffer.of(0, size), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info];
  return (await hmac(prk, Buffer.concat([...labeled, Buffer.of(1)]))).subarray(0, size);
}

async function hmac(key: Buffer, message: Buffer): Promise<Buffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await webcrypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return Buffer.from(await webcrypto.subtle.sign('HMAC', imported, message));
}
