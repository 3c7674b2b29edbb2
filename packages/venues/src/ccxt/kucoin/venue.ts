// KuCoin: one account's main and trade accounts as one perimeter, spot only. Both keep a ledger
// with running balances, which tells everything and proves that nothing is missing. Fields and
// limits: kucoin.com/docs-new, "Account & Funding". No payload of KuCoin was seen recorded: none
// of this is more than its documentation says.

import { RecordError } from '@track-record/errors';
import { entryKinds } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { DAY_MS, idsBelow, type Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseId, parseInstant, parseRow, parseSize, parseText, valueAt } from '../rows.ts';
import { refusals } from './codes.ts';
import * as entries from './entries.ts';
import { LEDGER, LEG_SLACK_MS, TRADE_LEDGER } from './entries.ts';

const UNTOLD = new Set(
  'funding dividend withholding realised settlement split adjustment'.split(' '),
);

const capabilities: VenueCapabilities = {
  venue: 'kucoin',
  title: 'KuCoin: main and trade account, spot',
  instruments: ['spot'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: ['margin, futures, unified and earn accounts: what moves there counts as a withdrawal'],
  quoteCurrency: 'USDT',
  // Rows of the ledgers appear within seconds.
  finalityLagMs: 600_000,
  // A day less than the trade ledger's three, and an hour: what is older it leaves out in silence.
  historyMs: 2 * DAY_MS - HOUR_MS,
  hosts: ['api.kucoin.com'],
  credentials: ['apiKey', 'secret', 'password'],
};

/** Whether the ends are included is not said: a millisecond more at either. */
const bounds: Paging['parametersOf'] = ({ from, to }) => ({ startAt: from - 1, endAt: to });

/** By numbered pages, of at most a day; each says how many rows there are. */
const BY_PAGE: Paging = {
  spanMs: DAY_MS - HOUR_MS,
  rows: 500,
  parametersOf: (part, token) => ({
    ...bounds(part, token),
    currentPage: Number(token ?? 1),
    pageSize: BY_PAGE.rows,
  }),
  next: ({ rows, answer }, _part, token) => {
    const data = parseRow(valueAt(answer, 'data'), 'data');
    const [page, size] = [Number(token ?? 1), Number(parseId(data, 'pageSize'))];
    const left = Number(parseId(data, 'totalNum')) - (page - 1) * size;
    if (rows.length < Math.min(left, size)) throw new RecordError('VENUE_INCOMPLETE');
    return left <= size ? null : String(page + 1);
  },
};

const BY_ID: Paging = {
  spanMs: DAY_MS,
  rows: 200,
  parametersOf: (part, token) => ({
    ...bounds(part, token),
    ...(token === null ? {} : { lastId: token }),
    limit: BY_ID.rows,
  }),
  next: idsBelow('id', 200),
};

const proven: Partial<Feed> = {
  lookbackMs: LEG_SLACK_MS,
  lookaheadMs: LEG_SLACK_MS,
  running: entries.readRunning,
};
const feeds: readonly Feed[] = [
  feed(LEDGER, 'data.items', BY_PAGE, entries.readEntry, 'ledger', proven),
  feed(TRADE_LEDGER, 'data', BY_ID, entries.readEntry, 'ledger trade', proven),
];

/** `Transfer` is what withdrawals are called in older keys. */
const WITHDRAWS = new Set(['Withdrawal', 'Transfer']);

function readPermissions(answer: unknown): Permissions {
  const key = parseRow(valueAt(answer, 'data'), 'data');
  const granted = parseText(key, 'permission').split(/, */);
  return {
    read: granted.includes('General'),
    // A permission we do not know counts as one to trade.
    trade: granted.some((each) => each !== 'General' && !WITHDRAWS.has(each)),
    withdraw: granted.some((each) => WITHDRAWS.has(each)),
    ipRestricted: (key['ipWhitelist'] ?? '') !== '',
  };
}

export const connector: Connector = {
  id: 'kucoin',
  capabilities,
  options: { fetchMarkets: { types: ['spot'], fetchTickersFees: false } },
  refusals,
  clocks: [['publicGetTimestamp', 'data']],
  account: ['privateGetUserApiKey', 'data.uid'],
  permissions: { method: 'privateGetUserApiKey', read: readPermissions },
  wallets: [{ method: 'privateGetAccounts', rowsIn: 'data', read: entries.readAccount }],
  positions: [],
  feeds,
  finish: entries.finish,
  quotes: ['USDT', 'USDC', 'BTC', 'ETH', 'KCS', 'EUR'],
  candles: {
    // Of 1500, as the bounds take in a candle more.
    rowsMax: 1_499,
    // In seconds, by the candle's start.
    ask: ({ marketId: symbol, intervalMs, first, last }) => [
      'publicGetMarketCandles',
      {
        symbol,
        type: intervalMs === HOUR_MS ? '1hour' : '1min',
        startAt: (first - intervalMs) / 1000 - 1,
        endAt: last / 1000,
      },
    ],
    rowsIn: 'data',
    close: (row, intervalMs) => [
      parseInstant({ start: `${parseText(row, '0')}000` }, 'start') + intervalMs,
      parseSize(row, '2'),
    ],
  },
};

export const venue = venueOf(connector);
