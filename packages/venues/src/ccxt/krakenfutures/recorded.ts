// Fills of Kraken Futures, which its account log makes needless: read where they were recorded, and
// never asked for. Fields: docs.kraken.com, "Get your fills". Rows are untrusted.

import { negate } from '@track-record/ledger';
import { feed, type Feed } from '../feed.ts';
import type { Paging } from '../pagers.ts';
import { post, type Reading } from '../readings.ts';
import { parseAmount, parseIso, parseText, shape, type Row } from '../rows.ts';
import { assetOf, contractOf } from './log.ts';

const ONCE: Paging = { spanMs: Infinity, rows: Infinity, parametersOf: () => ({}) };

export const recorded: readonly Feed[] = [
  feed('privateGetFills', 'fills', ONCE, readFill, 'fills, fills linear, fills inverse'),
];

export function symbolOf(id: string): string | null {
  return contractOf(id.toUpperCase())?.symbol ?? null;
}

/** `size` is in contracts. A fee that is not told is not guessed. */
function readFill(row: Row): readonly Reading[] {
  const contract = contractOf(parseText(row, 'symbol').toUpperCase());
  const side = parseText(row, 'side');
  if (contract === null || (side !== 'buy' && side !== 'sell')) throw shape('side');
  const size = parseAmount(row, 'size');
  const position = {
    instrument: contract.symbol,
    contracts: side === 'buy' ? size : negate(size),
    price: parseAmount(row, 'price'),
  };
  const isFeeTold = row['fee_paid'] !== undefined;
  const postings = isFeeTold
    ? post(assetOf(parseText(row, 'fee_currency')), negate(parseAmount(row, 'fee_paid')), 'fee')
    : [];
  const id = `trade.${parseText(row, 'fill_id')}`;
  return [{ id, at: parseIso(row, 'fillTime'), kind: 'fill', position, postings }];
}
