// One ledger, one order, whatever order its entries arrived in: repeats removed, then sorted by
// instant; within a millisecond inflows first and outflows last, so that no trade is measured
// against capital that had not come or had already gone (returns.md 1.4); then by id. Entries are
// untrusted.

import { RecordError } from '@track-record/errors';
import { compare, type Decimal, sign } from './decimal.ts';
import type { Entry, Posting } from './entry.ts';

const INFLOW = 0;
const INSIDE = 1;
export const OUTFLOW = 2;

/** The order within a millisecond. */
export type Phase = typeof INFLOW | typeof INSIDE | typeof OUTFLOW;

/** FNV-1a: the start, and the prime that each byte is multiplied with. */
export const FNV_START = 0x811c9dc5;
export const FNV_PRIME = 0x01000193;

/**
 * Slots per hash that `mayRepeat` provides: so few ids share one by chance that looking at them
 * costs little.
 */
const SLOT_BITS = 5;

/** Each entry once, in the total order. Two that share an id and differ: LEDGER_ENTRY_CONFLICT. */
export function orderEntries(entries: readonly Entry[]): readonly Entry[] {
  const hashes = new Uint32Array(entries.length);
  let inOrder = true;
  entries.forEach((entry, index) => {
    const previous = entries[index - 1];
    inOrder &&= previous === undefined || compareEntries(previous, entry) < 0;
    hashes[index] = hashOf(entry.id);
  });
  const repeats = repeatedIndexes(entries, mayRepeat(hashes));
  if (repeats.size === 0 && inOrder) return entries;
  return entries.filter((_, index) => !repeats.has(index)).sort(compareEntries);
}

/** Ids made to collide cost no more than comparing every id. */
export function hashOf(id: string): number {
  let hash = FNV_START;
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), FNV_PRIME);
  }
  return hash;
}

/** Where the hashes are that may occur twice: many times faster than a map of a million ids. */
export function mayRepeat(hashes: Uint32Array): readonly number[] {
  const shift = Math.clz32(hashes.length) - SLOT_BITS;
  const once = new Bits(32 - shift);
  const twice = new Bits(32 - shift);
  // By index: an iterator or a callback makes an object of every hash.
  for (let index = 0; index < hashes.length; index += 1) {
    const slot = slotAt(hashes, index, shift);
    (once.has(slot) ? twice : once).add(slot);
  }
  const suspects: number[] = [];
  for (let index = 0; index < hashes.length; index += 1) {
    if (twice.has(slotAt(hashes, index, shift))) suspects.push(index);
  }
  return suspects;
}

export function phaseOf(entry: Entry): Phase {
  if (entry.kind !== 'flow') return INSIDE;
  const amounts = entry.postings.filter(isFlowPosting).map((posting) => posting.amount);
  if (entry.position !== undefined) amounts.push(entry.position.contracts);
  return amounts.some((amount) => sign(amount) < 0) ? OUTFLOW : INFLOW;
}

/** A fee inside a flow entry (a network fee) is a cost, not a part of the flow. */
export function isFlowPosting(posting: Posting): boolean {
  return posting.role !== 'fee';
}

/** The entries whose id came before. */
function repeatedIndexes(
  entries: readonly Entry[],
  suspects: readonly number[],
): ReadonlySet<number> {
  const repeats = new Set<number>();
  const byId = new Map<string, Entry>();
  for (const index of suspects) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const known = byId.get(entry.id);
    if (known === undefined) byId.set(entry.id, entry);
    else if (known === entry || sameEntry(known, entry)) repeats.add(index);
    else throw new RecordError('LEDGER_ENTRY_CONFLICT', { place: `entries[${index}]` });
  }
  return repeats;
}

/** The total order of entries; no two have one id. */
export function compareEntries(left: Entry, right: Entry): number {
  if (left.at !== right.at) return left.at - right.at;
  const phases = phaseOf(left) - phaseOf(right);
  if (phases !== 0) return phases;
  return left.id < right.id ? -1 : 1;
}

/**
 * Compared as numbers, so that 1.5 and 1.50 are one entry. The order of postings has no meaning.
 */
function sameEntry(left: Entry, right: Entry): boolean {
  return (
    left.at === right.at &&
    left.kind === right.kind &&
    left.txid === right.txid &&
    left.split?.instrument === right.split?.instrument &&
    left.position?.instrument === right.position?.instrument &&
    sameDecimal(left.split?.ratio, right.split?.ratio) &&
    sameDecimal(left.position?.contracts, right.position?.contracts) &&
    sameDecimal(left.position?.price, right.position?.price) &&
    samePostings(left.postings, right.postings)
  );
}

function samePostings(left: readonly Posting[], right: readonly Posting[]): boolean {
  if (left.length !== right.length) return false;
  const sorted = right.toSorted(comparePostings);
  return left.toSorted(comparePostings).every((posting, index) => {
    const other = sorted[index];
    return other !== undefined && comparePostings(posting, other) === 0;
  });
}

function comparePostings(left: Posting, right: Posting): number {
  if (left.asset !== right.asset) return left.asset < right.asset ? -1 : 1;
  if (left.role !== right.role) return left.role === 'fee' ? -1 : 1;
  return compare(left.amount, right.amount);
}

function sameDecimal(left: Decimal | undefined, right: Decimal | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compare(left, right) === 0;
}

function slotAt(hashes: Uint32Array, index: number, shift: number): number {
  return (hashes[index] ?? 0) >>> shift;
}

/** A set of small numbers, of so many bits each. */
class Bits {
  readonly #words: Uint32Array;

  constructor(bits: number) {
    this.#words = new Uint32Array(Math.ceil(2 ** bits / 32));
  }

  has(bit: number): boolean {
    return (this.#word(bit) & (1 << (bit & 31))) !== 0;
  }

  add(bit: number): void {
    this.#words[bit >>> 5] = this.#word(bit) | (1 << (bit & 31));
  }

  #word(bit: number): number {
    return this.#words[bit >>> 5] ?? 0;
  }
}
