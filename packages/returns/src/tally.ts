// The value of what was paid or received in one hour, per class, at the last price known when it
// happened. Quantities are summed and valued only when a price changes, so a fee costs one integer
// addition.

import {
  add,
  addAmount,
  type Decimal,
  type Entry,
  multiply,
  type Posting,
  type PriceTable,
  round,
  type RunningTotal,
  VALUE_SCALE,
  ZERO,
} from '@track-record/ledger';

export type TallyClass = 'fees' | 'funding' | 'income';

/** Which class a posting belongs to; null for trades, flows and realised profit. */
export function tallyClass(entry: Entry, posting: Posting): TallyClass | null {
  if (posting.role === 'fee') return 'fees';
  switch (entry.kind) {
    case 'fee':
    case 'rebate':
    // What a move inside the perimeter does not bring to the other side is its fee.
    case 'transfer':
      return 'fees';
    case 'funding':
      return 'funding';
    case 'interest':
    case 'dividend':
    case 'withholding':
    case 'reward':
    case 'airdrop':
      return 'income';
    case 'fill':
    case 'conversion':
    case 'realised':
    case 'settlement':
    case 'flow':
    case 'split':
    case 'adjustment':
      return null;
  }
}

export class Tally {
  readonly #open = new Map<string, RunningTotal>();
  #value: Decimal = ZERO;

  add(asset: string, amount: Decimal): void {
    addAmount(this.#open, asset, amount);
  }

  /** Values what happened so far at the prices known so far; what has no price yet stays open. */
  settle(table: PriceTable, at: number): void {
    for (const [asset, total] of this.#open) {
      const quote = table.price(asset, at);
      if (quote === null && total.mantissa !== 0n) continue;
      if (quote !== null) this.#value = add(this.#value, multiply(total, quote.price));
      this.#open.delete(asset);
    }
  }

  /** null when something never had a price. */
  value(): Decimal | null {
    return this.#open.size > 0 ? null : round(this.#value, VALUE_SCALE);
  }
}
