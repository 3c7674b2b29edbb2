// Coinbase: the spot wallets of one portfolio. No feed has running balances: the first fetch tells
// every wallet from its beginning and is refused unless that is what the wallets hold. Fields and
// limits: docs.cdp.coinbase.com, Advanced Trade and Track APIs; venues.md section 6.

import { RecordError } from '@track-record/errors';
import { entryKinds } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed, type Job } from '../feed.ts';
import { cursorAt, type Paging, type Parameters } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseFlag, parseInstant, parseIso, parseRow, parseRows, parseSize } from '../rows.ts';
import { parseText, valueAt } from '../rows.ts';
import { refusals } from './codes.ts';
import * as entries from './entries.ts';

const ROWS_MAX = 100;
/** Fewer than the venue lists at once: an account with so many wallets is refused. */
const WALLETS_MAX = 250;
const CANDLES_MAX = 300;
/** Fills are listed by when they were sequenced. */
const SEQUENCE_SLACK_MS = 60_000;
const TRANSACTIONS = 'v2PrivateGetAccountsAccountIdTransactions';
const FILLS = 'v3PrivateGetBrokerageOrdersHistoricalFills';
const WALLETS = 'v3PrivateGetBrokerageAccounts';

const UNTOLD = new Set(
  'funding airdrop dividend withholding realised settlement split transfer'.split(' '),
);

const capabilities: VenueCapabilities = {
  venue: 'coinbase',
  title: 'Coinbase: the spot wallets of one portfolio',
  instruments: ['spot'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: [
    'staked assets, vaults, other portfolios and derivatives: what moves there counts as withdrawn',
    'when something settled that was pending before the first fetch: it counts from its creation',
    'milliseconds of what is no fill',
  ],
  quoteCurrency: 'USD',
  // Transactions appear within seconds.
  finalityLagMs: 600_000,
  historyMs: null,
  hosts: ['api.coinbase.com'],
  credentials: ['apiKey', 'secret'],
};

const FILL_PAGES: Paging = {
  spanMs: Infinity,
  rows: ROWS_MAX,
  parametersOf: ({ from }, token) => ({
    start_sequence_timestamp: new Date(from).toISOString(),
    limit: ROWS_MAX,
    ...(token === null ? {} : { cursor: token }),
  }),
  next: cursorAt('cursor'),
};

/** Newest first and without bounds; a page names the row after which the next one begins. */
const TRANSACTION_PAGES: Paging = {
  spanMs: Infinity,
  rows: ROWS_MAX,
  parametersOf: (_part, token) => ({
    limit: ROWS_MAX,
    ...(token === null ? {} : { starting_after: token }),
  }),
  next: ({ rows, answer }, { from }) => {
    const page = parseRow(valueAt(answer, 'pagination'), 'pagination');
    const after = page['next_starting_after'];
    const isOlder = rows.some((row) => parseIso(row, 'created_at') < from);
    return isOlder || typeof after !== 'string' || after === '' ? null : after;
  },
};

async function walletsOf({ client }: Job): Promise<readonly Parameters[]> {
  const answer = parseRow(await client.call(WALLETS, { limit: WALLETS_MAX }), 'accounts');
  if (answer['has_next'] !== false)
    throw new RecordError('VENUE_INCOMPLETE', { place: 'accounts' });
  const wallets = parseRows(answer['accounts'], 'accounts');
  return wallets.map((row) => ({ account_id: parseText(row, 'uuid') }));
}

const feeds: readonly Feed[] = [
  feed(TRANSACTIONS, 'data', TRANSACTION_PAGES, entries.readTransaction, 'ledger, transfers', {
    isWhole: true,
    each: walletsOf,
    settlesLater: true,
    isToldElsewhere: entries.isFill,
  }),
  feed(FILLS, 'fills', FILL_PAGES, entries.readFill, 'fills', {
    isWhole: true,
    lookbackMs: SEQUENCE_SLACK_MS,
  }),
];

function readPermissions(answer: unknown): Permissions {
  const key = parseRow(answer, 'key');
  return {
    read: parseFlag(key, 'can_view'),
    trade: parseFlag(key, 'can_trade'),
    withdraw: parseFlag(key, 'can_transfer'),
    ipRestricted: null,
  };
}

export const connector: Connector = {
  id: 'coinbase',
  capabilities,
  options: {},
  refusals,
  // Ten thousand an hour and key, apart from the trading API's thirty a second.
  allowanceOf: (api) => (api.startsWith('v2') ? { name: 'v2', accountCost: 10.6 } : null),
  clocks: [['v3PublicGetBrokerageTime', 'epochMillis']],
  account: ['v3PrivateGetBrokerageKeyPermissions', 'portfolio_uuid'],
  permissions: { method: 'v3PrivateGetBrokerageKeyPermissions', read: readPermissions },
  wallets: [
    {
      method: WALLETS,
      rowsIn: 'accounts',
      asked: { limit: WALLETS_MAX },
      rowsMax: WALLETS_MAX,
      read: entries.readAccount,
    },
  ],
  positions: [],
  feeds,
  finish: entries.finish,
  quotes: ['USD', 'USDC', 'USDT', 'EUR', 'BTC', 'ETH'],
  candles: {
    rowsMax: CANDLES_MAX,
    // In seconds, by the candle's start.
    ask: ({ marketId, intervalMs, first, last }) => [
      'v3PublicGetBrokerageMarketProductsProductIdCandles',
      {
        product_id: marketId,
        granularity: intervalMs === HOUR_MS ? 'ONE_HOUR' : 'ONE_MINUTE',
        start: (first - intervalMs) / 1000,
        end: last / 1000,
      },
    ],
    rowsIn: 'candles',
    close: (row, intervalMs) => [
      parseInstant({ start: `${parseText(row, 'start')}000` }, 'start') + intervalMs,
      parseSize(row, 'close'),
    ],
  },
};

export const venue = venueOf(connector);
