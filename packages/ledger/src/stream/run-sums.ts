// Adds up what runs of fills in columns do to each asset, in doubles that hold every number exactly or
// not at all, and keeps the sums in columns too. The entries that stand for the runs make their
// postings when they are asked for.

import assert from 'node:assert/strict';
import type { Posting, Run } from '../entry.ts';
import {
  assetOf,
  enlarged,
  type FillColumns,
  isFee,
  POWERS,
  real,
  scaleOf,
  whole,
} from './fill-columns.ts';

/**
 * Half of what a double holds exactly: while every amount and every sum stays below, no addition of
 * two of them is rounded.
 */
const EXACT_MAX = 2 ** 52;

/** What an asset was used for in a run. */
const TRADED = 1;
const PAID = 2;

/** Sums to begin with; doubled when they are full. */
const SUMS = 1 << 10;

/** What one run does to one asset, in units of the asset's finest scale. */
interface Sum {
  readonly asset: number;
  readonly uses: number;
  readonly change: number;
  /** The part of the change that was fees. */
  readonly fees: number;
  /** The least that the change was after an instant, at most zero. */
  readonly low: number;
}

/** The sums of the run in hand, by the number of the asset, and those kept, in their order. */
class SumColumns {
  uses: Uint32Array;
  change: Float64Array;
  fees: Float64Array;
  low: Float64Array;

  constructor(length: number) {
    this.uses = new Uint32Array(length);
    this.change = new Float64Array(length);
    this.fees = new Float64Array(length);
    this.low = new Float64Array(length);
  }

  clear(index: number): void {
    this.uses[index] = 0;
    this.change[index] = 0;
    this.fees[index] = 0;
    this.low[index] = 0;
  }

  copy(from: SumColumns, index: number, to: number): void {
    this.uses[to] = whole(from.uses, index);
    this.change[to] = real(from.change, index);
    this.fees[to] = real(from.fees, index);
    this.low[to] = real(from.low, index);
  }

  enlarge(): void {
    this.uses = enlarged(this.uses, Uint32Array);
    this.change = enlarged(this.change, Float64Array);
    this.fees = enlarged(this.fees, Float64Array);
    this.low = enlarged(this.low, Float64Array);
  }
}

export class RunSums {
  readonly #columns: FillColumns;
  readonly #hand: SumColumns;
  /** Numbers of the assets in hand, in the order in which they came. */
  #touched: number[] = [];
  readonly #kept = new SumColumns(SUMS);
  #keptAsset = new Uint32Array(SUMS);
  #count = 0;

  constructor(columns: FillColumns) {
    this.#columns = columns;
    this.#hand = new SumColumns(columns.assets.length);
  }

  /** The rows as one entry; null where a sum may be too large to be exact. */
  run(from: number, to: number): Run | null {
    if (!this.#add(from, to)) return null;
    const first = this.#count;
    for (const asset of this.#touched) this.#keep(asset);
    return new FillRun(this, this.#columns, from, first, this.#count);
  }

  sum(index: number): Sum {
    const { uses, change, fees, low } = this.#kept;
    return {
      asset: whole(this.#keptAsset, index),
      uses: whole(uses, index),
      change: real(change, index),
      fees: real(fees, index),
      low: real(low, index),
    };
  }

  #add(from: number, to: number): boolean {
    const { at, first, packed, mantissa, finest } = this.#columns;
    const { uses, change, fees, low } = this.#hand;
    for (const asset of this.#touched) this.#hand.clear(asset);
    this.#touched = [];
    let largest = 0;
    let instant = whole(first, from);
    for (let row = from; row < to; row += 1) {
      const end = whole(first, row + 1);
      for (let index = whole(first, row); index < end; index += 1) {
        const posting = whole(packed, index);
        const asset = assetOf(posting);
        const shift = whole(finest, asset) - scaleOf(posting);
        const written = real(mantissa, index);
        const amount = shift === 0 ? written : written * real(POWERS, shift);
        const sum = real(change, asset) + amount;
        const paid = isFee(posting) ? real(fees, asset) + amount : 0;
        const used = whole(uses, asset);
        if (used === 0) this.#touched.push(asset);
        change[asset] = sum;
        if (isFee(posting)) fees[asset] = paid;
        uses[asset] = used | (isFee(posting) ? PAID : TRADED);
        largest = Math.max(largest, Math.abs(amount), Math.abs(sum), Math.abs(paid));
      }
      if (row + 1 < to && real(at, row + 1) === real(at, row)) continue;
      for (; instant < end; instant += 1) {
        const asset = assetOf(whole(packed, instant));
        const sum = real(change, asset);
        if (sum < real(low, asset)) low[asset] = sum;
      }
    }
    return largest <= EXACT_MAX;
  }

  #keep(asset: number): void {
    if (this.#count === this.#keptAsset.length) {
      this.#keptAsset = enlarged(this.#keptAsset, Uint32Array);
      this.#kept.enlarge();
    }
    this.#keptAsset[this.#count] = asset;
    this.#kept.copy(this.#hand, asset, this.#count);
    this.#count += 1;
  }
}

/** An entry to read, not to spread. */
class FillRun implements Run {
  readonly #sums: RunSums;
  readonly #columns: FillColumns;
  readonly #row: number;
  readonly #first: number;
  readonly #end: number;
  readonly kind = 'fill';

  constructor(sums: RunSums, columns: FillColumns, row: number, first: number, end: number) {
    this.#sums = sums;
    this.#columns = columns;
    this.#row = row;
    this.#first = first;
    this.#end = end;
  }

  get id(): string {
    return this.#columns.id(this.#row);
  }

  get at(): number {
    return real(this.#columns.at, this.#row);
  }

  get postings(): readonly Posting[] {
    const postings: Posting[] = [];
    for (let index = this.#first; index < this.#end; index += 1) {
      const { asset, uses, change, fees } = this.#sums.sum(index);
      if ((uses & TRADED) !== 0) postings.push(this.#posting(asset, change - fees));
      if ((uses & PAID) !== 0) postings.push({ ...this.#posting(asset, fees), role: 'fee' });
    }
    return postings;
  }

  get lows(): readonly Posting[] {
    const lows: Posting[] = [];
    for (let index = this.#first; index < this.#end; index += 1) {
      const { asset, change, low } = this.#sums.sum(index);
      if (low < 0 && low < change) lows.push(this.#posting(asset, low));
    }
    return lows;
  }

  #posting(number: number, sum: number): Posting {
    const asset = this.#columns.assets[number];
    if (asset === undefined) assert.fail('an asset that was met');
    return { asset, amount: { mantissa: BigInt(sum), scale: whole(this.#columns.finest, number) } };
  }
}
