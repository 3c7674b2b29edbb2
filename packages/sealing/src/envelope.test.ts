// Known answers were made with Python's `cryptography` 48 (AESGCM) from the layout in envelope.ts.

import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import fc from 'fast-check';
import { contextBytes } from './context.ts';
import { envelopeKeyId, open, seal, sealAndProve, type SealingKey } from './envelope.ts';
import { Secret } from './secret.ts';

const CREDENTIAL_KEY = '806c31599c101097364b20dcf595f8a4e05d6fa67b6d9c122345c5fd5b4a0999';
const ENVELOPE = [
  '545245019c8f248f53dbbd426465666768696a6b6c6d6e6fbe07e93f83a5b0ad301b5c7a26a8ec9a',
  'b46818491851978fe5cd',
].join('');
const PLAINTEXT = Buffer.from('an api key');
const NONCE = Buffer.from('6465666768696a6b6c6d6e6f', 'hex');
const TAG_SIZE_BYTES = 16;

const key = keyOf('9c8f248f53dbbd42', CREDENTIAL_KEY);
const context = contextBytes([
  ['sealed', 'credential'],
  ['account', 'account-1'],
  ['venue', 'binance'],
  ['field', 'apiKey'],
  ['keyId', '9c8f248f53dbbd42'],
]);
const envelope = Buffer.from(ENVELOPE, 'hex');

function keyOf(id: string, hex: string): SealingKey {
  return { id, secret: new Secret(Uint8Array.from(Buffer.from(hex, 'hex'))) };
}

function codeWhenOpened(bytes: Uint8Array, opener = key, under = context): string {
  try {
    open(opener, bytes, under);
  } catch (error) {
    return codeOf(error);
  }
  return 'opened';
}

function changed(offset: number, value: number): Uint8Array {
  return Uint8Array.from(envelope, (byte, at) => (at === offset ? value : byte));
}

describe('accepts', () => {
  it('opens what Python sealed', () => {
    expect(Buffer.from(open(key, envelope, context))).toEqual(PLAINTEXT);
  });

  it('seals the same bytes as Python under the same nonce', () => {
    expect(Buffer.from(seal(key, PLAINTEXT, context, () => NONCE)).toString('hex')).toBe(ENVELOPE);
    expect(Buffer.from(sealAndProve(key, PLAINTEXT, context, () => NONCE))).toEqual(envelope);
  });

  it('names its key', () => {
    expect(envelopeKeyId(envelope)).toBe('9c8f248f53dbbd42');
  });
});

describe('refuses', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['nothing', codeWhenOpened(Buffer.alloc(0)), 'ENVELOPE_MALFORMED'],
    ['another magic', codeWhenOpened(changed(0, 0x55)), 'ENVELOPE_MALFORMED'],
    ['another version', codeWhenOpened(changed(3, 2)), 'ENVELOPE_MALFORMED'],
    ['less than a tag', codeWhenOpened(envelope.subarray(0, 39)), 'ENVELOPE_MALFORMED'],
    ['a tag of 4 bytes (S8)', codeWhenOpened(envelope.subarray(0, -12)), 'ENVELOPE_MALFORMED'],
    ['a tag of 15 bytes', codeWhenOpened(envelope.subarray(0, -1)), 'ENVELOPE_REFUSED'],
    ['bytes appended', codeWhenOpened(Buffer.concat([envelope, NONCE])), 'ENVELOPE_REFUSED'],
    ['64 MiB and one', codeWhenOpened(tooLarge()), 'ENVELOPE_MALFORMED'],
    [
      'a key not held',
      codeWhenOpened(envelope, keyOf('00'.repeat(8), CREDENTIAL_KEY)),
      'KEY_UNKNOWN',
    ],
    ['another key', codeWhenOpened(envelope, keyOf(key.id, '01'.repeat(32))), 'ENVELOPE_REFUSED'],
    ['no context', codeWhenOpened(envelope, key, Buffer.alloc(0)), 'ENVELOPE_REFUSED'],
  ];
  it.each(cases)('%s', (_name, code, expected) => {
    expect(code).toBe(expected);
  });

  it('R48 one-nonce-size: to seal with a nonce of 16 bytes', () => {
    expect(() => seal(key, PLAINTEXT, context, () => new Uint8Array(16))).toThrow();
  });

  it('every single bit flipped', () => {
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const byte = (envelope[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(codeWhenOpened(changed(bit >> 3, byte))).not.toBe('opened');
    }
  });

  it('S8 no-short-tags: every truncation', () => {
    for (let size = 0; size < envelope.length; size += 1) {
      expect(codeWhenOpened(envelope.subarray(0, size))).not.toBe('opened');
    }
  });
});

describe('holds', () => {
  it('what is sealed opens, and is as long as its plaintext and a fixed overhead', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plaintext) => {
        const sealed = seal(key, plaintext, context, () => NONCE);
        expect(Buffer.from(open(key, sealed, context))).toEqual(Buffer.from(plaintext));
        expect(sealed.length).toBe(24 + plaintext.length + TAG_SIZE_BYTES);
      }),
    );
  });
});

function tooLarge(): Uint8Array {
  const bytes = new Uint8Array(64 * 1024 * 1024 + 1);
  bytes.set(envelope);
  return bytes;
}
