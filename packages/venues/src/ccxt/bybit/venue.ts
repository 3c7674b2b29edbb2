// Bybit: one unified trading account and its funding account as one perimeter, spot and perpetuals.
// Both keep a ledger with running balances, which tells everything and proves that nothing is
// missing. Fields and limits: bybit-exchange.github.io/docs/v5, account and asset sections;
// venues.md section 6.

import {
  entryKinds,
  negate,
  type AnchorPosition,
  type Decimal,
  type Window,
} from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import type { Contract } from '../markets.ts';
import { cursorAt, DAY_MS, type Paging, type Parameters } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import {
  parseAmount,
  parseInstant,
  parseRow,
  parseSize,
  parseText,
  shape,
  valueAt,
  type Row,
} from '../rows.ts';
import { refusals } from './codes.ts';
import * as logs from './logs.ts';

const CANDLES_MAX = 1000;
const POSITIONS_MAX = 200;
const COINS = 'privateGetV5AssetTransferQueryAccountCoinsBalance';
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
    'what is inside earn, bot, copy-trading, loan and card products counts as withdrawn',
    'USDC contracts, dated futures, options and institutional loans: their account is refused',
  ],
  quoteCurrency: 'USDT',
  // Rows appear within seconds, later when markets move fast.
  finalityLagMs: 600_000,
  // A day less than the two years of the transaction log.
  historyMs: 729 * DAY_MS,
  hosts: ['api.bybit.com'],
  credentials: ['apiKey', 'secret'],
};

/** Longest intervals in days; the last page may name a cursor, behind which there is nothing. */
function pages(days: number, rows: number, boundsOf: (part: Window) => Parameters): Paging {
  return {
    spanMs: days * DAY_MS,
    rows,
    parametersOf: (part, token) => ({
      ...boundsOf(part),
      limit: rows,
      ...(token === null ? {} : { cursor: token }),
    }),
    next: cursorAt('result.nextPageCursor'),
  };
}

/** Both ends are included. */
const between = ({ from, to }: Window): Parameters => ({ startTime: from, endTime: to - 1 });
const LOGS = pages(7, 50, (part) => ({ accountType: 'UNIFIED', ...between(part) }));
/** In seconds; one more on either side. */
const HISTORY = pages(6, 100, ({ from, to }) => ({
  createTimeFrom: Math.floor(from / 1000) - 1,
  createTimeTo: Math.ceil(to / 1000) + 1,
}));
/** 2 is all types. */
const WITHDRAWN = pages(29, 50, (part) => ({ withdrawType: 2, ...between(part) }));

const SLACK = { lookbackMs: logs.TRANSFER_SLACK_MS, lookaheadMs: logs.TRANSFER_SLACK_MS };

const feeds: readonly Feed[] = [
  feed(logs.LOG, 'result.list', LOGS, logs.readLog, 'ledger, funding', {
    ...SLACK,
    isToldElsewhere: logs.isTransfer,
    running: logs.readLogRunning,
  }),
  feed(logs.FUNDING, 'result.list', HISTORY, logs.readFunding, 'transfers', {
    ...SLACK,
    running: logs.readFundingRunning,
  }),
  // Tells the fees that the funding account's withdrawals include.
  feed(logs.WITHDRAWALS, 'result.rows', WITHDRAWN, () => [], '', {
    lookbackMs: CANCEL_MS,
    lookaheadMs: HOUR_MS,
  }),
];

/** Coins that are borrowed by hand are in the balance; older answers have none. */
function readCoin(row: Row): readonly (readonly [string, Decimal])[] {
  const borrowed = row['spotBorrow'] === undefined ? [] : [parseAmount(row, 'spotBorrow')];
  const parts = [parseAmount(row, 'walletBalance'), ...borrowed.map(negate)];
  return parts.map((part) => [parseText(row, 'coin'), part]);
}

/** Shorts are instruments of their own, as the log tells them. */
function readPosition(row: Row, { symbol }: Contract, size: Decimal): AnchorPosition {
  const isShort = parseText(row, 'side') === 'Sell';
  return {
    instrument: isShort ? `${symbol}#SHORT` : symbol,
    contracts: isShort ? negate(size) : size,
    entryPrice: parseSize(row, 'avgPrice'),
  };
}

/** Linear contracts are listed by the coin that settles them. */
const POSITIONS: readonly Parameters[] = [
  { category: 'linear', settleCoin: 'USDT', limit: POSITIONS_MAX },
  { category: 'linear', settleCoin: 'USDC', limit: POSITIONS_MAX },
  { category: 'inverse', limit: POSITIONS_MAX },
];

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

/** The funding account stamps in seconds: what it stamps with this one may happen after it. */
function wholeSecond(answer: unknown): number {
  const time = parseInstant({ time: valueAt(answer, 'time') }, 'time');
  return time - (time % 1000);
}

export const connector: Connector = {
  id: 'bybit',
  capabilities,
  options: { fetchMarkets: { types: ['spot', 'linear', 'inverse'] } },
  refusals,
  clocks: [
    ['publicGetV5MarketTime', 'time'],
    ['publicGetV5MarketTime', wholeSecond],
  ],
  account: ['privateGetV5UserQueryApi', 'result.userID'],
  permissions: { method: 'privateGetV5UserQueryApi', read: readPermissions },
  wallets: [
    {
      method: 'privateGetV5AccountWalletBalance',
      rowsIn: 'result.list.0.coin',
      asked: { accountType: 'UNIFIED' },
      read: readCoin,
    },
    { ...wallet(COINS, 'result.balance', 'coin', 'walletBalance'), asked: { accountType: 'FUND' } },
  ],
  positions: POSITIONS.map((asked) => ({
    ...positionList('privateGetV5PositionList', 'result.list', ['symbol', 'size'], readPosition),
    asked,
    rowsMax: POSITIONS_MAX,
  })),
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
