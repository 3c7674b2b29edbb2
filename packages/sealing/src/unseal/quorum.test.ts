// Shares against a second implementation of Shamir's scheme, written here without tables from the
// field's definition (FIPS 197, 4.2: GF(256) modulo x^8 + x^4 + x^3 + x + 1).

import { createHash, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import fc from 'fast-check';
import { parseMasterKey } from '../key-hierarchy.ts';
import { Secret } from '../secret.ts';
import { combineShares, commitmentToKey, parseQuorum, splitMasterKey } from './quorum.ts';

const MASTER_HEX = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

function secretOf(hex: string): Secret {
  return new Secret(Uint8Array.from(Buffer.from(hex, 'hex')));
}

function hexOf(secret: Secret): string {
  return secret.open((bytes) => Buffer.from(bytes).toString('hex'));
}

/** Carry-less multiplication, reduced bit by bit. */
function times(left: number, right: number): number {
  let [product, a, b] = [0, left, right];
  for (let bit = 0; bit < 8; bit += 1) {
    if ((b & 1) !== 0) product ^= a;
    a = (a << 1) ^ ((a & 0x80) === 0 ? 0 : 0x11b);
    b >>= 1;
  }
  return product;
}

/** a^254, for the group has 255 elements. */
function inverse(element: number): number {
  return Array.from({ length: 254 }).reduce<number>((power) => times(power, element), 1);
}

/** Lagrange at zero over the 33 bytes behind the header. */
function keyBySecondImplementation(shares: readonly Secret[]): string {
  const points = shares.map((share) => Buffer.from(hexOf(share), 'hex').subarray(38));
  const key = Buffer.alloc(32);
  for (const [at, point] of points.entries()) {
    const weights = points
      .filter((_, other) => other !== at)
      .map((other) => times(byte(other, 32), inverse(byte(other, 32) ^ byte(point, 32))));
    const weight = weights.reduce(times, 1);
    for (let index = 0; index < 32; index += 1) {
      key.writeUInt8(byte(key, index) ^ times(byte(point, index), weight), index);
    }
  }
  return key.toString('hex');
}

function byte(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at);
}

describe('accepts', () => {
  it('the commitment that begins with the id in every envelope', async () => {
    const commitment = await commitmentToKey(secretOf(MASTER_HEX));
    const { id } = parseMasterKey(MASTER_HEX);
    expect(commitment.slice(0, id.length)).toBe(id);
    expect(commitment).toHaveLength(64);
  });

  it('the commitments of docs/unseal.md, by OpenSSL', async () => {
    const { quorum, shares } = await splitMasterKey(secretOf(MASTER_HEX), 2, 3);
    const info = 'track-record/v1/key-fingerprint\0';
    const key = hkdfSync('sha256', Buffer.from(MASTER_HEX, 'hex'), '', info, 32);
    expect(quorum.keyCommitment).toBe(Buffer.from(key).toString('hex'));
    const expected = shares.map((share) =>
      createHash('sha256')
        .update(Buffer.of(0, 0, 0, 25))
        .update('track-record/v1/key-share')
        .update(Buffer.of(0, 0, 0, 71))
        .update(hexOf(share), 'hex')
        .digest('hex'),
    );
    expect(quorum.shareCommitments).toEqual(expected);
  });

  it('3 of 5, with a quorum that reads back', async () => {
    const { quorum, shares } = await splitMasterKey(secretOf(MASTER_HEX), 3, 5);
    expect(shares).toHaveLength(5);
    expect(parseQuorum(JSON.parse(JSON.stringify(quorum)))).toEqual(quorum);
    expect(shares.map((share) => hexOf(share).slice(0, 12))).toEqual(Array(5).fill('545253010305'));
  });

  it('what the master key gives out for holders', async () => {
    const copy = parseMasterKey(MASTER_HEX).copyForHandOver();
    expect(hexOf(copy)).toBe(MASTER_HEX);
  });
});

describe('refuses', () => {
  const digest = 'ab'.repeat(32);
  const other = 'cd'.repeat(32);
  const good = {
    format: 'track-record-quorum/1',
    keyCommitment: digest,
    threshold: 2,
    shareCommitments: [digest, other],
  };
  const quorums: readonly (readonly [string, unknown])[] = [
    ['nothing', null],
    ['a list', [good]],
    ['another format', { ...good, format: 'track-record-quorum/2' }],
    ['an unknown field', { ...good, note: '' }],
    ['a missing field', { ...good, threshold: undefined }],
    ['a threshold of one', { ...good, threshold: 1 }],
    ['a threshold above the shares', { ...good, threshold: 3 }],
    ['a threshold that is a text', { ...good, threshold: '2' }],
    ['half a share', { ...good, threshold: 1.5 }],
    ['a short commitment', { ...good, keyCommitment: 'ab' }],
    ['upper case', { ...good, keyCommitment: 'AB'.repeat(32) }],
    ['the same share twice', { ...good, shareCommitments: [digest, digest] }],
    ['a share that is no digest', { ...good, shareCommitments: [digest, 7] }],
    ['no list of shares', { ...good, shareCommitments: digest }],
  ];
  it.each(quorums)('a quorum: %s', (_name, value) => {
    expect(refusalOf(() => parseQuorum(value))).toBe('CONFIG_INVALID quorum');
  });

  it.each([
    [1, 5],
    [0, 5],
    [6, 5],
    [2.5, 5],
    [2, 256],
    [Number.NaN, 5],
  ])('to split %d of %d', async (threshold, count) => {
    const splitting = splitMasterKey(secretOf(MASTER_HEX), threshold, count);
    await expect(splitting.catch(codeOf)).resolves.toBe('ARGUMENT_INVALID');
  });
});

describe('holds', () => {
  const sizes = fc
    .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 0, max: 4 }))
    .map(([threshold, more]) => ({ threshold, count: threshold + more }));
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('any threshold of shares make the key, in both implementations, and one fewer do not', () =>
    fc.assert(
      fc.asyncProperty(keys, sizes, fc.infiniteStream(fc.nat()), async (key, size, order) => {
        const hex = Buffer.from(key).toString('hex');
        const { shares } = await splitMasterKey(secretOf(hex), size.threshold, size.count);
        const mixed = shares
          .map((share) => ({ share, rank: order.next().value }))
          .toSorted((left, right) => left.rank - right.rank)
          .map(({ share }) => share);
        const enough = mixed.slice(0, size.threshold);
        expect(hexOf(await combineShares(enough))).toBe(hex);
        expect(keyBySecondImplementation(enough)).toBe(hex);
        expect(keyBySecondImplementation(enough.slice(1))).not.toBe(hex);
      }),
      { numRuns: 60 },
    ));

  it('splitting twice gives other shares, and no share is a piece of the key', async () => {
    const one = await splitMasterKey(secretOf(MASTER_HEX), 2, 3);
    const two = await splitMasterKey(secretOf(MASTER_HEX), 2, 3);
    const shares = [...one.shares, ...two.shares].map(hexOf);
    expect(new Set(shares).size).toBe(6);
    for (const share of shares) expect(share).not.toContain(MASTER_HEX.slice(0, 16));
  });
});

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
  return 'accepted';
}
