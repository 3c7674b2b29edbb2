// Answers of Kraken that its ledger makes needless: read where they were recorded, and never asked
// for. Fields: docs.kraken.com, "Get Trades History", "Get Status of Recent Deposits". Rows are
// untrusted.

import { negate, ZERO } from '@track-record/ledger';
import { feed, type Feed } from '../feed.ts';
import type { Markets } from '../markets.ts';
import { flowOf, post, settle, states, type Reading } from '../readings.ts';
import { parseAmount, parseSize, parseText, shape, type Row } from '../rows.ts';
import { assetOf } from './assets.ts';
import { rowsIn, timeOf } from './entries.ts';
import { BY_OFFSET } from './venue.ts';

/** Both assets have their legacy codes in `XXBTZUSD`, and neither in `XBTUSD`. */
const LEGACY_PAIR = /^(X[A-Z]{3})([XZ][A-Z]{3})$/;
const PAIR = /^(.+?)(XBT|ETH|USD|EUR|GBP|CAD|JPY|AUD|CHF|USDT|USDC)$/;

const STATES = states(['Success'], ['Initial', 'Pending', 'Settled'], { Failure: 'failed' });

export const recorded: readonly Feed[] = [
  feed('privatePostTradesHistory', rowsIn('trades'), BY_OFFSET, readTrade, 'fills, fills spot'),
  feed('privatePostDepositStatus', rowsIn(''), BY_OFFSET, readDeposit, 'deposits'),
  feed('privatePostWithdrawStatus', rowsIn(''), BY_OFFSET, readWithdrawal, 'withdrawals'),
];

/** A pair by its name, as its margin contract is named. */
export function symbolOf(id: string): string | null {
  const [, base, quote] = LEGACY_PAIR.exec(id) ?? PAIR.exec(id) ?? [];
  if (base === undefined || quote === undefined) return null;
  return `${assetOf(base)}/${assetOf(quote)}:${assetOf(quote)}`;
}

/** A trade names no currency of its fee: it is the quote, unless an order asked otherwise. */
function readTrade(row: Row, { pairs }: Markets): readonly Reading[] {
  const market = parseText(row, 'pair');
  const side = parseText(row, 'type');
  const pair = pairs.get(market);
  if (pair === undefined || (side !== 'buy' && side !== 'sell')) throw shape('pair');
  const [bought, cost] = [parseSize(row, 'vol'), parseSize(row, 'cost')];
  const isBuy = side === 'buy';
  const postings = [
    ...post(pair.base, isBuy ? bought : negate(bought)),
    ...post(pair.quote, isBuy ? negate(cost) : cost),
    ...post(pair.quote, negate(parseAmount(row, 'fee')), 'fee'),
  ];
  return [{ id: `fill.${parseText(row, 'id')}`, at: timeOf(row), kind: 'fill', postings }];
}

function readDeposit(row: Row): readonly Reading[] {
  return readMovement(row, 'deposit', 1);
}

function readWithdrawal(row: Row): readonly Reading[] {
  return readMovement(row, 'withdrawal', -1);
}

/** The fee of a deposit may be left out where there is none. */
function readMovement(row: Row, kind: string, direction: 1 | -1): readonly Reading[] {
  const id = `${kind}.${parseText(row, 'refid')}`;
  const amount = parseSize(row, 'amount');
  const fee = row['fee'] === undefined ? ZERO : negate(parseSize(row, 'fee'));
  const signed = direction > 0 ? amount : negate(amount);
  return settle(
    row,
    'status',
    STATES,
    flowOf(id, timeOf(row), assetOf(parseText(row, 'asset')), signed, fee),
  );
}
