// Prices that a statement has: what is held at the end of its last day by the broker's own closing
// prices, and currencies by its rate of every day. Net asset value at those instants is the
// broker's own, to the cent; between them nothing is made up.

import { divide, multiply, ONE, type Instrument } from '@track-record/ledger';
import { parseAmount, parseText, type Row } from '../ccxt/rows.ts';
import type { PriceAnswer } from '../contract.ts';
import { baseOf } from './nav.ts';
import { rowsOf, type Statement } from './statement.ts';
import { dayAt } from './times.ts';

/** A value divided by what it is the value of: its cents stay exact. */
const CLOSE_SCALE = 18;

export function closingPrices(statement: Statement): PriceAnswer {
  const currency = baseOf(statement);
  const rates = rowsOf(statement, 'ConversionRates').filter(
    (row) => row['toCurrency'] === currency,
  );
  // What is told with its day alone counts in the last millisecond of it, and has these prices too.
  const endOf = (row: Row): readonly number[] =>
    [0, 1].map((ms) => dayAt(row, 'reportDate').to - ms);
  return {
    prices: rates.flatMap((row) => {
      const [asset, price] = [parseText(row, 'fromCurrency'), parseAmount(row, 'rate')];
      return endOf(row).map((at) => ({ asset, currency, at, price }));
    }),
    marks: rowsOf(statement, 'OpenPositions').flatMap((row) => {
      const held = multiply(parseAmount(row, 'position'), parseAmount(row, 'multiplier'));
      const price = divide(parseAmount(row, 'positionValue'), held, CLOSE_SCALE);
      return endOf(row).map((at) => ({ instrument: parseText(row, 'conid'), at, price }));
    }),
  };
}

/** Currencies have sessions as shares have: over a weekend their last rate is carried. */
export function currencyPairs({ prices }: PriceAnswer): ReadonlyMap<string, Instrument> {
  const common = { kind: 'fx', contractSize: ONE, realised: 'derived' } as const;
  const pairs = prices.map(({ asset: base, currency: quote }) => ({ base, quote, settle: quote }));
  return new Map(pairs.map((pair) => [`${pair.base}.${pair.quote}`, { ...common, ...pair }]));
}
