// Binance: one account's spot, funding and USD-M futures wallets as one perimeter. Limits and
// fields: developers.binance.com, spot, USD-M futures, wallet and convert sections; venues.md
// section 6.

import { entryKinds } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import type { Allowance } from '../client.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import { DAY_MS, type Paging, type Parameters } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseFlag, parseInstant, parseRow, parseSize, parseText } from '../rows.ts';
import { refusals } from './codes.ts';
import {
  instrumentOf,
  readConversion,
  readDeposit,
  readDividend,
  readDust,
  readFiatOrder,
  readFuturesFill,
  readIncome,
  readSpotFill,
  readTransfer,
  readWithdrawal,
  WALLETS_INSIDE,
} from './entries.ts';
import * as symbols from './symbols.ts';

/** The smaller of the page limits of klines (1000) and markPriceKlines (1500). */
const CANDLES_MAX = 1000;
/** Income is stamped in whole seconds, so its fill may lie a little outside the window. */
const INCOME_SLACK_MS = 60_000;

const UNTOLD = new Set(['airdrop', 'withholding', 'split', 'adjustment']);

const capabilities: VenueCapabilities = {
  venue: 'binance',
  title: 'Binance: spot, funding wallet and USD-M futures',
  instruments: ['spot', 'linear', 'future'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: ['earn subscriptions', 'pay and P2P', 'card purchases', 'sub-account transfers'],
  quoteCurrency: 'USDT',
  // Fills and income appear within seconds; wallet records within minutes.
  finalityLagMs: 600_000,
  // A day less than the 90 that income, the source of funding, is served for.
  historyMs: 89 * DAY_MS,
  hosts: ['api.binance.com', 'fapi.binance.com'],
  credentials: ['apiKey', 'secret'],
};

const WALLETS_OUTSIDE: readonly string[] = ['CMFUTURE', 'MARGIN', 'OPTION'];
/** The venue lists one direction per request. */
const TRANSFERS: readonly Parameters[] = [
  ...WALLETS_INSIDE.flatMap((from) =>
    WALLETS_INSIDE.filter((to) => to !== from).map((to) => `${from}_${to}`),
  ),
  ...WALLETS_INSIDE.flatMap((inside) =>
    WALLETS_OUTSIDE.flatMap((outside) => [`${inside}_${outside}`, `${outside}_${inside}`]),
  ),
  'MAIN_PORTFOLIO_MARGIN',
  'PORTFOLIO_MARGIN_MAIN',
].map((type) => ({ type }));

/** Intervals include both ends. */
function paging(days: number, rows: number, limit = 'limit', start = 'startTime'): Paging {
  return {
    spanMs: days * DAY_MS,
    rows,
    parametersOf: ({ from, to }) => ({ [start]: from, endTime: to - 1, [limit]: rows }),
  };
}

const FIAT = paging(90, 500, 'rows', 'beginTime');
const FILLS: Paging = {
  spanMs: Infinity,
  rows: symbols.FILLS_MAX,
  parametersOf: (_part, token) => (token === null ? {} : { fromId: token }),
  next: symbols.nextFill,
};

const settlesLater = true;

const feeds: readonly Feed[] = [
  // Listed under the instant at which they were first seen; confirmations may take days.
  feed('sapiGetCapitalDepositHisrec', '', paging(90, 1000), readDeposit, 'deposits', {
    settlesLater,
    lookbackMs: 7 * DAY_MS,
  }),
  feed('sapiGetCapitalWithdrawHistory', '', paging(90, 1000), readWithdrawal, 'withdrawals', {
    settlesLater,
  }),
  feed('sapiGetAssetAssetDividend', 'rows', paging(90, 500), readDividend, 'dividends'),
  feed('sapiGetConvertTradeFlow', 'list', paging(30, 1000), readConversion, 'conversions', {
    settlesLater,
  }),
  feed('sapiGetAssetDribblet', 'userAssetDribblets', paging(90, 100), readDust, 'conversions'),
  feed('sapiGetAssetTransfer', 'rows', paging(90, 100, 'size'), readTransfer, 'transfers', {
    settlesLater,
    each: () => Promise.resolve(TRANSFERS),
  }),
  // A fiat order settles days after its creation, under which it is listed.
  feed('sapiGetFiatOrders', 'data', FIAT, readFiatOrder, 'deposits, withdrawals', {
    settlesLater,
    lookbackMs: 30 * DAY_MS,
    each: symbols.fiatDirections,
  }),
  feed('fapiPrivateGetIncome', '', paging(7, 1000), readIncome, 'ledger, funding', {
    isToldElsewhere: symbols.isToldElsewhere,
  }),
  feed(
    'fapiPrivateGetUserTrades',
    '',
    paging(7, 1000),
    readFuturesFill,
    'fills linear, fills inverse',
    {
      lookbackMs: INCOME_SLACK_MS,
      lookaheadMs: INCOME_SLACK_MS,
      each: symbols.tradedContracts,
    },
  ),
  feed('privateGetMyTrades', '', FILLS, readSpotFill, 'fills, fills spot, fills margin', {
    each: symbols.tradedPairs,
  }),
];

/** Permissions that only read; any other that is set lets the key act. */
const READING: ReadonlySet<string> = new Set([
  'ipRestrict',
  'enableReading',
  'enableFixReadOnly',
  'tradingAuthorityExpirationTime',
]);
/** Each of these can take money out of the account. */
const WITHDRAWING: readonly string[] = [
  'enableWithdrawals',
  'enableInternalTransfer',
  'permitsUniversalTransfer',
];

/** A permission we do not know counts as one to trade. */
export function readPermissions(answer: unknown): Permissions {
  const row = parseRow(answer, 'permissions');
  const set = Object.keys(row).filter((name) => row[name] === true && !READING.has(name));
  return {
    read: parseFlag(row, 'enableReading'),
    trade: set.some((name) => !WITHDRAWING.includes(name)),
    withdraw: parseFlag(row, 'enableWithdrawals') || set.some((name) => WITHDRAWING.includes(name)),
    ipRestricted: parseFlag(row, 'ipRestrict'),
  };
}

/**
 * The address has 6,000 a minute, which ccxt states as 1,200; USD-M futures have their own 2,400.
 * Fiat orders and conversions take 90,000 and 3,000 of an account's own 180,000.
 */
function allowanceOf(api: string, path: string): Allowance {
  if (path === 'fiat/orders') return { name: path, accountCost: 600 };
  if (path === 'convert/tradeFlow') return { name: path, accountCost: 20 };
  return api.startsWith('fapi') ? { name: 'futures', scale: 0.5 } : { name: 'spot' };
}

export const connector: Connector = {
  id: 'binance',
  capabilities,
  // Without these ccxt would load inverse markets, margin pairs and currencies as well.
  options: { fetchMarkets: { types: ['spot', 'linear'] }, fetchMargins: false },
  refusals,
  scopeOf: (method) => (method.startsWith('fapiPrivate') ? 'futures' : null),
  allowanceOf,
  clocks: [
    ['publicGetTime', 'serverTime'],
    ['fapiPublicGetTime', 'serverTime'],
  ],
  account: ['privateGetAccount', 'uid'],
  permissions: { method: 'sapiGetAccountApiRestrictions', read: readPermissions },
  wallets: [
    wallet('privateGetAccount', 'balances', 'asset', 'free locked'),
    wallet('sapiPostAssetGetFundingAsset', '', 'asset', 'free locked freeze withdrawing'),
    wallet('fapiPrivateV3GetAccount', 'assets', 'asset', 'walletBalance'),
  ],
  positions: [
    // One row per side in hedge mode.
    positionList(
      'fapiPrivateV3GetPositionRisk',
      '',
      ['symbol', 'positionAmt'],
      (row, { symbol }, contracts) => ({
        instrument: instrumentOf(symbol, parseText(row, 'positionSide')),
        contracts,
        entryPrice: parseSize(row, 'entryPrice'),
      }),
    ),
  ],
  feeds,
  finish: symbols.finish,
  quotes: [...symbols.QUOTES],
  candles: {
    rowsMax: CANDLES_MAX,
    ask: ({ kind, marketId, intervalMs, first, last }) => [
      kind === 'asset' ? 'publicGetKlines' : 'fapiPublicGetMarkPriceKlines',
      {
        symbol: marketId,
        interval: intervalMs === HOUR_MS ? '1h' : '1m',
        startTime: first - intervalMs,
        endTime: last - 1,
        limit: CANDLES_MAX,
      },
    ],
    rowsIn: '',
    // Column 6 is the last millisecond of the candle.
    close: (row) => [parseInstant(row, '6') + 1, parseSize(row, '4')],
  },
};

export const venue = venueOf(connector);
