// Bybit: one unified trading account and its funding account as one perimeter, spot and perpetuals.
// Both keep a ledger with running balances, which tells everything and proves that nothing is
// missing. Fields and limits: bybit-exchange.github.io/docs/v5, account and asset sections;
// venues.md section 6.

import { entryKinds, negate } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet, type PositionList, type Wallet } from '../holdings.ts';
import { DAY_MS, type Next, type Paging, type Parameters } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import {
  parseAmount,
  parseInstant,
  parseRow,
  parseSize,
  parseText,
  shape,
  valueAt,
} from '../rows.ts';
import { refusals } from './codes.ts';
import * as logs from './logs.ts';

const CANDLES_MAX = 1000;
const POSITIONS_MAX = 200;
/** A withdrawal may be cancelled days after it was asked for. */
const CANCEL_MS = 7 * DAY_MS;
/** The contracts that are settled in their coin: `BTCUSD`, `BTCUSDH25`. */
const INVERSE = /USD([FGHJKMNQUVXZ][0-9]{2})?$/;

const UNTOLD = new Set(['dividend', 'withholding', 'settlement', 'split']);

const capabilities: VenueCapabilities = {
  venue: 'bybit',
  title: 'Bybit: unified trading account and funding account, spot and perpetuals',
  instruments: ['spot', 'linear', 'inverse'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: [
    'what is inside earn, bot, copy-trading, loan and card products: it counts as withdrawn',
  ],
  quoteCurrency: 'USDT',
  // Rows appear within seconds, later when markets move fast.
  finalityLagMs: 600_000,
  // A day less than the two years of the transaction log.
  historyMs: 729 * DAY_MS,
  hosts: ['api.bybit.com'],
  credentials: ['apiKey', 'secret'],
};

/** The last page may name a cursor too; behind it is nothing. */
const byCursor: Next = ({ rows, answer }) => {
  const cursor = valueAt(answer, 'result.nextPageCursor');
  if (typeof cursor !== 'string') throw shape('nextPageCursor');
  return rows.length === 0 || cursor === '' ? null : cursor;
};

function paging(
  days: number,
  rows: number,
  bounds: (from: number, to: number) => Parameters,
  asked: Parameters = {},
): Paging {
  return {
    spanMs: days * DAY_MS,
    rows,
    parametersOf: ({ from, to }, token) => ({
      ...asked,
      ...bounds(from, to),
      limit: rows,
      ...(token === null ? {} : { cursor: token }),
    }),
    next: byCursor,
  };
}

/** Both ends are included. */
const BY_TIME = (from: number, to: number): Parameters => ({ startTime: from, endTime: to - 1 });
/** In seconds; a second more on either side. */
const BY_SECOND = (from: number, to: number): Parameters => ({
  createTimeFrom: Math.floor(from / 1000) - 1,
  createTimeTo: Math.ceil(to / 1000) + 1,
});

const feeds: readonly Feed[] = [
  feed(
    logs.LOG,
    'result.list',
    paging(7, 50, BY_TIME, { accountType: 'UNIFIED' }),
    logs.readLog,
    'ledger, funding',
    {
      lookbackMs: logs.TRANSFER_SLACK_MS,
      lookaheadMs: logs.TRANSFER_SLACK_MS,
      running: logs.readLogRunning,
    },
  ),
  feed(logs.FUNDING, 'result.list', paging(6, 100, BY_SECOND), logs.readFunding, 'transfers', {
    lookbackMs: logs.TRANSFER_SLACK_MS,
    lookaheadMs: logs.TRANSFER_SLACK_MS,
    running: logs.readFundingRunning,
  }),
  // Tells the fees that the funding account's withdrawals include; 2 is all types.
  feed(
    logs.WITHDRAWALS,
    'result.rows',
    paging(29, 50, BY_TIME, { withdrawType: 2 }),
    logs.readWithdrawal,
    'withdrawals',
    { lookbackMs: CANCEL_MS, lookaheadMs: HOUR_MS, isToldElsewhere: () => true },
  ),
];

/** Borrowed coins are in the balance since accounts may borrow by hand, which has its own field. */
const unified: Wallet = {
  method: 'privateGetV5AccountWalletBalance',
  rowsIn: 'result.list.0.coin',
  asked: { accountType: 'UNIFIED' },
  read: (row) => {
    const coin = parseText(row, 'coin');
    const borrowed = row['spotBorrow'] === undefined ? [] : [parseAmount(row, 'spotBorrow')];
    return [parseAmount(row, 'walletBalance'), ...borrowed.map(negate)].map((each) => [coin, each]);
  },
};

/** Shorts are instruments of their own, as the log tells them. */
const positions = (asked: Parameters): PositionList => ({
  ...positionList(
    'privateGetV5PositionList',
    'result.list',
    ['symbol', 'size'],
    (row, { symbol }, size) => {
      const isShort = parseText(row, 'side') === 'Sell';
      return {
        instrument: isShort ? `${symbol}#SHORT` : symbol,
        contracts: isShort ? negate(size) : size,
        entryPrice: parseSize(row, 'avgPrice'),
      };
    },
  ),
  asked: { ...asked, limit: POSITIONS_MAX },
  rowsMax: POSITIONS_MAX,
});

function readPermissions(answer: unknown): Permissions {
  const row = parseRow(valueAt(answer, 'result'), 'key');
  const [wallets, addresses] = [valueAt(row, 'permissions.Wallet'), row['ips']];
  if (!Array.isArray(wallets) || !Array.isArray(addresses)) throw shape('permissions');
  // A key that only reads lists what it may read.
  const mayAct = parseText(row, 'readOnly') !== '1';
  return {
    read: true,
    trade: mayAct,
    withdraw: mayAct && wallets.includes('Withdraw'),
    ipRestricted: addresses.length > 0 && !addresses.includes('*'),
  };
}

export const connector: Connector = {
  id: 'bybit',
  capabilities,
  options: { fetchMarkets: { types: ['spot', 'linear', 'inverse'] } },
  refusals,
  clocks: [['publicGetV5MarketTime', 'time']],
  account: ['privateGetV5UserQueryApi', 'result.userID'],
  permissions: { method: 'privateGetV5UserQueryApi', read: readPermissions },
  wallets: [
    unified,
    {
      ...wallet(
        'privateGetV5AssetTransferQueryAccountCoinsBalance',
        'result.balance',
        'coin',
        'walletBalance',
      ),
      asked: { accountType: 'FUND' },
    },
  ],
  positions: [
    positions({ category: 'linear', settleCoin: 'USDT' }),
    positions({ category: 'linear', settleCoin: 'USDC' }),
    positions({ category: 'inverse' }),
  ],
  feeds,
  finish: logs.finish,
  quotes: ['USDT', 'USDC', 'BTC', 'ETH', 'EUR', 'USD'],
  candles: {
    rowsMax: CANDLES_MAX,
    ask: ({ kind, marketId, intervalMs, first, last }) => [
      kind === 'asset' ? 'publicGetV5MarketKline' : 'publicGetV5MarketMarkPriceKline',
      {
        category: kind === 'asset' ? 'spot' : INVERSE.test(marketId) ? 'inverse' : 'linear',
        symbol: marketId,
        interval: intervalMs === HOUR_MS ? '60' : '1',
        // A candle is named by its beginning, and both ends are included.
        start: first - intervalMs,
        end: last - intervalMs,
        limit: CANDLES_MAX,
      },
    ],
    rowsIn: 'result.list',
    close: (row, intervalMs) => [parseInstant(row, '0') + intervalMs, parseSize(row, '4')],
  },
};

export const venue = venueOf(connector);
