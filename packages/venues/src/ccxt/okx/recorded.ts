// Answers of OKX that its bills make needless: read where they were recorded, and never asked for.
// Fields: okx.com/docs-v5, funding account and order book trading sections. Rows are untrusted.

import { multiply, negate } from '@track-record/ledger';
import { feed, type Feed } from '../feed.ts';
import type { Markets } from '../markets.ts';
import { movementOf, post, settle, states, type Reading } from '../readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../rows.ts';
import { BY_TIME } from './venue.ts';

const DEPOSIT_STATES = states(['1', '2'], ['0', '8', '11', '12', '13', '14', '17'], {});
export const recorded: readonly Feed[] = [
  feed('privateGetAssetDepositHistory', 'data', BY_TIME, readDeposit, 'deposits'),
  feed('privateGetTradeFillsHistory', 'data', BY_TIME, readFill, 'fills, fills spot'),
];

/** `/api/v5/asset/deposit-history`. */
function readDeposit(row: Row): readonly Reading[] {
  const id = `deposit.${parseText(row, 'txId')}`;
  const [asset, amount] = [parseText(row, 'ccy'), parseSize(row, 'amt')];
  const entry = movementOf(id, parseInstant(row, 'ts'), 'flow', asset, amount);
  return settle(row, 'state', DEPOSIT_STATES, [entry]);
}

/** `/api/v5/trade/fills-history`, whose tradeId is unique in one market only. */
function readFill(row: Row, { pairs }: Markets): readonly Reading[] {
  const market = parseText(row, 'instId');
  const pair = pairs.get(market);
  const side = parseText(row, 'side');
  if (pair === undefined || (side !== 'buy' && side !== 'sell')) throw shape('side');
  const quantity = parseSize(row, 'fillSz');
  const cost = multiply(quantity, parseSize(row, 'fillPx'));
  const [base, quote] = side === 'buy' ? [quantity, negate(cost)] : [negate(quantity), cost];
  const postings = [
    ...post(pair.base, base),
    ...post(pair.quote, quote),
    ...post(parseText(row, 'feeCcy'), parseAmount(row, 'fee'), 'fee'),
  ];
  const id = `spot-trade.${market}.${parseText(row, 'tradeId')}`;
  return [{ id, at: parseInstant(row, 'ts'), kind: 'fill', postings }];
}
