// How a record gets from the currency that its venue quotes in to the one its owner reports in,
// where the venue itself has no pairs in that: by public candles of a venue that is named with
// every hour. The table is a part of the method: the same account is always converted the same way,
// and where a worker does not serve the named venue, the hours stay unpriced.

import type { ReferencePair } from '@track-record/ledger';

/** Kraken quotes the stablecoins against dollars that are in a bank. */
const pairs: readonly ReferencePair[] = [
  { asset: 'USDT', currency: 'USD', source: 'kraken' },
  { asset: 'USDC', currency: 'USD', source: 'kraken' },
];

/** None when the venue is asked in the reporting currency itself. */
export function referencePairsOf(
  quoteCurrency: string,
  reportingCurrency: string,
): readonly ReferencePair[] {
  return pairs.filter(
    ({ asset, currency }) => asset === quoteCurrency && currency === reportingCurrency,
  );
}
