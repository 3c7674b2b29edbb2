// Fills held in columns: a million of them as objects are most of a gigabyte, here they are a tenth
// of that. A mantissa is an integer that a double holds exactly; a fill with a longer one is not
// held here. Rows are in the order in which they were written; `fill-runs.ts` puts them in the
// ledger's.

import assert from 'node:assert/strict';
import { NAME_LENGTH_MAX } from '../codec.ts';
import type { Entry, Posting } from '../entry.ts';

/** More than any venue posts for one fill; one with more is not held here. */
const POSTINGS_MAX = 8;

/** A number below 10^15 is exact in a double. */
export const DIGITS_MAX = 15;

const OUTSIDE = 'an index of the column';

/** Of ten, as far as a double may be scaled. */
export const POWERS = powersOfTen();

/** Enough for a small document; doubled when it is full. */
const ROWS = 1 << 10;

/** A packed posting: the number of the asset, the scale (at most DIGITS_MAX), and whether a fee. */
const ASSET_SHIFT = 5;
const SCALE_SHIFT = 1;
const SCALE_MASK = 0x0f;
const FEE_MASK = 1;

export class FillColumns {
  /** Names by number. */
  readonly assets: string[] = [];
  /** By the asset's number, the finest scale in which an amount of it was written. */
  finest = new Uint32Array(ROWS);
  count = 0;
  at = new Float64Array(ROWS);
  /** Where the postings of a row begin; those of the next row are their end. */
  first = new Uint32Array(ROWS + 1);
  /** Where the bytes of a row's id begin; those of the next row are their end. */
  idStart = new Uint32Array(ROWS + 1);
  ids = Buffer.alloc(ROWS * 16 + NAME_LENGTH_MAX);
  packed = new Uint32Array(ROWS * 4 + POSTINGS_MAX);
  mantissa = new Float64Array(ROWS * 4 + POSTINGS_MAX);
  /** Where the next posting goes. */
  #posting = 0;

  /** Where the bytes of the next row's id go. */
  get idEnd(): number {
    return whole(this.idStart, this.count);
  }

  /** Makes space for one more fill and begins it; what was begun and not closed is forgotten. */
  begin(): void {
    if (this.count === this.at.length) {
      this.at = enlarged(this.at, Float64Array);
      this.first = enlarged(this.first, Uint32Array);
      this.idStart = enlarged(this.idStart, Uint32Array);
    }
    this.#posting = whole(this.first, this.count);
    if (this.#posting + POSTINGS_MAX > this.packed.length) {
      this.packed = enlarged(this.packed, Uint32Array);
      this.mantissa = enlarged(this.mantissa, Float64Array);
    }
    while (this.assets.length + POSTINGS_MAX > this.finest.length) {
      this.finest = enlarged(this.finest, Uint32Array);
    }
    if (this.idEnd + NAME_LENGTH_MAX > this.ids.length) {
      this.ids = Buffer.concat([this.ids], 2 * this.ids.length);
    }
  }

  /** False where the fill has too many postings. */
  post(asset: number, mantissa: number, scale: number, fee: boolean): boolean {
    const index = this.#posting;
    if (index - whole(this.first, this.count) === POSTINGS_MAX) return false;
    this.packed[index] = (asset << ASSET_SHIFT) | (scale << SCALE_SHIFT) | (fee ? FEE_MASK : 0);
    this.mantissa[index] = mantissa;
    if (scale > whole(this.finest, asset)) this.finest[asset] = scale;
    this.#posting = index + 1;
    return true;
  }

  /** `idLength`: of the bytes that were put where the row's id begins. */
  close(at: number, idLength: number): void {
    const row = this.count;
    this.at[row] = at;
    this.first[row + 1] = this.#posting;
    this.idStart[row + 1] = this.idEnd + idLength;
    this.count = row + 1;
  }

  id(row: number): string {
    return this.ids.toString('latin1', whole(this.idStart, row), whole(this.idStart, row + 1));
  }

  postings(row: number): readonly Posting[] {
    const postings: Posting[] = [];
    for (let index = whole(this.first, row); index < whole(this.first, row + 1); index += 1) {
      const packed = whole(this.packed, index);
      const asset = this.assets[assetOf(packed)];
      assert(asset !== undefined, 'an asset that was met');
      const amount = { mantissa: BigInt(real(this.mantissa, index)), scale: scaleOf(packed) };
      postings.push(isFee(packed) ? { asset, amount, role: 'fee' } : { asset, amount });
    }
    return postings;
  }

  entry(row: number): Entry {
    return new FillRow(this, row);
  }
}

/** An entry to read, not to spread: `{ ...row }` would copy none of its fields. */
class FillRow implements Entry {
  readonly #columns: FillColumns;
  readonly #row: number;
  readonly kind = 'fill';
  readonly at: number;
  /** Kept once it was asked for: rows that are put in order are asked many times. */
  #id: string | null = null;

  constructor(columns: FillColumns, row: number) {
    this.#columns = columns;
    this.#row = row;
    this.at = real(columns.at, row);
  }

  get id(): string {
    this.#id ??= this.#columns.id(this.#row);
    return this.#id;
  }

  get postings(): readonly Posting[] {
    return this.#columns.postings(this.#row);
  }
}

/** One function per kind of column, so that each stays a plain access. */
export function real(column: Float64Array, index: number): number {
  const value = column[index];
  if (value === undefined) assert.fail(OUTSIDE);
  return value;
}

export function whole(column: Uint32Array, index: number): number {
  const value = column[index];
  if (value === undefined) assert.fail(OUTSIDE);
  return value;
}

export function byteOf(column: Uint8Array, index: number): number {
  const value = column[index];
  if (value === undefined) assert.fail(OUTSIDE);
  return value;
}

export function assetOf(packed: number): number {
  return packed >>> ASSET_SHIFT;
}

export function scaleOf(packed: number): number {
  return (packed >>> SCALE_SHIFT) & SCALE_MASK;
}

export function isFee(packed: number): boolean {
  return (packed & FEE_MASK) !== 0;
}

export function enlarged<T extends Float64Array | Uint32Array>(
  column: T,
  Column: new (length: number) => T,
): T {
  const larger = new Column(2 * column.length);
  larger.set(column);
  return larger;
}

function powersOfTen(): Float64Array {
  const powers = new Float64Array(DIGITS_MAX + 1).fill(1);
  for (let exponent = 1; exponent <= DIGITS_MAX; exponent += 1) {
    powers[exponent] = 10 * real(powers, exponent - 1);
  }
  return powers;
}
