// The master key in parts: any `threshold` of its shares make it, fewer say nothing about it
// (Shamir's scheme over GF(256), by the audited library shamir-secret-sharing). The quorum is the
// public half: it commits to the key and to every share, and stands in the configuration, which the
// evidence binds. So nobody can unseal an enclave with a key of their own and have owners encrypt
// to it, and a wrong share is told at the door and not when the key comes out wrong. No node:
// imports: holders run this too. Shares that come in are untrusted.
//
// A share: magic "TRS" (3) | version 1 (1) | threshold (1) | shares in all (1)
//   | key commitment (32) | ordinates (32) | abscissa (1)

import { combine, split } from 'shamir-secret-sharing';
import { RecordError } from '@track-record/errors';
import { lengthPrefixed } from '../context.ts';
import { keyLabels } from '../key-labels.ts';
import { Secret } from '../secret.ts';

const FORMAT = 'track-record-quorum/1';
const FIELDS = ['format', 'keyCommitment', 'threshold', 'shareCommitments'];
const MAGIC_AND_VERSION = Uint8Array.of(0x54, 0x52, 0x53, 0x01);
const KEY_SIZE_BYTES = 32;
const HEADER_SIZE_BYTES = MAGIC_AND_VERSION.length + 2 + KEY_SIZE_BYTES;
export const SHARE_SIZE_BYTES = HEADER_SIZE_BYTES + KEY_SIZE_BYTES + 1;
/** With one share for the key there would be nothing to share. */
const THRESHOLD_MIN = 2;
/** The field has 255 elements beside zero. */
const SHARES_MAX = 255;
const DIGEST = /^[0-9a-f]{64}$/;
const SHARE_LABEL = new TextEncoder().encode('track-record/v1/key-share');

export interface Quorum {
  readonly format: typeof FORMAT;
  /** Hex, 32 bytes; the first 8 are the id that stands in every envelope. */
  readonly keyCommitment: string;
  readonly threshold: number;
  /** Hex, one per share. */
  readonly shareCommitments: readonly string[];
}

/** From configuration. CONFIG_INVALID. */
export function parseQuorum(value: unknown): Quorum {
  const quorum: Readonly<Record<string, unknown>> = { ...Object(value) };
  const { format, keyCommitment, threshold, shareCommitments } = quorum;
  const names = Object.keys(quorum);
  if (names.length !== FIELDS.length || !FIELDS.every((name) => names.includes(name))) refuse();
  if (format !== FORMAT || !isDigest(keyCommitment)) refuse();
  if (!Array.isArray(shareCommitments) || !shareCommitments.every(isDigest)) refuse();
  if (new Set(shareCommitments).size !== shareCommitments.length) refuse();
  if (!isThreshold(threshold, shareCommitments.length)) refuse();
  return { format, keyCommitment, threshold, shareCommitments };

  function refuse(): never {
    throw new RecordError('CONFIG_INVALID', { place: 'quorum' });
  }
}

/**
 * Splits 32 bytes; the caller hands out and wipes each share. The polynomial is drawn by the
 * platform's generator. ARGUMENT_INVALID: threshold or count out of bounds.
 */
export async function splitMasterKey(
  master: Secret,
  threshold: number,
  count: number,
): Promise<{ readonly quorum: Quorum; readonly shares: readonly Secret[] }> {
  if (!isThreshold(threshold, count)) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'threshold' });
  }
  const keyCommitment = await commitmentToKey(master);
  const points = await master.openCopy((bytes) => split(bytes, count, threshold));
  const header = [...MAGIC_AND_VERSION, threshold, count, ...bytesOfHex(keyCommitment)];
  const shares = points.map((point) => {
    const share = new Secret(Uint8Array.of(...header, ...point));
    point.fill(0);
    return share;
  });
  const shareCommitments = await Promise.all(shares.map(commitmentToShare));
  return { quorum: { format: FORMAT, keyCommitment, threshold, shareCommitments }, shares };
}

/** The key commitment that a holder's share names. ARGUMENT_INVALID: it is no share. */
export function keyOfShare(share: Secret): string {
  return share.open((bytes) => {
    const isKnown = MAGIC_AND_VERSION.every((byte, index) => bytes[index] === byte);
    if (!isKnown || bytes.length !== SHARE_SIZE_BYTES) {
      throw new RecordError('ARGUMENT_INVALID', { place: 'share' });
    }
    return hexOf(bytes.subarray(HEADER_SIZE_BYTES - KEY_SIZE_BYTES, HEADER_SIZE_BYTES));
  });
}

/** At least `threshold` shares that the quorum commits to. The caller wipes the key. */
export async function combineShares(shares: readonly Secret[]): Promise<Secret> {
  const points = shares.map((share) => share.open((bytes) => bytes.slice(HEADER_SIZE_BYTES)));
  try {
    return new Secret(await combine(points));
  } finally {
    for (const point of points) point.fill(0);
  }
}

/** The fingerprint in key-hierarchy.ts, all of it. */
export async function commitmentToKey(master: Secret): Promise<string> {
  const info = new TextEncoder().encode(`${keyLabels.fingerprint}\0`);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
  return await master.openCopy(async (bytes) => {
    const key = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits(parameters, key, KEY_SIZE_BYTES * 8);
    return hexOf(new Uint8Array(bits));
  });
}

/** A digest hides a share as well as the key is hidden: it has 32 random bytes. */
export async function commitmentToShare(share: Secret): Promise<string> {
  return await share.openCopy(async (bytes) => {
    const labelled = new Uint8Array(lengthPrefixed([SHARE_LABEL, bytes]));
    const digest = await crypto.subtle.digest('SHA-256', labelled);
    labelled.fill(0);
    return hexOf(new Uint8Array(digest));
  });
}

function isThreshold(threshold: unknown, count: number): threshold is number {
  const isWhole = Number.isInteger(threshold) && Number.isInteger(count);
  if (!isWhole || typeof threshold !== 'number') return false;
  return threshold >= THRESHOLD_MIN && threshold <= count && count <= SHARES_MAX;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOfHex(digits: string): number[] {
  return (digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}
