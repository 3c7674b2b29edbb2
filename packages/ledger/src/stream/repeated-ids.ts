// Whether any id stands twice among millions, many times faster than a map of them: a hash of every
// id marks a bit, and only ids that may share one are compared. Ids made to collide cost no more
// than comparing every id.

import assert from 'node:assert/strict';
import { type FillColumns, byteOf, whole } from './fill-columns.ts';

/** FNV-1a. */
const HASH_START = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/**
 * Bits per id, as a power of two: so few ids share one by chance that comparing them costs little.
 */
const SPARE_BITS = 5;

/** Odd, with bits all over (2^32 over the golden ratio): a product mixes and loses nothing. */
const MIXER = 0x9e3779b1;

const WORD_BITS = 5;
const WORD_MASK = 31;

/** True where an id of the fills or of the others stands twice. */
export function hasRepeats(fills: FillColumns, others: readonly string[]): boolean {
  const hashes = new Uint32Array(fills.count + others.length);
  for (let row = 0; row < fills.count; row += 1) {
    hashes[row] = hashOf(fills.ids, whole(fills.idStart, row), whole(fills.idStart, row + 1));
  }
  for (const [index, id] of others.entries()) {
    const bytes = Buffer.from(id, 'utf8');
    hashes[fills.count + index] = hashOf(bytes, 0, bytes.length);
  }
  // Of the few that are left, the hashes are mixed: what was alike in some bits differs in others.
  const some = Uint32Array.from(sharing(hashes));
  const mixed = Uint32Array.from(some, (index) => Math.imul(whole(hashes, index), MIXER));
  const suspects = sharing(mixed).map((place) => whole(some, place));
  const met = new Set<string>();
  for (const index of suspects) {
    const id = index < fills.count ? fills.id(index) : others[index - fills.count];
    assert(id !== undefined, 'an index of the hashes');
    met.add(id);
  }
  return met.size < suspects.length;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_START;
  for (let at = start; at < end; at += 1) {
    hash = Math.imul(hash ^ byteOf(bytes, at), HASH_PRIME);
  }
  return hash;
}

/** Indexes of the hashes that another one may equal: of those that do, every one. */
function sharing(hashes: Uint32Array): readonly number[] {
  const shift = Math.clz32(hashes.length) - SPARE_BITS;
  const once = new Uint32Array(Math.ceil(2 ** (32 - shift - WORD_BITS)));
  // What has the upper bits of one before marks its lower bits, in a table that caches hold.
  const again = new Uint32Array(Math.ceil(once.length / 2 ** SPARE_BITS));
  const lower = again.length * 2 ** WORD_BITS - 1;
  // By index: an iterator or a callback makes an object of every hash.
  for (let index = 0; index < hashes.length; index += 1) {
    const hash = whole(hashes, index);
    if (isMarked(once, hash >>> shift)) mark(again, hash & lower);
    else mark(once, hash >>> shift);
  }
  const suspects: number[] = [];
  for (let index = 0; index < hashes.length; index += 1) {
    if (isMarked(again, whole(hashes, index) & lower)) suspects.push(index);
  }
  return suspects;
}

function isMarked(bits: Uint32Array, bit: number): boolean {
  return (whole(bits, bit >>> WORD_BITS) & (1 << (bit & WORD_MASK))) !== 0;
}

function mark(bits: Uint32Array, bit: number): void {
  bits[bit >>> WORD_BITS] = whole(bits, bit >>> WORD_BITS) | (1 << (bit & WORD_MASK));
}
