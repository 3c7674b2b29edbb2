// What an account's rows hold at rest: segments (a run of entries) and state (one versioned value), each
// compressed and then sealed. Compression first, because sealed bytes do not compress; the size that this
// reveals is that of a whole segment, never of a chosen part. Rows are untrusted: the context fixes table,
// account and sequence range or version, so that rows cannot be swapped, shortened or moved.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { RecordError } from '@track-record/errors';
import { contextBytes, type ContextPart } from './context.ts';
import { open, seal, type RandomBytes, type SealingKey } from './envelope.ts';
import type { AccountKeys } from './key-hierarchy.ts';

/** One hour of one account is far below; it bounds what a small sealed row can expand to. */
const PLAINTEXT_SIZE_BYTES_MAX = 256 * 1024 * 1024;

export interface SegmentRange {
  readonly table: string;
  /** Sequence numbers of the first and the last entry, both inside. */
  readonly first: number;
  readonly last: number;
}

export interface StateVersion {
  readonly table: string;
  readonly version: number;
}

export function sealSegment(
  keys: AccountKeys,
  range: SegmentRange,
  plaintext: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  return sealCompressed(keys.segment, plaintext, segmentContext(keys, range), random);
}

/** ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN. */
export function openSegment(
  keys: AccountKeys,
  range: SegmentRange,
  envelope: Uint8Array,
): Uint8Array {
  return openCompressed(keys.segment, envelope, segmentContext(keys, range));
}

export function sealState(
  keys: AccountKeys,
  version: StateVersion,
  plaintext: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  return sealCompressed(keys.state, plaintext, stateContext(keys, version), random);
}

/** ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN. */
export function openState(
  keys: AccountKeys,
  version: StateVersion,
  envelope: Uint8Array,
): Uint8Array {
  return openCompressed(keys.state, envelope, stateContext(keys, version));
}

function segmentContext(keys: AccountKeys, range: SegmentRange): Uint8Array {
  const numbers: ContextPart[] = [
    ['first', String(range.first)],
    ['last', String(range.last)],
  ];
  return rowContext('segment', keys, range.table, numbers);
}

function stateContext(keys: AccountKeys, version: StateVersion): Uint8Array {
  return rowContext('state', keys, version.table, [['version', String(version.version)]]);
}

function rowContext(
  sealed: string,
  keys: AccountKeys,
  table: string,
  numbers: readonly ContextPart[],
): Uint8Array {
  return contextBytes([
    ['sealed', sealed],
    ['table', table],
    ['account', keys.accountId],
    ...numbers,
  ]);
}

function sealCompressed(
  key: SealingKey,
  plaintext: Uint8Array,
  context: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  return seal(key, deflateRawSync(plaintext), context, random);
}

function openCompressed(key: SealingKey, envelope: Uint8Array, context: Uint8Array): Uint8Array {
  const compressed = open(key, envelope, context);
  try {
    return inflateRawSync(compressed, { maxOutputLength: PLAINTEXT_SIZE_BYTES_MAX });
  } catch (cause) {
    throw new RecordError('ENVELOPE_MALFORMED', { cause });
  }
}
