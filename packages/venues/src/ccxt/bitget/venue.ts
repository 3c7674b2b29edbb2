// Bitget: the unified account, spot and linear contracts. Its financial records have running
// balances, which tell every movement and prove that none is missing; fills tell positions. Fields
// and limits: bitget.com/api-doc/uta; venues.md section 6.

import { entryKinds, negate } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet, type PositionList } from '../holdings.ts';
import { DAY_MS, type Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseInstant, parseRow, parseSize, parseText, valueAt } from '../rows.ts';
import { refusals } from './codes.ts';
import * as records from './records.ts';

const ROWS_MAX = 100;
const LINEAR = ['USDT-FUTURES', 'USDC-FUTURES'];
const CATEGORIES = ['SPOT', 'MARGIN', ...LINEAR, 'COIN-FUTURES', 'OTHER'];

const UNTOLD = new Set(
  'rebate dividend withholding reward airdrop settlement split transfer'.split(' '),
);

const capabilities: VenueCapabilities = {
  venue: 'bitget',
  title: 'Bitget: unified account, spot and linear contracts',
  instruments: ['spot', 'linear', 'future'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: [
    'funding account, earn, bots and copy trading: what moves there counts as withdrawn',
    'coin-margined contracts, loans and classic accounts: their account is refused',
  ],
  quoteCurrency: 'USDT',
  // Records appear within seconds.
  finalityLagMs: 600_000,
  // A day less than the ninety of records and fills.
  historyMs: 89 * DAY_MS,
  hosts: ['api.bitget.com'],
  credentials: ['apiKey', 'secret', 'password'],
};

/** Of a month at most. What is found must link, so that a page without a cursor may be the last. */
const BY_CURSOR: Paging = {
  spanMs: 29 * DAY_MS,
  rows: ROWS_MAX,
  parametersOf: ({ from, to }, token) => ({
    startTime: from - 1,
    endTime: to,
    limit: ROWS_MAX,
    ...(token === null ? {} : { cursor: token }),
  }),
  next: ({ rows, answer }) => {
    const cursor = valueAt(answer, 'data.cursor');
    const isLast = rows.length < ROWS_MAX || typeof cursor !== 'string' || cursor === '';
    return isLast ? null : cursor;
  },
};

/** An empty list may be null. */
function listIn(answer: unknown): unknown {
  return valueAt(answer, 'data.list') ?? (valueAt(answer, 'data') instanceof Object ? [] : null);
}

function byCategory(method: string, categories: readonly string[], read: Feed['read']): Feed {
  return feed(method, listIn, BY_CURSOR, read, method === records.FILLS ? 'fills' : 'ledger', {
    lookbackMs: records.SLACK_MS,
    lookaheadMs: records.SLACK_MS,
    each: () => Promise.resolve(categories.map((category) => ({ category }))),
  });
}

function positionsOf(category: string): PositionList {
  const list = positionList(
    'privateUtaGetV3PositionCurrentPosition',
    listIn,
    ['symbol', 'total'],
    (row, { symbol }, size) => {
      const isShort = parseText(row, 'posSide') === 'short';
      const isHedged = parseText(row, 'holdMode') === 'hedge_mode';
      return {
        instrument: isShort && isHedged ? `${symbol}#SHORT` : symbol,
        contracts: isShort ? negate(size) : size,
        entryPrice: parseSize(row, 'avgPrice'),
      };
    },
  );
  return { ...list, asked: { category } };
}

function readPermissions(answer: unknown): Permissions {
  const key = parseRow(valueAt(answer, 'data'), 'data');
  const granted = key['permissions'];
  const has = (name: string): boolean => Array.isArray(granted) && granted.includes(name);
  return {
    read: has('uta_mgt'),
    trade: parseText(key, 'permType') !== 'read-only',
    withdraw: has('withdraw'),
    ipRestricted: (key['ips'] ?? '') !== '',
  };
}

export const connector: Connector = {
  id: 'bitget',
  capabilities,
  options: { uta: true },
  refusals,
  clocks: [['publicCommonGetV2PublicTime', 'data.serverTime']],
  account: ['privateUtaGetV3AccountInfo', 'data.uid'],
  permissions: { method: 'privateUtaGetV3AccountInfo', read: readPermissions },
  // Without `equity`, which has unrealised profit in it.
  wallets: [wallet('privateUtaGetV3AccountAssets', 'data.assets', 'coin', 'balance')],
  positions: LINEAR.map(positionsOf),
  feeds: [
    byCategory(records.RECORDS, CATEGORIES, records.readRecord),
    byCategory(records.FILLS, LINEAR, () => []),
  ],
  finish: records.finish,
  quotes: ['USDT', 'USDC', 'BTC', 'ETH', 'EUR'],
  candles: {
    rowsMax: ROWS_MAX - 1,
    ask: ({ kind, marketId: symbol, intervalMs, first, last }) => [
      'publicUtaGetV3MarketHistoryCandles',
      {
        category:
          kind === 'asset' ? 'SPOT' : symbol.endsWith('PERP') ? 'USDC-FUTURES' : 'USDT-FUTURES',
        symbol,
        type: kind === 'asset' ? 'MARKET' : 'MARK',
        interval: intervalMs === HOUR_MS ? '1H' : '1m',
        startTime: first - intervalMs,
        endTime: last,
        limit: ROWS_MAX,
      },
    ],
    rowsIn: 'data',
    close: (row, intervalMs) => [parseInstant(row, '0') + intervalMs, parseSize(row, '4')],
  },
};

export const venue = venueOf(connector);
