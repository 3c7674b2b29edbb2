// The limits below which a return says nothing, in the reporting currency. They are part of the
// method: the same ledger under the same policy gives the same bytes.

import { type Decimal, multiply, parseDecimal } from '@track-record/ledger';

export interface HoursPolicy {
  /** No return is measured on less equity than this. */
  readonly dustEquity: Decimal;
  /**
   * A residual up to this value, or RESIDUAL_SHARE of equity, is disclosed; above it is
   * quarantined.
   */
  readonly residualUnit: Decimal;
}

/** The relative bound of a disclosed residual (returns.md 2.1). */
export const RESIDUAL_SHARE: Decimal = parseDecimal('0.0001');

/**
 * A flow of at least this share of opening equity needs prices of its own instant (returns.md 1.4).
 */
export const LARGE_FLOW_SHARE: Decimal = parseDecimal('0.1');

/** A flow may be valued with the minute candle that closed before it (returns.md 1.4). */
export const FLOW_PRICE_AGE_MS = 60_000;

/** What is cash wherever it is held; shares and rates may be quoted in more. */
export const CURRENCIES = 'USD USDT USDC FDUSD DAI EUR GBP CHF CAD AUD JPY'.split(' ');

/**
 * About 10 US dollars (returns.md 1.4), fixed per currency so that the rule never moves with a
 * price.
 */
const DUST_EQUITY: ReadonlyMap<string, string> = new Map([
  ...CURRENCIES.map((currency) => [currency, '10'] as const),
  ['JPY', '1500'],
  ['BTC', '0.0001'],
  ['ETH', '0.003'],
]);

/** For a currency that is not listed: small enough to be dust in any of them. */
const DUST_EQUITY_UNLISTED = '0.0001';

/** The residual unit is about 1 US dollar, a tenth of the dust limit (returns.md 2.1). */
const RESIDUAL_UNIT_SHARE = parseDecimal('0.1');

export function policyFor(reportingCurrency: string): HoursPolicy {
  const dustEquity = parseDecimal(DUST_EQUITY.get(reportingCurrency) ?? DUST_EQUITY_UNLISTED);
  return { dustEquity, residualUnit: multiply(dustEquity, RESIDUAL_UNIT_SHARE) };
}
