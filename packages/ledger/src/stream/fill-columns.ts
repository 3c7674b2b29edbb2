// Fills held in columns: a million of them as objects are half a gigabyte, here they are a fifth of
// that. Each row is an `Entry` whose postings are made when they are asked for. Rows are entries to
// read, not to spread: `{ ...row }` would copy none of their fields.

import assert from 'node:assert/strict';
import type { Decimal } from '../decimal.ts';
import type { Entry, Posting } from '../entry.ts';

/** Rows of one block. Blocks are never copied, and a small document needs only one. */
const ROWS = 1 << 12;

/** A fill has three postings on average; one with more takes the space of its neighbours. */
const POSTINGS = ROWS * 4;

/** Marks a posting as a fee in the column of assets. */
const FEE = 0x8000;
export const ASSETS_MAX = FEE;

export class FillColumns {
  readonly #assets: readonly string[];
  readonly #ids: string[] = [];
  readonly #at = new Float64Array(ROWS);
  /** Where the postings of a row begin; those of the next row are their end. */
  readonly #first = new Uint16Array(ROWS + 1);
  readonly #asset = new Uint16Array(POSTINGS);
  readonly #scale = new Uint8Array(POSTINGS);
  readonly #mantissa = new BigInt64Array(POSTINGS);
  #postings = 0;
  /** Those of closed rows. */
  #closed = 0;
  /** The row that was read last: a reader asks for its postings more than once. */
  #row = -1;
  #made: readonly Posting[] = [];

  /** `assets`: the names by number; it may grow. */
  constructor(assets: readonly string[]) {
    this.#assets = assets;
  }

  hasRoomFor(postings: number): boolean {
    return this.#ids.length < ROWS && this.#postings + postings <= POSTINGS;
  }

  /** A posting of the row that `close` will end, or that `reopen` gives up. */
  post(asset: number, { mantissa, scale }: Decimal, isFee: boolean): void {
    const index = this.#postings;
    this.#asset[index] = isFee ? asset | FEE : asset;
    this.#mantissa[index] = mantissa;
    this.#scale[index] = scale;
    this.#postings = index + 1;
  }

  reopen(): void {
    this.#postings = this.#closed;
  }

  close(id: string, at: number): Entry {
    const row = this.#ids.push(id) - 1;
    this.#at[row] = at;
    this.#closed = this.#postings;
    this.#first[row + 1] = this.#closed;
    return new FillRow(this, row);
  }

  id(row: number): string {
    const id = this.#ids[row];
    assert(id !== undefined, 'a row of the block');
    return id;
  }

  at(row: number): number {
    const at = this.#at[row];
    assert(at !== undefined, 'a row of the block');
    return at;
  }

  postings(row: number): readonly Posting[] {
    if (row === this.#row) return this.#made;
    const made: Posting[] = [];
    const [first, end] = [this.#first[row], this.#first[row + 1]];
    assert(first !== undefined && end !== undefined, 'a row of the block');
    for (let index = first; index < end; index += 1) made.push(this.#posting(index));
    this.#row = row;
    this.#made = made;
    return made;
  }

  #posting(index: number): Posting {
    const packed = this.#asset[index];
    assert(packed !== undefined, 'a posting of the block');
    const asset = this.#assets[packed & ~FEE];
    const mantissa = this.#mantissa[index];
    const scale = this.#scale[index];
    assert(asset !== undefined && mantissa !== undefined && scale !== undefined, 'a posting');
    const amount = { mantissa, scale };
    return packed < FEE ? { asset, amount } : { asset, amount, role: 'fee' };
  }
}

class FillRow implements Entry {
  readonly #columns: FillColumns;
  readonly #row: number;

  constructor(columns: FillColumns, row: number) {
    this.#columns = columns;
    this.#row = row;
  }

  get id(): string {
    return this.#columns.id(this.#row);
  }

  get at(): number {
    return this.#columns.at(this.#row);
  }

  get kind(): 'fill' {
    return 'fill';
  }

  get postings(): readonly Posting[] {
    return this.#columns.postings(this.#row);
  }
}
