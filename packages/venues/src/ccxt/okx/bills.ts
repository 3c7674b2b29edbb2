// OKX's bills and withdrawals as ledger entries. A bill says by how much a balance
// moved, fee included, and what it was afterwards. Types and sub-types: okx.com/docs-v5, "Get bills
// details" and "Asset bills details". Rows are untrusted.

import { negate, subtract } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import type { Markets } from '../markets.ts';
import {
  contractFill,
  flowOf,
  kindOf,
  kindsOf,
  movementOf,
  post,
  settle,
  states,
  type Reading,
} from '../readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../rows.ts';
import type { Running } from '../running.ts';
import { splitWithdrawals } from '../withdrawals.ts';

/** Bills of the trading account. Delivery and options are not here: they stop the account. */
const TRADING = kindsOf({
  transfer: '1',
  fill: '2 5 9 30',
  interest: '7',
  funding: '8',
  conversion: '11 27 28 29',
});
const FUNDING = kindsOf({
  // Deposits, withdrawals, sub-accounts, gifts, and principal that enters or leaves earn products.
  flow: '1 2 13 20 21 22 23 72 73 74 75 76 78 80 82 124',
  airdrop: '28 77 229',
  adjustment: '47',
  reward: '48 49 151',
  rebate: '68 150 152 172 173 222 300',
  interest: '83 89',
  fee: '84 221',
  transfer: '130 131',
  conversion: '272 273',
});
/** A withdrawal, and one that was cancelled. */
const WITHDRAWALS: ReadonlySet<string> = new Set(['2', '13']);

/** Sub-types of trades, liquidations and deleveraging; hedge mode has two positions a market. */
const BUYS = new Set('1 3 6 101 102 105 106 126 127'.split(' '));
const SELLS = new Set('2 4 5 100 103 104 107 125 128'.split(' '));
const SHORT_SIDE = new Set('4 6 101 105 126'.split(' '));

const WITHDRAWAL_STATES = states(['2'], '-3 0 1 4 5 6 7 8 9 10 12 15 16 17 19'.split(' '), {
  '-2': 'cancelled',
  '-1': 'failed',
});

export function readRunning(row: Row): Running {
  return {
    id: parseText(row, 'billId'),
    at: parseInstant(row, 'ts'),
    asset: parseText(row, 'ccy'),
    change: parseAmount(row, 'balChg'),
    after: parseAmount(row, 'bal'),
  };
}

/** `/api/v5/account/bills-archive`: a trade of a pair has a bill for each asset that it moved. */
export function readTradingBill(row: Row, { contracts }: Markets): readonly Reading[] {
  const kind = kindOf(row, 'type', TRADING);
  const { id: bill, at, asset, change } = readRunning(row);
  if (kind !== 'fill') return [movementOf(`bill.${bill}`, at, kind, asset, change)];
  const fee = parseAmount(row, 'fee');
  const [own, fees] = [post(asset, subtract(change, fee)), post(asset, fee, 'fee')];
  const market = parseText(row, 'instId');
  const type = parseText(row, 'instType');
  if (type === 'SPOT' || type === 'MARGIN') {
    const id = `spot-trade.${market}.${parseText(row, 'tradeId')}`;
    return [{ id, at, kind, postings: [...own, ...fees] }];
  }
  const contract = contracts.get(market);
  if (type !== 'SWAP' || contract === undefined) throw shape('instType');
  const side = parseText(row, 'subType');
  if (!BUYS.has(side) && !SELLS.has(side)) throw shape('subType');
  const size = parseSize(row, 'sz');
  const position = {
    instrument: SHORT_SIDE.has(side) ? `${contract.symbol}#SHORT` : contract.symbol,
    contracts: BUYS.has(side) ? size : negate(size),
    price: parseSize(row, 'px'),
  };
  return contractFill(['swap', bill], at, position, own, fees);
}

/** `/api/v5/asset/bills`. */
export function readFundingBill(row: Row): readonly Reading[] {
  const kind = kindOf(row, 'type', FUNDING);
  const { id, at, asset, change } = readRunning(row);
  return [movementOf(`funding-bill.${id}`, at, kind, asset, change)];
}

/** `/api/v5/asset/withdrawal-history`: the fee comes on top of what arrives. */
export function readWithdrawal(row: Row): readonly Reading[] {
  const id = `withdrawal.${parseText(row, 'wdId')}.${parseText(row, 'txId')}`;
  const [amount, fee] = [negate(parseSize(row, 'amt')), negate(parseSize(row, 'fee'))];
  const entries = flowOf(id, parseInstant(row, 'ts'), parseText(row, 'ccy'), amount, fee);
  return settle(row, 'state', WITHDRAWAL_STATES, entries);
}

/** A withdrawal's bill is one sum; its fee is told by the withdrawal of that asset and sum. */
export function finish(job: Job): Row {
  splitWithdrawals(job, {
    ledger: 'privateGetAssetBillsHistory',
    running: readRunning,
    prefix: 'funding-bill.',
    isWithdrawal: (row) => WITHDRAWALS.has(parseText(row, 'type')),
    list: 'privateGetAssetWithdrawalHistory',
    fields: ['ccy', 'amt', 'fee'],
  });
  return {};
}
