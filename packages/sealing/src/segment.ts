// What an account's rows hold at rest: segments (a run of entries) and state (one versioned value),
// each compressed and then sealed. Compression first, because sealed bytes do not compress; the
// size that this reveals is that of a whole segment, never of a chosen part. Rows are untrusted:
// the context fixes table, account and sequence range or version, so that rows cannot be swapped,
// shortened or moved.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { RecordError } from '@track-record/errors';
import { contextBytes } from './context.ts';
import { open, seal, type RandomBytes, type SealingKey } from './envelope.ts';
import type { AccountKeys } from './account-root.ts';

/** A first synchronisation is far below; it bounds what a small sealed row can expand to. */
const PLAINTEXT_SIZE_BYTES_MAX = 64 * 1024 * 1024;

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

/** Which key and which context a row is sealed with. */
interface Place {
  readonly key: SealingKey;
  readonly context: Uint8Array;
}

export function sealSegment(
  keys: AccountKeys,
  range: SegmentRange,
  plaintext: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  return sealCompressed(segmentPlace(keys, range), plaintext, random);
}

/** ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN. */
export function openSegment(
  keys: AccountKeys,
  range: SegmentRange,
  envelope: Uint8Array,
): Uint8Array {
  return openCompressed(segmentPlace(keys, range), envelope);
}

export function sealState(
  keys: AccountKeys,
  version: StateVersion,
  plaintext: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  return sealCompressed(statePlace(keys, version), plaintext, random);
}

/** ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN. */
export function openState(
  keys: AccountKeys,
  version: StateVersion,
  envelope: Uint8Array,
): Uint8Array {
  return openCompressed(statePlace(keys, version), envelope);
}

function segmentPlace(keys: AccountKeys, { table, first, last }: SegmentRange): Place {
  const context = contextBytes([
    ['sealed', 'segment'],
    ['table', table],
    ['account', keys.accountId],
    ['first', String(first)],
    ['last', String(last)],
  ]);
  return { key: keys.segment, context };
}

function statePlace(keys: AccountKeys, { table, version }: StateVersion): Place {
  const context = contextBytes([
    ['sealed', 'state'],
    ['table', table],
    ['account', keys.accountId],
    ['version', String(version)],
  ]);
  return { key: keys.state, context };
}

function sealCompressed(place: Place, plaintext: Uint8Array, random: RandomBytes): Uint8Array {
  // What could not be opened again must not be sealed.
  if (plaintext.length > PLAINTEXT_SIZE_BYTES_MAX) throw new RecordError('ENVELOPE_MALFORMED');
  return seal(place.key, deflateRawSync(plaintext), place.context, random);
}

function openCompressed(place: Place, envelope: Uint8Array): Uint8Array {
  const compressed = open(place.key, envelope, place.context);
  try {
    return inflateRawSync(compressed, { maxOutputLength: PLAINTEXT_SIZE_BYTES_MAX });
  } catch (cause) {
    throw new RecordError('ENVELOPE_MALFORMED', { cause });
  }
}
