// Binance's rows as ledger entries: one function per feed, digits as Binance wrote them. A row that
// has not happened (pending, failed) is an ignored row with its reason; a row of a kind we do not
// know stops the account. Fields: developers.binance.com, spot, USD-M futures and wallet sections.
// Rows are untrusted.

import {
  multiply,
  negate,
  sign,
  type Entry,
  type EntryKind,
  type Posting,
} from '@track-record/ledger';
import type { Markets } from '../markets.ts';
import type { Parameters } from '../pagers.ts';
import {
  contractFill,
  flowOf,
  kindOf,
  movementOf,
  post,
  settle,
  states,
  type Reading,
} from '../readings.ts';
import {
  parseAmount,
  parseFlag,
  parseInstant,
  parseRows,
  parseSize,
  parseText,
  parseUtcText,
  shape,
  type Row,
} from '../rows.ts';

/** The perimeter, in the words of universal transfer types: spot, funding and USD-M futures. */
export const WALLETS_INSIDE: readonly string[] = ['MAIN', 'FUNDING', 'UMFUTURE'];

/**
 * USD-M income types that are not told by another feed. All of them are performance, none is a
 * flow.
 */
const INCOME_KINDS: ReadonlyMap<string, EntryKind> = new Map<string, EntryKind>([
  ['FUNDING_FEE', 'funding'],
  ['REALIZED_PNL', 'realised'],
  ['COMMISSION', 'fee'],
  ['POSITION_LIMIT_INCREASE_FEE', 'fee'],
  ['INSURANCE_CLEAR', 'settlement'],
  ['REFERRAL_KICKBACK', 'rebate'],
  ['COMMISSION_REBATE', 'rebate'],
  ['API_REBATE', 'rebate'],
  ['FEE_RETURN', 'rebate'],
  ['WELCOME_BONUS', 'reward'],
  ['CONTEST_REWARD', 'reward'],
  ['BFUSD_REWARD', 'interest'],
  ['AUTO_EXCHANGE', 'conversion'],
  ['COIN_SWAP_DEPOSIT', 'conversion'],
  ['COIN_SWAP_WITHDRAW', 'conversion'],
  ['TRANSFER', 'transfer'],
]);

/** Deposit status 1 success and 6 credited but not yet withdrawable: both are in the balance. */
const DEPOSIT_STATES = states(['1', '6'], ['0', '8'], { '2': 'rejected', '7': 'wrong deposit' });
const WITHDRAWAL_STATES = states(['6'], ['0', '2', '4'], {
  '1': 'cancelled',
  '3': 'rejected',
  '5': 'failed',
});
const FIAT_STATES = states(['Successful', 'Finished'], ['Processing'], {
  Failed: 'failed',
  Expired: 'expired',
  Refunding: 'refunded',
  Refunded: 'refunded',
  'Refund Failed': 'failed',
});
const CONVERT_STATES = states(['SUCCESS'], ['PROCESS', 'ACCEPT_SUCCESS'], { FAIL: 'failed' });
const TRANSFER_STATES = states(['CONFIRMED'], ['PENDING'], { FAILED: 'failed' });

/** `/api/v3/myTrades`, and margin's, which has no quoteQty. */
export function readSpotFill(row: Row, markets: Markets): readonly Entry[] {
  const symbol = parseText(row, 'symbol');
  const pair = markets.pairs.get(symbol);
  if (pair === undefined) throw shape('symbol');
  const bought = parseFlag(row, 'isBuyer');
  const quantity = parseSize(row, 'qty');
  const cost =
    row['quoteQty'] === undefined
      ? multiply(quantity, parseSize(row, 'price'))
      : parseSize(row, 'quoteQty');
  return [
    {
      id: `spot-trade.${symbol}.${parseText(row, 'id')}`,
      at: parseInstant(row, 'time'),
      kind: 'fill',
      postings: [
        { asset: pair.base, amount: bought ? quantity : negate(quantity) },
        { asset: pair.quote, amount: bought ? negate(cost) : cost },
        ...readCommission(row),
      ],
    },
  ];
}

/**
 * `userTrades` of USD-M and COIN-M, whose rows name their pair: position and fee, and the profit
 * that Binance posts with them.
 */
export function readFuturesFill(row: Row, { contracts }: Markets): readonly Reading[] {
  const symbol = parseText(row, 'symbol');
  const contract = contracts.get(symbol);
  if (contract === undefined) throw shape('symbol');
  const side = parseText(row, 'side');
  if (side !== 'BUY' && side !== 'SELL') throw shape('side');
  const quantity = parseSize(row, 'qty');
  const asset =
    row['marginAsset'] === undefined ? contract.instrument.settle : parseText(row, 'marginAsset');
  const position = {
    instrument: instrumentOf(contract.symbol, parseText(row, 'positionSide')),
    contracts: side === 'BUY' ? quantity : negate(quantity),
    price: parseSize(row, 'price'),
  };
  return contractFill(
    [row['pair'] === undefined ? 'um' : 'cm', `${symbol}.${parseText(row, 'id')}`],
    parseInstant(row, 'time'),
    position,
    post(asset, parseAmount(row, 'realizedPnl')),
    readCommission(row),
  );
}

/**
 * The instrument of one side. In hedge mode a long and a short of one contract are two positions
 * with two entry prices, which netting would merge; the short one is told apart by its name.
 */
export function instrumentOf(symbol: string, positionSide: string): string {
  if (positionSide === 'BOTH' || positionSide === 'LONG') return symbol;
  if (positionSide === 'SHORT') return `${symbol}#SHORT`;
  throw shape('positionSide');
}

