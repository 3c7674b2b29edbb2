// What an account's rows hold at rest: segments (a run of entries) and state (one versioned value),
// each compressed and then sealed. Compression first, because sealed bytes do not compress; the
// size that this reveals is that of a whole segment, never of a chosen part. Rows are untrusted:
// the context fixes table, account and sequence range or version, so that rows cannot be swapped,
// shortened or moved.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { RecordError } from '@track-record/errors';
import { contextBytes, type ContextPart } from './context.ts';
import { open, seal, type RandomBytes, type SealingKey } from './envelope.ts';
import type { AccountKeys } from './account-root.ts';

/** A first synchronisation is far below; it bounds what a small sealed row can expand to. */
const PLAINTEXT_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** A segment by the numbers of its first and its last entry, both inside; or a state. */
export type RowPlace =
  | { readonly table: string; readonly first: number; readonly last: number }
  | { readonly table: string; readonly version: number };

export function sealRow(
  keys: AccountKeys,
  place: RowPlace,
  plaintext: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  // What could not be opened again must not be sealed.
  if (plaintext.length > PLAINTEXT_SIZE_BYTES_MAX) throw new RecordError('ENVELOPE_MALFORMED');
  return seal(keyOf(keys, place), deflateRawSync(plaintext), contextOf(keys, place), random);
}

/** ENVELOPE_MALFORMED, ENVELOPE_REFUSED, KEY_UNKNOWN. */
export function openRow(keys: AccountKeys, place: RowPlace, envelope: Uint8Array): Uint8Array {
  const compressed = open(keyOf(keys, place), envelope, contextOf(keys, place));
  try {
    return inflateRawSync(compressed, { maxOutputLength: PLAINTEXT_SIZE_BYTES_MAX });
  } catch (cause) {
    throw new RecordError('ENVELOPE_MALFORMED', { cause });
  }
}

function keyOf(keys: AccountKeys, place: RowPlace): SealingKey {
  return 'version' in place ? keys.state : keys.segment;
}

function contextOf({ accountId }: AccountKeys, place: RowPlace): Uint8Array {
  const where: readonly ContextPart[] =
    'version' in place
      ? [['version', String(place.version)]]
      : [
          ['first', String(place.first)],
          ['last', String(place.last)],
        ];
  return contextBytes([
    ['sealed', 'version' in place ? 'state' : 'segment'],
    ['table', place.table],
    ['account', accountId],
    ...where,
  ]);
}
