// Kraken: one account's spot wallet with what it has staked and its margin positions. Its ledger
// with running balances tells everything and proves that nothing is missing; a position on margin
// follows from the trades. Fields and limits: docs.kraken.com, Spot REST; venues.md section 6.

import { entryKinds } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import type { Allowance } from '../client.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList } from '../holdings.ts';
import { perpetualOf, type CcxtMarket, type Listed } from '../markets.ts';
import { DAY_MS, type Next, type Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseAmount, parseId, parseRow, parseSize, parseText, shape, valueAt } from '../rows.ts';
import { assetOf } from './assets.ts';
import { refusals } from './codes.ts';
import * as entries from './entries.ts';

const ROWS_MAX = 50;
/** One page of public trades. */
const TRADES_MAX = 1000;
const CANDLES_MAX = 720;
/** The legs of one trade are booked a moment apart, and its ledger rows a moment after it. */
const LEG_SLACK_MS = 1_000;
const TRADE_SLACK_MS = 60_000;

const UNTOLD = new Set(['funding', 'rebate', 'airdrop', 'withholding', 'split']);

const capabilities: VenueCapabilities = {
  venue: 'kraken',
  title: 'Kraken: spot, staking and margin',
  instruments: ['spot', 'linear'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: [
    'whether money that Kraken transfers or credits is a gift: it counts as a deposit',
    'tokenized stocks have no price here',
  ],
  quoteCurrency: 'USD',
  // Rows of the ledger appear within seconds.
  finalityLagMs: 600_000,
  // A day less than 720 hourly candles reach; the ledger itself has no limit.
  historyMs: 29 * DAY_MS,
  hosts: ['api.kraken.com'],
  credentials: ['apiKey', 'secret'],
};

/** As many rows as the answer counts have been seen, or the page is asked for that follows. */
const counted: Next = ({ rows, answer }, _part, token) => {
  const seen = Number(token) + rows.length;
  const count = parseId(parseRow(valueAt(answer, 'result'), 'result'), 'count');
  return BigInt(seen) >= count ? null : String(seen);
};

/** In seconds; the start is not included and the end is. */
export const BY_OFFSET: Paging = {
  spanMs: Infinity,
  rows: ROWS_MAX,
  parametersOf: ({ from, to }, token) => ({
    start: Math.floor(from / 1000) - 1,
    end: Math.ceil(to / 1000),
    ofs: Number(token),
  }),
  next: counted,
};

const feeds: readonly Feed[] = [
  feed('privatePostLedgers', entries.rowsIn('ledger'), BY_OFFSET, entries.readEntry, 'ledger', {
    lookbackMs: LEG_SLACK_MS,
    lookaheadMs: LEG_SLACK_MS,
    running: entries.readRunning,
  }),
  feed(
    'privatePostTradesHistory',
    entries.rowsIn('trades'),
    BY_OFFSET,
    entries.readMarginTrade,
    'fills margin',
    {
      lookbackMs: TRADE_SLACK_MS,
      lookaheadMs: TRADE_SLACK_MS,
      each: () => Promise.resolve([{ type: 'any position' }]),
    },
  ),
];

const NEEDED = ['query-funds', 'query-ledger', 'query-open-trades', 'query-closed-trades'];
const HARMLESS = new Set([...NEEDED, 'export-data', 'create-ws-token', 'withdraw-funds']);

/** Fields are named in either style. A key that is bound to a period reads too little. */
function readPermissions(answer: unknown): Permissions {
  const key = parseRow(valueAt(answer, 'result'), 'result');
  const either = (one: string, other: string): unknown => key[one] ?? key[other];
  const granted = parseTexts(key['permissions']);
  const isUnbound = [either('query_from', 'queryFrom'), either('query_to', 'queryTo')].every(
    (bound) => bound === '0',
  );
  return {
    read: isUnbound && NEEDED.every((each) => granted.includes(each)),
    // A permission we do not know counts as one to trade.
    trade: granted.some((each) => !HARMLESS.has(each)),
    withdraw: granted.includes('withdraw-funds'),
    ipRestricted: parseTexts(either('ip_allowlist', 'ipAllowlist')).some((each) => each !== ''),
  };
}

function parseTexts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw shape('permissions');
  return value.map(String);
}

/** A pair that can be held on margin is a contract, too: its positions settle in the quote. */
function listedOf(market: CcxtMarket): Listed {
  const info = parseRow(market.info, 'info');
  const id = parseText({ ...market }, 'id');
  const [base, quote] = [assetOf(parseText(info, 'base')), assetOf(parseText(info, 'quote'))];
  return {
    pair: { id, base, quote, isActive: market.active === true },
    ...(market.margin === true ? { contract: perpetualOf(id, base, quote) } : {}),
  };
}

/** Counted for the account: Kraken gives back a third of a point a second, in ccxt's units three. */
function allowanceOf(api: string, path: string): Allowance | null {
  const isHistory = path === 'Ledgers' || path === 'TradesHistory';
  return api === 'private' ? { name: api, accountCost: isHistory ? 6 : 3 } : null;
}

/** The first and the last instant at which the clock, which has seconds only, may stand. */
const earliest = (answer: unknown): number =>
  entries.timeOf(parseRow(valueAt(answer, 'result'), 'result'), 'unixtime');
const latest = (answer: unknown): number => earliest(answer) + 999;

/** The candles or trades of the one pair; a full page of trades may lack its minute's last. */
function seriesIn(answer: unknown): unknown {
  const result = parseRow(valueAt(answer, 'result'), 'result');
  const series: unknown = Object.values(result).find((each) => Array.isArray(each));
  return Array.isArray(series) && series.length >= TRADES_MAX ? [] : series;
}

export const connector: Connector = {
  id: 'kraken',
  capabilities,
  options: {},
  refusals,
  listedOf,
  allowanceOf,
  countsNonces: true,
  clocks: [
    ['publicGetTime', earliest],
    ['publicGetTime', latest],
  ],
  account: ['privatePostGetApiKeyInfo', 'result.iban'],
  permissions: { method: 'privatePostGetApiKeyInfo', read: readPermissions },
  wallets: [
    {
      method: 'privatePostBalance',
      rowsIn: entries.rowsIn(''),
      read: (row) => [[assetOf(parseText(row, 'id')), parseAmount(row, 'balance')]],
    },
  ],
  positions: [
    {
      ...positionList(
        'privatePostOpenPositions',
        entries.rowsIn(''),
        ['pair', 'vol'],
        entries.readPosition,
      ),
      asked: { consolidation: 'market' },
    },
  ],
  feeds,
  finish: entries.joinMargin,
  quotes: ['USD', 'EUR', 'USDT', 'USDC', 'BTC', 'ETH'],
  candles: {
    rowsMax: CANDLES_MAX,
    minutesMax: 1,
    // Candles of minutes reach back twelve hours; the trades of any minute can be asked for.
    ask: ({ marketId: pair, intervalMs, first, last }) =>
      intervalMs === HOUR_MS
        ? ['publicGetOHLC', { pair, interval: 60, since: (first - intervalMs) / 1000 - 1 }]
        : ['publicGetTrades', { pair, since: `${last - intervalMs}000000`, count: TRADES_MAX }],
    rowsIn: seriesIn,
    close: (row, intervalMs) => {
      if (intervalMs === HOUR_MS)
        return [entries.timeOf(row, '0') + intervalMs, parseSize(row, '4')];
      const at = entries.timeOf(row, '2');
      return [at - (at % intervalMs) + intervalMs, parseSize(row, '0')];
    },
  },
};

export const venue = venueOf(connector);
