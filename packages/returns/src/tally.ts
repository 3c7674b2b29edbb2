// The value of what was paid or received in one hour, per class, at the last price known when it
// happened. Quantities are summed and valued only when a price changes, so a fee costs one integer
// addition.

import {
  add,
  addAmount,
  type Decimal,
  type Entry,
  type LedgerDocument,
  multiply,
  type Posting,
  type PriceTable,
  round,
  type RunningTotal,
  VALUE_SCALE,
  ZERO,
} from '@track-record/ledger';
import { CURRENCIES } from './policy.ts';

/** `fx`: what cash in other currencies gained by their rates; no posting belongs to it. */
export type TallyClass = 'fees' | 'funding' | 'income' | 'realised' | 'fx';

export function byClass<T>(make: (of: TallyClass) => T): Record<TallyClass, T> {
  const [fees, funding, income] = [make('fees'), make('funding'), make('income')];
  return { fees, funding, income, realised: make('realised'), fx: make('fx') };
}

/** Cash that is not the reporting currency; coins are none, though much is quoted in some. */
export function currenciesOf({ account, instruments }: LedgerDocument): ReadonlySet<string> {
  const found = new Set(CURRENCIES);
  for (const { asset, currency } of account.references ?? []) found.add(asset).add(currency);
  for (const { kind, base, quote } of instruments.values()) {
    if (kind === 'fx') found.add(base);
    if (kind === 'fx' || kind === 'equity') found.add(quote);
  }
  found.delete(account.reportingCurrency);
  return found;
}

/** Which class a posting belongs to; null for trades and flows. */
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
    case 'realised':
      return 'realised';
    case 'fill':
    case 'conversion':
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
