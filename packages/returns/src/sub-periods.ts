// The time-weighted return of one hour, cut at every flow: the product of value before a flow over
// the value after the flow before it. Kept as one exact fraction and rounded once, half-even, at
// the end. Why cut: every approximation lets a late deposit hide a loss (returns.md 1.2).

import {
  add,
  compare,
  type Decimal,
  divide,
  multiply,
  sign,
  subtract,
  ZERO,
} from '@track-record/ledger';

/** Digits of a published return: linking a year of hours loses less than 1e-14 (returns.md 6). */
export const RETURN_SCALE = 18;

/** All that was there is lost. */
export const TOTAL_LOSS: Decimal = {
  mantissa: -(10n ** BigInt(RETURN_SCALE)),
  scale: RETURN_SCALE,
};

export type SubPeriodsResult =
  | { readonly end: 'measured' | 'ruined'; readonly return: Decimal }
  | { readonly end: 'dust' | 'no_capital'; readonly return: null };

export class SubPeriods {
  readonly #dustEquity: Decimal;
  #base: Decimal;
  #numerator: Decimal = { mantissa: 1n, scale: 0 };
  #denominator: Decimal = { mantissa: 1n, scale: 0 };
  #end: SubPeriodsResult['end'] = 'no_capital';
  #gain: Decimal = ZERO;

  constructor(equityOpen: Decimal, dustEquity: Decimal) {
    this.#base = equityOpen;
    this.#dustEquity = dustEquity;
  }

  /** Ends a sub-period at `equity`, the value just before a flow or at the close. */
  end(equity: Decimal): void {
    this.#gain = add(this.#gain, subtract(equity, this.#base));
    const measurable = sign(this.#base) > 0 && compare(this.#base, this.#dustEquity) >= 0;
    if (measurable && this.#end !== 'ruined') {
      this.#end = sign(equity) > 0 ? 'measured' : 'ruined';
      this.#numerator = multiply(this.#numerator, equity);
      this.#denominator = multiply(this.#denominator, this.#base);
    } else if (sign(this.#base) > 0 && this.#end === 'no_capital') this.#end = 'dust';
    this.#base = equity;
  }

  /** The next sub-period begins with the flow in or out. */
  flow(amount: Decimal): void {
    this.#base = add(this.#base, amount);
  }

  /** The sum of what every sub-period gained. */
  gain(): Decimal {
    return this.#gain;
  }

  /** After a ruin nothing is linked, not even a later sub-period of the same hour. */
  result(): SubPeriodsResult {
    if (this.#end === 'ruined') return { end: 'ruined', return: TOTAL_LOSS };
    if (this.#end !== 'measured') return { end: this.#end, return: null };
    const change = subtract(this.#numerator, this.#denominator);
    return { end: 'measured', return: divide(change, this.#denominator, RETURN_SCALE) };
  }
}
