// What the venue of a random ledger would show at the end of its window, by the oracle.

import type { AnchorJson, LedgerJson } from './ledger-json.ts';
import { Oracle } from './oracle.ts';

/** No venue shows a balance finer than this, so profit is posted no finer. */
const BALANCE_DIGITS = 18;

/** More digits than an entry price needs to give its cost back. */
const ENTRY_PRICE_DIGITS = 50;

export function withClosing(ledger: LedgerJson): LedgerJson {
  const { balances, holdings } = new Oracle(ledger).holdingsAt(Date.parse(ledger.window.to));
  const closing: AnchorJson = {
    asOf: ledger.window.to,
    balances: Object.fromEntries(
      [...balances].map(([asset, sum]) => [asset, sum.toDecimalPlaces(BALANCE_DIGITS).toFixed()]),
    ),
    positions: [...holdings]
      .filter(([, { contracts }]) => !contracts.isZero())
      .map(([instrument, { contracts, entryPrice }]) => ({
        instrument,
        contracts: contracts.toFixed(),
        entryPrice: entryPrice.toSignificantDigits(ENTRY_PRICE_DIGITS).toFixed(),
      })),
  };
  return { ...ledger, anchors: [...ledger.anchors, closing] };
}
