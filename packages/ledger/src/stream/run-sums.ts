// Adds up what runs of fills in columns do to each asset, in doubles that hold every number exactly
// or not at all, and keeps the sums in columns too. The entries that stand for the runs make their
// postings when they are asked for.

import assert from 'node:assert/strict';
import type { Entry, Posting, Run } from '../entry.ts';
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
 * Half of what a double holds exactly. While every sum stays below, no addition was rounded: an
 * amount beyond twice this would have brought its sum here.
 */
const EXACT_MAX = 2 ** 52;

/** What an asset was used for in a run. */
const TRADED = 1;
const PAID = 2;

/** Sums to begin with; doubled when they are full. */
const SUMS = 1 << 10;

/** Which rows a run has, and which of the kept sums. */
interface Span {
  readonly row: number;
  readonly rowEnd: number;
  readonly sum: number;
  readonly sumEnd: number;
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
  /** The postings that were made last, which their reader asks for more than once. */
  #made: readonly Posting[] = [];
  #madeFor: Span | null = null;

  constructor(columns: FillColumns) {
    this.#columns = columns;
    this.#hand = new SumColumns(columns.assets.length);
  }

  /** The rows as one entry; null where a sum may be too large to be exact. */
  run(row: number, rowEnd: number): Run | null {
    if (!this.#add(row, rowEnd)) return null;
    const sum = this.#count;
    for (const asset of this.#touched) this.#keep(asset);
    return new FillRun(this, this.#columns, { row, rowEnd, sum, sumEnd: this.#count });
  }

  postings(span: Span): readonly Posting[] {
    if (span === this.#madeFor) return this.#made;
    const { uses, change, fees } = this.#kept;
    const postings: Posting[] = [];
    for (let index = span.sum; index < span.sumEnd; index += 1) {
      const paid = real(fees, index);
      const traded = real(change, index) - paid;
      if ((whole(uses, index) & TRADED) !== 0) postings.push(this.#posting(index, traded));
      if ((whole(uses, index) & PAID) === 0) continue;
      const { asset, amount } = this.#posting(index, paid);
      postings.push({ asset, amount, role: 'fee' });
    }
    this.#made = postings;
    this.#madeFor = span;
    return postings;
  }

  lows(span: Span): readonly Posting[] {
    const { change, low } = this.#kept;
    const lows: Posting[] = [];
    for (let index = span.sum; index < span.sumEnd; index += 1) {
      const least = real(low, index);
      if (least < 0 && least < real(change, index)) lows.push(this.#posting(index, least));
    }
    return lows;
  }

  #add(from: number, to: number): boolean {
    const { first, packed, mantissa, finest } = this.#columns;
    const { uses, change, fees, low } = this.#hand;
    for (const asset of this.#touched) this.#hand.clear(asset);
    this.#touched = [];
    let largest = 0;
    const end = whole(first, to);
    for (let index = whole(first, from); index < end; index += 1) {
      const posting = whole(packed, index);
      const asset = assetOf(posting);
      const shift = whole(finest, asset) - scaleOf(posting);
      const written = real(mantissa, index);
      const amount = shift === 0 ? written : written * real(POWERS, shift);
      const sum = real(change, asset) + amount;
      const used = whole(uses, asset);
      if (used === 0) this.#touched.push(asset);
      change[asset] = sum;
      if (sum < real(low, asset)) low[asset] = sum;
      largest = Math.max(largest, Math.abs(sum));
      if (isFee(posting)) {
        const paid = real(fees, asset) + amount;
        fees[asset] = paid;
        uses[asset] = used | PAID;
        largest = Math.max(largest, Math.abs(paid));
      } else uses[asset] = used | TRADED;
    }
    return largest < EXACT_MAX;
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

  #posting(index: number, sum: number): Posting {
    const number = whole(this.#keptAsset, index);
    const asset = this.#columns.assets[number];
    if (asset === undefined) assert.fail('an asset that was met');
    return { asset, amount: { mantissa: BigInt(sum), scale: whole(this.#columns.finest, number) } };
  }
}

/** An entry to read, not to spread. */
class FillRun implements Run {
  readonly #sums: RunSums;
  readonly #columns: FillColumns;
  readonly #span: Span;
  readonly kind = 'fill';

  constructor(sums: RunSums, columns: FillColumns, span: Span) {
    this.#sums = sums;
    this.#columns = columns;
    this.#span = span;
  }

  get id(): string {
    return this.#columns.id(this.#span.row);
  }

  get at(): number {
    return real(this.#columns.at, this.#span.row);
  }

  get postings(): readonly Posting[] {
    return this.#sums.postings(this.#span);
  }

  get parts(): Required<Run>['parts'] {
    return this;
  }

  get lows(): readonly Posting[] {
    return this.#sums.lows(this.#span);
  }

  get entries(): readonly Entry[] {
    const { row, rowEnd } = this.#span;
    return Array.from({ length: rowEnd - row }, (_, index) => this.#columns.entry(row + index));
  }
}
