// The one form of everything sealed at rest: AES-256-GCM (NIST SP 800-38D) with a random 96-bit
// nonce and the full 128-bit tag. It answers "was this sealed under this key for this context", not
// "is it the newest": a database can still hand back an older envelope of the same context.
// Envelopes come from the database and are untrusted.
//
// magic "TRE" (3) | version 1 (1) | key id (8) | nonce (12) | ciphertext | tag (16)
//
// The header up to the key id is authenticated together with the context.

import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { RecordError } from '@track-record/errors';
import type { Secret } from './secret.ts';

const MAGIC_AND_VERSION = Uint8Array.of(0x54, 0x52, 0x45, 0x01);
const KEY_ID_SIZE_BYTES = 8;
const NONCE_SIZE_BYTES = 12;
/** Node accepts a 4-byte tag unless told otherwise, and that can be forged (field-lessons S8). */
const TAG_SIZE_BYTES = 16;
const HEADER_SIZE_BYTES = MAGIC_AND_VERSION.length + KEY_ID_SIZE_BYTES;
const OVERHEAD_SIZE_BYTES = HEADER_SIZE_BYTES + NONCE_SIZE_BYTES + TAG_SIZE_BYTES;
/** Far above the largest segment; it bounds what one hostile row can make us allocate. */
const ENVELOPE_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** Random bytes from the composition root; tests pass a counter. */
export type RandomBytes = (sizeBytes: number) => Uint8Array;

export interface SealingKey {
  /** 16 hex digits: the id of the master key or account root this key descends from. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Secret;
}

export function seal(
  key: SealingKey,
  plaintext: Uint8Array,
  context: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  if (plaintext.length > ENVELOPE_SIZE_BYTES_MAX - OVERHEAD_SIZE_BYTES) {
    throw new RecordError('ENVELOPE_MALFORMED');
  }
  const header = Buffer.concat([MAGIC_AND_VERSION, Buffer.from(key.id, 'hex')]);
  const nonce = random(NONCE_SIZE_BYTES);
  // GCM takes a nonce of any length; 13 days of credentials were lost to another one (R48).
  assert.equal(nonce.length, NONCE_SIZE_BYTES);
  return key.secret.open((bytes) => {
    const cipher = createCipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_SIZE_BYTES });
    cipher.setAAD(Buffer.concat([header, context]));
    const ciphertext = [cipher.update(plaintext), cipher.final()];
    return new Uint8Array(Buffer.concat([header, nonce, ...ciphertext, cipher.getAuthTag()]));
  });
}

/** The plaintext. ENVELOPE_MALFORMED, KEY_UNKNOWN (another key id), ENVELOPE_REFUSED. */
export function open(key: SealingKey, envelope: Uint8Array, context: Uint8Array): Uint8Array {
  if (envelopeKeyId(envelope) !== key.id) throw new RecordError('KEY_UNKNOWN');
  const header = envelope.subarray(0, HEADER_SIZE_BYTES);
  const nonce = envelope.subarray(HEADER_SIZE_BYTES, HEADER_SIZE_BYTES + NONCE_SIZE_BYTES);
  const ciphertext = envelope.subarray(HEADER_SIZE_BYTES + NONCE_SIZE_BYTES, -TAG_SIZE_BYTES);
  return key.secret.open((bytes) => {
    const cipher = createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_SIZE_BYTES });
    cipher.setAAD(Buffer.concat([header, context]));
    cipher.setAuthTag(envelope.subarray(-TAG_SIZE_BYTES));
    const plaintext = cipher.update(ciphertext);
    try {
      cipher.final();
    } catch (cause) {
      plaintext.fill(0);
      throw new RecordError('ENVELOPE_REFUSED', { cause });
    }
    return plaintext;
  });
}

/**
 * Seals, then opens what was sealed, before the caller may commit it: credentials that cannot be
 * opened were once accepted for 13 days (field-lessons R48).
 */
export function sealAndProve(
  key: SealingKey,
  plaintext: Uint8Array,
  context: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  const envelope = seal(key, plaintext, context, random);
  const opened = open(key, envelope, context);
  const same = opened.length === plaintext.length && timingSafeEqual(opened, plaintext);
  opened.fill(0);
  if (!same) throw new RecordError('ENVELOPE_REFUSED');
  return envelope;
}

/** The id of the key an envelope names, unauthenticated until `open`. ENVELOPE_MALFORMED. */
export function envelopeKeyId(envelope: Uint8Array): string {
  const known = MAGIC_AND_VERSION.every((byte, index) => envelope[index] === byte);
  if (
    !known ||
    envelope.length < OVERHEAD_SIZE_BYTES ||
    envelope.length > ENVELOPE_SIZE_BYTES_MAX
  ) {
    throw new RecordError('ENVELOPE_MALFORMED');
  }
  return Buffer.from(envelope.subarray(MAGIC_AND_VERSION.length, HEADER_SIZE_BYTES)).toString(
    'hex',
  );
}
