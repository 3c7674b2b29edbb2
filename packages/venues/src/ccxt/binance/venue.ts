// Binance: one account's spot, funding and USD-M futures wallets as one perimeter. Limits and
// fields: developers.binance.com, spot, USD-M futures, wallet and convert sections; venues.md
// section 6.

import type { Permissions, VenueCapabilities } from '../../contract.ts';
import type { Allowance } from '../client.ts';
import { venueOf, type Ask, type Connector } from '../connector.ts';
import type { Feed } from '../feed.ts';
import { DAY_MS, type Paging, type Parameters } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseAmount, parseFlag, parseInstant, parseRow, parseSize, parseText } from '../rows.ts';
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

const capabilities: VenueCapabilities = {
  venue: 'binance',
  title: 'Binance: spot, funding wallet and USD-M futures',
  instruments: ['spot', 'linear', 'future'],
  feeds: [
    'fill',
    'fee',
    'rebate',
    'funding',
    'interest',
    'dividend',
    'reward',
    'conversion',
    'realised',
    'settlement',
    'transfer',
    'flow',
  ],
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

const feeds: readonly Feed[] = [
  {
    // Listed under the instant at which they were first seen; confirmations may take days.
    method: 'sapiGetCapitalDepositHisrec',
    rowsIn: '',
    paging: paging(90, 1000),
    lookbackMs: 7 * DAY_MS,
    read: readDeposit,
    payload: ['deposits'],
  },
  {
    method: 'sapiGetCapitalWithdrawHistory',
    rowsIn: '',
    paging: paging(90, 1000),
    read: readWithdrawal,
    payload: ['withdrawals'],
  },
  {
    method: 'sapiGetAssetAssetDividend',
    rowsIn: 'rows',
    paging: paging(90, 500),
    read: readDividend,
    payload: ['dividends'],
  },
  {
    method: 'sapiGetConvertTradeFlow',
    rowsIn: 'list',
    paging: paging(30, 1000),
    read: readConversion,
    payload: ['conversions'],
  },
  {
    method: 'sapiGetAssetDribblet',
    rowsIn: 'userAssetDribblets',
    paging: paging(90, 100),
    read: readDust,
    payload: ['conversions'],
  },
  {
    method: 'sapiGetAssetTransfer',
    rowsIn: 'rows',
    paging: paging(90, 100, 'size'),
    each: () => Promise.resolve(TRANSFERS),
    read: readTransfer,
    payload: ['transfers'],
  },
  {
    // A fiat order settles days after its creation, under which it is listed.
    method: 'sapiGetFiatOrders',
    rowsIn: 'data',
    paging: paging(90, 500, 'rows', 'beginTime'),
    lookbackMs: 30 * DAY_MS,
    each: symbols.fiatDirections,
    read: (row, _markets, { transactionType }) => readFiatOrder(row, transactionType === 1),
    payload: ['deposits', 'withdrawals'],
  },
  {
    method: 'fapiPrivateGetIncome',
    rowsIn: '',
    paging: paging(7, 1000),
    isToldElsewhere: symbols.isToldElsewhere,
    read: readIncome,
    payload: ['ledger', 'funding'],
  },
  {
    method: 'fapiPrivateGetUserTrades',
    rowsIn: '',
    paging: paging(7, 1000),
    lookbackMs: INCOME_SLACK_MS,
    lookaheadMs: INCOME_SLACK_MS,
    each: symbols.tradedContracts,
    read: readFuturesFill,
    payload: ['fills linear', 'fills inverse'],
  },
  {
    method: 'privateGetMyTrades',
    rowsIn: '',
    paging: {
      spanMs: Infinity,
      rows: symbols.FILLS_MAX,
      parametersOf: (_part, token) => (token === null ? {} : { fromId: token }),
      next: symbols.nextFill,
    },
    each: symbols.tradedPairs,
    read: readSpotFill,
    payload: ['fills', 'fills spot', 'fills margin'],
  },
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
 * The address has 6,000 a minute, which ccxt states as 1,200; USD-M futures have 2,400 of their own.
 * Fiat orders and conversions take 90,000 and 3,000 of an account's own 180,000.
 */
function allowanceOf(api: string, path: string): Allowance {
  if (path === 'fiat/orders') return { name: path, accountCost: 600 };
  if (path === 'convert/tradeFlow') return { name: path, accountCost: 20 };
  return api.startsWith('fapi') ? { name: 'futures', scale: 0.5 } : { name: 'spot' };
}

function clock(method: string): Ask<number> {
  return { method, read: (answer) => parseInstant(parseRow(answer, 'time'), 'serverTime') };
}

export const connector: Connector = {
  id: 'binance',
  capabilities,
  // Without these ccxt would load inverse markets, margin pairs and currencies as well.
  options: { fetchMarkets: { types: ['spot', 'linear'] }, fetchMargins: false },
  refusals,
  scopeOf: (method) => (method.startsWith('fapiPrivate') ? 'futures' : null),
  allowanceOf,
  clocks: [clock('publicGetTime'), clock('fapiPublicGetTime')],
  account: {
    method: 'privateGetAccount',
    read: (answer) => parseText(parseRow(answer, 'account'), 'uid'),
  },
  permissions: { method: 'sapiGetAccountApiRestrictions', read: readPermissions },
  wallets: [
    {
      method: 'privateGetAccount',
      rowsIn: 'balances',
      asset: 'asset',
      parts: ['free', 'locked'],
    },
    {
      method: 'sapiPostAssetGetFundingAsset',
      rowsIn: '',
      asset: 'asset',
      parts: ['free', 'locked', 'freeze', 'withdrawing'],
    },
    {
      method: 'fapiPrivateV3GetAccount',
      rowsIn: 'assets',
      asset: 'asset',
      parts: ['walletBalance'],
    },
  ],
  positions: [
    {
      // One row per side in hedge mode.
      method: 'fapiPrivateV3GetPositionRisk',
      rowsIn: '',
      market: 'symbol',
      size: 'positionAmt',
      read: (row, { symbol }) => ({
        instrument: instrumentOf(symbol, parseText(row, 'positionSide')),
        contracts: parseAmount(row, 'positionAmt'),
        entryPrice: parseSize(row, 'entryPrice'),
      }),
    },
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