/** `/fapi/v1/income`. `tranId` is unique only within a type and, for funding, a symbol. */
export function readIncome(row: Row): readonly Entry[] {
  const kind = kindOf(row, 'incomeType', INCOME_KINDS);
  const symbol = row['symbol'] === '' ? '' : `${parseText(row, 'symbol')}.`;
  const id = `um-income.${parseText(row, 'incomeType')}.${symbol}${parseText(row, 'tranId')}`;
  const at = parseInstant(row, 'time');
  return [movementOf(id, at, kind, parseText(row, 'asset'), parseAmount(row, 'income'))];
}

/**
 * `/sapi/v1/capital/deposit/hisrec`. Old rows have no id and do not say when they were credited.
 */
export function readDeposit(row: Row): readonly Reading[] {
  const id = `deposit.${parseText(row, row['id'] === undefined ? 'txId' : 'id')}`;
  const at = parseInstant(row, row['completeTime'] === undefined ? 'insertTime' : 'completeTime');
  const amount = parseSize(row, 'amount');
  return settle(row, 'status', DEPOSIT_STATES, [
    movementOf(id, at, 'flow', parseText(row, 'coin'), amount),
  ]);
}

/** `/sapi/v1/capital/withdraw/history`: `amount` is what arrives, the fee comes on top of it. */
export function readWithdrawal(row: Row): readonly Reading[] {
  const id = `withdrawal.${parseText(row, 'id')}`;
  const amount = negate(parseSize(row, 'amount'));
  const fee = negate(parseSize(row, 'transactionFee'));
  const entries = flowOf(id, parseUtcText(row, 'applyTime'), parseText(row, 'coin'), amount, fee);
  return settle(row, 'status', WITHDRAWAL_STATES, entries);
}

/**
 * `/sapi/v1/fiat/orders`: the money moves when the order reaches its last state, days after it
 * began.
 */
export function readFiatOrder(
  row: Row,
  _markets: Markets,
  { transactionType }: Parameters,
): readonly Reading[] {
  const id = `fiat.${parseText(row, 'orderNo')}`;
  const at = parseInstant(row, 'updateTime');
  const asset = parseText(row, 'fiatCurrency');
  const amount = parseSize(row, 'amount');
  const fee = negate(parseSize(row, 'totalFee'));
  const entries =
    transactionType === 1
      ? flowOf(id, at, asset, negate(amount), fee)
      : [movementOf(id, at, 'flow', asset, amount)];
  return settle(row, 'status', FIAT_STATES, entries);
}

/** `/sapi/v1/asset/transfer`: between two wallets of the perimeter, or across its edge. */
export function readTransfer(row: Row): readonly Reading[] {
  const type = parseText(row, 'type');
  const asset = parseText(row, 'asset');
  const amount = parseSize(row, 'amount');
  const postings: readonly Posting[] = [
    ...(WALLETS_INSIDE.some((wallet) => type.startsWith(`${wallet}_`))
      ? [{ asset, amount: negate(amount) }]
      : []),
    ...(WALLETS_INSIDE.some((wallet) => type.endsWith(`_${wallet}`)) ? [{ asset, amount }] : []),
  ];
  if (postings.length === 0) throw shape('type');
  const id = `transfer.${parseText(row, 'tranId')}`;
  const kind = postings.length === 2 ? 'transfer' : 'flow';
  const entry: Entry = { id, at: parseInstant(row, 'timestamp'), kind, postings };
  return settle(row, 'status', TRANSFER_STATES, [entry]);
}

/** `/sapi/v1/asset/assetDividend`. */
export function readDividend(row: Row): readonly Entry[] {
  const [asset, amount] = [parseText(row, 'asset'), parseSize(row, 'amount')];
  const id = `dividend.${parseText(row, 'id')}`;
  return [movementOf(id, parseInstant(row, 'divTime'), 'dividend', asset, amount)];
}

/**
 * `/sapi/v1/asset/dribblet`: small balances into BNB; `transferedAmount` is what is left after the
 * fee.
 */
export function readDust(row: Row): readonly Entry[] {
  return parseRows(row['userAssetDribbletDetails'], 'userAssetDribbletDetails').map((detail) => {
    const asset = parseText(detail, 'fromAsset');
    const charge = parseSize(detail, 'serviceChargeAmount');
    return {
      id: `dust.${parseText(detail, 'transId')}.${asset}`,
      at: parseInstant(detail, 'operateTime'),
      kind: 'conversion',
      postings: [
        { asset, amount: negate(parseSize(detail, 'amount')) },
        { asset: 'BNB', amount: parseSize(detail, 'transferedAmount') },
        { asset: 'BNB', amount: charge },
        { asset: 'BNB', amount: negate(charge), role: 'fee' },
      ],
    };
  });
}

/** `/sapi/v1/convert/tradeFlow`. */
export function readConversion(row: Row): readonly Reading[] {
  const entry: Entry = {
    id: `convert.${parseText(row, 'orderId')}`,
    at: parseInstant(row, 'createTime'),
    kind: 'conversion',
    postings: [
      { asset: parseText(row, 'fromAsset'), amount: negate(parseSize(row, 'fromAmount')) },
      { asset: parseText(row, 'toAsset'), amount: parseSize(row, 'toAmount') },
    ],
  };
  return settle(row, 'orderStatus', CONVERT_STATES, [entry]);
}

/** The sign is Binance's: a positive commission was paid, a negative one was received. */
function readCommission(row: Row): readonly Posting[] {
  const commission = parseAmount(row, 'commission');
  if (sign(commission) === 0) return [];
  return post(parseText(row, 'commissionAsset'), negate(commission), 'fee');
}
