// The key pair is checked against RFC 9180 A.1.1 (its DHKEM is ours), a fixed message against an
// independent sender in Python that reproduces A.1.1, and fresh messages against an independent
// sender made here of WebCrypto alone.

import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { sealByWebCrypto as sealByOther } from '../../testkit/src/hpke/seal-by-webcrypto.ts';
import { lengthPrefixed } from './context.ts';
import { intakeKeyPair, openIntake, sealIntake, type IntakeIdentity } from './intake.ts';
import { Secret } from './secret.ts';

/** RFC 9180, A.1.1: ikmR and pkRm. */
const SEED = '6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037';
const PUBLIC_KEY = '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d';
/** Made in Python with the ephemeral key of A.1.1. */
const MESSAGE = [
  '5452490137fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf44314e6d281b',
  '16174915898893f44b05ec6dc679bc04d183fcb6928533a1287f97009df84e46a323a2acbe5ea108',
  'e573d22695031a9509c478be08109ec9a2e6',
].join('');

const identity: IntakeIdentity = { ownerId: 'owner-1', venue: 'binance', accountId: 'account-1' };
const fields = { apiKey: 'an api key', secret: 'a secret' };
const message = Buffer.from(MESSAGE, 'hex');
const pair = await intakeKeyPair(secretOf(SEED));

function secretOf(hex: string): Secret {
  return new Secret(Uint8Array.from(Buffer.from(hex, 'hex')));
}

async function opened(sealed: Uint8Array): Promise<Record<string, string>> {
  const secrets = await openIntake(pair, sealed, identity);
  return Object.fromEntries(
    [...secrets].map(([name, value]) => [
      name,
      value.open((bytes) => Buffer.from(bytes).toString()),
    ]),
  );
}

async function codeOfWork(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return codeOf(error);
  }
  return 'opened';
}

function codeWhenOpened(sealed: Uint8Array, as = identity): Promise<string> {
  return codeOfWork(openIntake(pair, sealed, as));
}

describe('accepts', () => {
  it('derives the key pair of RFC 9180 A.1.1 from its seed', () => {
    expect(Buffer.from(pair.publicKey).toString('hex')).toBe(PUBLIC_KEY);
  });

  it('opens what Python sealed', async () => {
    expect(await opened(message)).toEqual(fields);
  });

  it('opens what WebCrypto alone sealed', async () => {
    expect(await opened(await sealByWebCrypto(encoded(fields)))).toEqual(fields);
  });

  it('opens what the client sealed', async () => {
    expect(await opened(await sealIntake(pair.publicKey, { ...identity, fields }))).toEqual(fields);
  });
});

describe('refuses', () => {
  const identities: readonly (readonly [string, IntakeIdentity])[] = [
    ['another owner', { ...identity, ownerId: 'owner-2' }],
    ['another venue', { ...identity, venue: 'okx' }],
    ['another account', { ...identity, accountId: 'account-2' }],
    [
      'a boundary moved between owner and account',
      { ...identity, ownerId: 'owner-', accountId: '1account-1' },
    ],
  ];
  it.each(identities)('S4 a-gateway-cannot-replay: under %s', async (_name, as) => {
    expect(await codeWhenOpened(message, as)).toBe('ENVELOPE_REFUSED');
  });

  it('another worker key', async () => {
    const other = await intakeKeyPair(secretOf('22'.repeat(32)));
    expect(await codeOfWork(openIntake(other, message, identity))).toBe('ENVELOPE_REFUSED');
  });

  const messages: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', Buffer.alloc(0), 'ENVELOPE_MALFORMED'],
    ['another magic', message.with(0, 1), 'ENVELOPE_MALFORMED'],
    ['another version', message.with(3, 2), 'ENVELOPE_MALFORMED'],
    ['less than a tag', message.subarray(0, 51), 'ENVELOPE_MALFORMED'],
    ['more than 16 KiB', Buffer.concat([message, Buffer.alloc(16_384)]), 'ENVELOPE_MALFORMED'],
    ['an all-zero key share', Buffer.from(message).fill(0, 4, 36), 'ENVELOPE_REFUSED'],
    ['a cut message', message.subarray(0, -1), 'ENVELOPE_REFUSED'],
  ];
  it.each(messages)('%s', async (_name, sealed, code) => {
    expect(await codeWhenOpened(sealed)).toBe(code);
  });

  it('every byte changed', async () => {
    for (let at = 0; at < message.length; at += 1) {
      const byte = (message[at] ?? 0) ^ 0x01;
      expect(await codeWhenOpened(message.with(at, byte))).not.toBe('opened');
    }
  });

  const plaintexts: readonly (readonly [string, Uint8Array])[] = [
    ['no field', Buffer.alloc(0)],
    ['a cut length', Buffer.from('000000', 'hex')],
    ['a length past the end', Buffer.from('ffffffff61', 'hex')],
    ['a name without a value', lengthPrefixed([Buffer.from('apiKey')])],
    ['an empty value', encoded({ apiKey: '' })],
    ['a name that is none', encoded({ '../apiKey': 'x' })],
    ['the same name twice', Buffer.concat([encoded({ a: 'x' }), encoded({ a: 'y' })])],
    ['seventeen fields', encoded(manyFields(17))],
  ];
  it.each(plaintexts)('sealed fields with %s', async (_name, plaintext) => {
    expect(await codeWhenOpened(await sealByWebCrypto(plaintext))).toBe('ENVELOPE_MALFORMED');
  });

  const unsealable: readonly (readonly [string, Record<string, string>])[] = [
    ['no field', {}],
    ['an empty value', { apiKey: '' }],
    ['a name that is none', { 'api key': 'x' }],
    ['an unpaired surrogate', { apiKey: '\ud800' }],
    ['seventeen fields', manyFields(17)],
    ['more than 16 KiB', { apiKey: 'x'.repeat(16_384) }],
  ];
  it.each(unsealable)('to seal %s', async (_name, refused) => {
    const sealing = sealIntake(pair.publicKey, { ...identity, fields: refused });
    expect(await codeOfWork(sealing)).toBe('ENVELOPE_MALFORMED');
  });
});

describe('holds', () => {
  it('the private key cannot be exported', async () => {
    const format = 'pkcs8';
    const privateKey = pair.privateKey as webcrypto.CryptoKey;
    await expect(webcrypto.subtle.exportKey(format, privateKey)).rejects.toThrow();
  });

  it('needs nothing of Node, so that a browser can seal', () => {
    for (const file of ['intake.ts', 'hpke-message.ts', 'context.ts', 'secret.ts']) {
      const source = readFileSync(new URL(file, import.meta.url), 'utf8');
      expect(source).not.toMatch(/from 'node:|\bBuffer\b|\bprocess\./);
    }
  });
});

function encoded(named: Readonly<Record<string, string>>): Uint8Array {
  return lengthPrefixed(
    Object.entries(named)
      .flat()
      .map((text) => Buffer.from(text)),
  );
}

function manyFields(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, 'x']));
}

/** By an HPKE sender that is not ours. */
function sealByWebCrypto(plaintext: Uint8Array): Promise<Uint8Array> {
  const { ownerId, venue, accountId } = identity;
  return sealByOther({
    publicKey: Buffer.from(PUBLIC_KEY, 'hex'),
    magic: 'TRI\x01',
    info: 'track-record/v1/intake',
    context: [
      ['owner', ownerId],
      ['venue', venue],
      ['account', accountId],
    ],
    plaintext,
  });
}
