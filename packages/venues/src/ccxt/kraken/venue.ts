// Kraken: one account's spot wallet with what it has staked and its margin positions. Its ledger
// with running balances tells everything and proves that nothing is missing; a position on margin
// follows from the trades. Fields and limits: docs.kraken.com, Spot REST; venues.md section 6.

import { entryKinds } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import { perpetualOf, type CcxtMarket, type Listed } from '../markets.ts';
import { DAY_MS, type Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseId, parseRow, parseSize, parseText, valueAt } from '../rows.ts';
import { assetOf } from './assets.ts';
import { refusals } from './codes.ts';
import * as entries from './entries.ts';
import { readMarginTrade, readPosition, rowsIn } from './entries.ts';

/** One page of public trades. */
const TRADES_MAX = 1000;
/** The legs of one trade are booked a moment apart, and its ledger rows a moment after it. */
const slack = (ms: number): Partial<Feed> => ({ lookbackMs: ms, lookaheadMs: ms });

/** Two points; all else costs one. */
const HISTORY = new Set(['Ledgers', 'TradesHistory']);
const UNTOLD = new Set(['funding', 'rebate', 'airdrop', 'withholding', 'split']);

const capabilities: VenueCapabilities = {
  venue: 'kraken',
  title: 'Kraken: spot, staking and margin',
  instruments: ['spot', 'linear'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: ['whether what Kraken transfers or credits is a gift: it counts as a deposit'],
  quoteCurrency: 'USD',
  // Rows of the ledger appear within seconds.
  finalityLagMs: 600_000,
  // A day less than 720 hourly candles reach; the ledger itself has no limit.
  historyMs: 29 * DAY_MS,
  hosts: ['api.kraken.com'],
  credentials: ['apiKey', 'secret'],
};

/** In seconds, without the start and with the end, until as many came as are counted. */
export const BY_OFFSET: Paging = {
  spanMs: Infinity,
  // Kraken's page.
  rows: 50,
  parametersOf: ({ from, to }, token) => {
    const [start, end] = [Math.floor(from / 1000) - 1, Math.ceil(to / 1000)];
    return { start, end, ofs: Number(token) };
  },
  next: ({ rows, answer }, _part, token) => {
    const seen = Number(token) + rows.length;
    const count = parseId(parseRow(valueAt(answer, 'result'), 'result'), 'count');
    return BigInt(seen) >= count ? null : String(seen);
  },
};

const feeds: readonly Feed[] = [
  feed('privatePostLedgers', rowsIn('ledger'), BY_OFFSET, entries.readEntry, 'ledger', {
    ...slack(1_000),
    running: entries.readRunning,
  }),
  feed('privatePostTradesHistory', rowsIn('trades'), BY_OFFSET, readMarginTrade, 'fills margin', {
    ...slack(60_000),
    each: () => Promise.resolve([{ type: 'any position' }]),
  }),
];

const NEEDED = ['query-funds', 'query-ledger', 'query-open-trades', 'query-closed-trades'];
const HARMLESS = new Set([...NEEDED, 'export-data', 'create-ws-token', 'withdraw-funds']);

/** Fields are named in either style. A key that is bound to a period reads too little. */
function readPermissions(answer: unknown): Permissions {
  const key = parseRow(valueAt(answer, 'result'), 'result');
  const granted = String(key['permissions']).split(',');
  const from = key['query_from'] ?? key['queryFrom'];
  const to = key['query_to'] ?? key['queryTo'];
  const addresses = key['ip_allowlist'] ?? key['ipAllowlist'];
  return {
    read: from === '0' && to === '0' && NEEDED.every((each) => granted.includes(each)),
    // A permission we do not know counts as one to trade.
    trade: granted.some((each) => !HARMLESS.has(each)),
    withdraw: granted.includes('withdraw-funds'),
    ipRestricted: Array.isArray(addresses) ? addresses.some((each) => each !== '') : null,
  };
}

/** A pair may be held on margin, too: its positions settle in the quote. */
function listedOf({ info, ...market }: CcxtMarket): Listed {
  const id = parseText({ ...market }, 'id');
  const row = parseRow(info, 'info');
  const [base, quote] = [assetOf(parseText(row, 'base')), assetOf(parseText(row, 'quote'))];
  const pair = { id, base, quote, isActive: market.active === true };
  return { pair, contract: perpetualOf(id, base, quote) };
}

/** The first and the last instant at which the clock, which has seconds only, may stand. */
const earliest = (answer: unknown): number =>
  entries.timeOf(parseRow(valueAt(answer, 'result'), 'result'), 'unixtime');
const latest = (answer: unknown): number => earliest(answer) + 999;

/** The candles or trades of the one pair; a full page of trades may lack the end of its minute. */
function seriesIn(answer: unknown): unknown {
  const result = parseRow(valueAt(answer, 'result'), 'result');
  const series: unknown = Object.values(result).find((each) => Array.isArray(each));
  if (!Array.isArray(series) || series.length < TRADES_MAX) return series;
  const minuteOf = (trade: unknown): number => Math.floor(Number(valueAt(trade, '2')) / 60);
  return series.filter((trade) => minuteOf(trade) < minuteOf(series.at(-1)));
}

export const connector: Connector = {
  id: 'kraken',
  capabilities,
  options: {},
  refusals,
  listedOf,
  // Counted for the account: a third of a point comes back a second, which is one of ccxt's.
  allowanceOf: (api, path) =>
    api === 'private' ? { name: api, accountCost: HISTORY.has(path) ? 6 : 3 } : null,
  countsNonces: true,
  clocks: [
    ['publicGetTime', earliest],
    ['publicGetTime', latest],
  ],
  account: ['privatePostGetApiKeyInfo', 'result.iban'],
  permissions: { method: 'privatePostGetApiKeyInfo', read: readPermissions },
  wallets: [wallet('privatePostBalance', rowsIn(''), 'asset', 'balance')],
  positions: [
    {
      ...positionList('privatePostOpenPositions', rowsIn(''), ['pair', 'vol'], readPosition),
      asked: { consolidation: 'market' },
    },
  ],
  feeds,
  finish: entries.joinMargin,
  quotes: ['USD', 'EUR', 'USDT', 'USDC', 'BTC', 'ETH'],
  candles: {
    // Kraken serves no older ones.
    rowsMax: 720,
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
