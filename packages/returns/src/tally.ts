// The value of what was paid or received in one hour, per class, at the last price known when it
// happened. Quantities are summed and valued only when a price changes, so a fee costs one integer
// addition.

import {
  add,
  addAmount,
  type Decimal,
  type Entry,
  type EntryKind,
  type LedgerDocument,
  multiply,
  type Posting,
  type PriceTable,
  round,
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
  const quoted = [...instruments.values()].filter(({ kind }) => kind === 'equity' || kind === 'fx');
  const found = new Set([...CURRENCIES, ...quoted.map(({ quote }) => quote)]);
  found.delete(account.reportingCurrency);
  return found;
}

const CLASSES: Readonly<Record<EntryKind, TallyClass | null>> = {
  fill: null,
  fee: 'fees',
  rebate: 'fees',
  funding: 'funding',
  interest: 'income',
  dividend: 'income',
  withholding: 'income',
  reward: 'income',
  airdrop: 'income',
  conversion: null,
  realised: 'realised',
  settlement: null,
  // What a move inside the perimeter does not bring to the other side is its fee.
  transfer: 'fees',
  flow: null,
  split: null,
  adjustment: null,
};

/** Which class a posting belongs to; null for trades and flows. */
export function tallyClass({ kind }: Entry, { role }: Posting): TallyClass | null {
  return role === 'fee' ? 'fees' : CLASSES[kind];
}

export class Tally {
  readonly #open = new Map<string, Decimal>();
  #value: Decimal = ZERO;

  add(asset: string, amount: Decimal): void {
    addAmount(this.#open, asset, amount);
  }

  /** Values what happened so far at the prices known so far; what has no price yet stays open. */
  settle(table: PriceTable, at: number): void {
    this.#open.forEach((total, asset) => {
      const quote = table.price(asset, at);
      if (quote === null && total.mantissa !== 0n) return;
      if (quote !== null) this.#value = add(this.#value, multiply(total, quote.price));
      this.#open.delete(asset);
    });
  }

  /** null when something never had a price. */
  value(): Decimal | null {
    return this.#open.size > 0 ? null : round(this.#value, VALUE_SCALE);
  }
}
