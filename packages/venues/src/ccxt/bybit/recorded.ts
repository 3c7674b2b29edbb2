// Answers of Bybit that its ledgers make needless: read where they were recorded, and never asked
// for. Fields: bybit-exchange.github.io/docs/v5, asset, order and position sections. Rows are
// untrusted.

import { negate, sign, type Decimal } from '@track-record/ledger';
import { feed, type Feed } from '../feed.ts';
import type { Contract, Markets, Pair } from '../markets.ts';
import type { Paging } from '../pagers.ts';
import {
  contractFill,
  flowOf,
  movementOf,
  post,
  settle,
  states,
  type Reading,
} from '../readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../rows.ts';
import { WITHDRAWALS } from './logs.ts';

const NEVER_PAGED: Paging = { spanMs: Infinity, rows: Infinity, parametersOf: () => ({}) };
const DEPOSIT_STATES = states(['3', '10012', '70012'], ['0', '1', '2', '10011'], {
  '4': 'failed',
  '70011': 'failed',
});
/** Of executions, which only name these when they are asked for each type: venues.md section 6. */
const FILLS: ReadonlySet<string> = new Set(['Trade', 'BustTrade', 'AdlTrade', 'BlockTrade']);

const WITHDRAWAL_STATES = states(
  ['success', 'BlockchainConfirmed'],
  ['SecurityCheck', 'Pending', 'MoreInformationRequired', 'Unknown'],
  { CancelByUser: 'cancelled', Reject: 'rejected', Fail: 'failed' },
);

export const recorded: readonly Feed[] = [
  feed(WITHDRAWALS, 'result.rows', NEVER_PAGED, readWithdrawal, 'withdrawals'),
  feed('privateGetV5AssetDepositQueryRecord', 'result.rows', NEVER_PAGED, readDeposit, 'deposits'),
  feed(
    'privateGetV5ExecutionList',
    'result.list',
    NEVER_PAGED,
    readExecution,
    'fills, fills linear, fills inverse',
  ),
  feed('privateGetV5OrderHistory', 'result.list', NEVER_PAGED, readOrder, 'fills spot'),
  feed('privateGetV5PositionClosedPnl', 'result.list', NEVER_PAGED, readClosed, 'activities'),
];

/** `/v5/asset/deposit/query-record`: a transaction may pay several times, told apart by index. */
function readDeposit(row: Row): readonly Reading[] {
  const id = `deposit.${parseText(row, 'txID')}.${parseText(row, 'txIndex')}`;
  const [asset, amount] = [parseText(row, 'coin'), parseSize(row, 'amount')];
  const entry = movementOf(id, parseInstant(row, 'successAt'), 'flow', asset, amount);
  return settle(row, 'status', DEPOSIT_STATES, [entry]);
}

/** `/v5/asset/withdraw/query-record`: the fee comes on top of what arrives. */
function readWithdrawal(row: Row): readonly Reading[] {
  const id = `withdrawal.${parseText(row, 'withdrawId')}`;
  const [amount, fee] = [negate(parseSize(row, 'amount')), negate(parseSize(row, 'withdrawFee'))];
  const entries = flowOf(id, parseInstant(row, 'createTime'), parseText(row, 'coin'), amount, fee);
  return settle(row, 'status', WITHDRAWAL_STATES, entries);
}

/** `/v5/execution/list` of contracts: a fee is paid when it is above zero, funding too. */
function readExecution(row: Row, { contracts }: Markets): readonly Reading[] {
  const market = parseText(row, 'symbol');
  const contract = contracts.get(market);
  if (contract === undefined) throw shape('symbol');
  const [at, type] = [parseInstant(row, 'execTime'), parseText(row, 'execType')];
  const [fee, trade] = [negate(parseAmount(row, 'execFee')), parseText(row, 'execId')];
  const settleAsset = settleOf(contract);
  const asset = row['feeCurrency'] === '' ? settleAsset : parseText(row, 'feeCurrency');
  if (type === 'Funding') return [movementOf(`funding.${trade}`, at, 'funding', asset, fee)];
  if (!FILLS.has(type)) throw shape('execType');
  const quantity = parseSize(row, 'execQty');
  const position = {
    instrument: contract.symbol,
    contracts: isBuy(row) ? quantity : negate(quantity),
    price: parseSize(row, 'execPrice'),
  };
  const kind = settleAsset === contract.instrument.quote ? 'linear' : 'inverse';
  return contractFill([kind, `${market}.${trade}`], at, position, [], post(asset, fee, 'fee'));
}

/** `/v5/order/history` of spot: what an order filled; its fee is in what it received. */
function readOrder(row: Row, { pairs }: Markets): readonly Reading[] {
  const market = parseText(row, 'symbol');
  const pair = pairs.get(market);
  if (pair === undefined) throw shape('symbol');
  const [id, at] = [
    `spot-order.${market}.${parseText(row, 'orderId')}`,
    parseInstant(row, 'updatedTime'),
  ];
  const quantity = parseSize(row, 'cumExecQty');
  if (sign(quantity) === 0) return [{ id, at, reason: 'nothing filled' }];
  const [cost, fee] = [parseSize(row, 'cumExecValue'), negate(parseAmount(row, 'cumExecFee'))];
  return [{ id, at, kind: 'fill', postings: postingsOf(row, pair, quantity, cost, fee) }];
}

function postingsOf(row: Row, pair: Pair, quantity: Decimal, cost: Decimal, fee: Decimal) {
  const [base, quote] = isBuy(row) ? [quantity, negate(cost)] : [negate(quantity), cost];
  return [
    ...post(pair.base, base),
    ...post(pair.quote, quote),
    ...post(isBuy(row) ? pair.base : pair.quote, fee, 'fee'),
  ];
}

/** `/v5/position/closed-pnl`: what closing orders earned, their fees included. */
function readClosed(row: Row, { contracts }: Markets): readonly Reading[] {
  const contract = contracts.get(parseText(row, 'symbol'));
  if (contract === undefined) throw shape('symbol');
  const id = `closed.${parseText(row, 'orderId')}`;
  const [at, profit] = [parseInstant(row, 'updatedTime'), parseAmount(row, 'closedPnl')];
  return [movementOf(id, at, 'realised', settleOf(contract), profit)];
}

function isBuy(row: Row): boolean {
  const side = parseText(row, 'side');
  if (side !== 'Buy' && side !== 'Sell') throw shape('side');
  return side === 'Buy';
}

/** `BTC/USD:BTC` settles in BTC. */
function settleOf({ symbol }: Contract): string {
  return symbol.slice(symbol.indexOf(':') + 1).replace(/-.*/, '');
}
