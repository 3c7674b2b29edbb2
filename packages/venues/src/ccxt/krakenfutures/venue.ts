// Kraken Futures: one account's cash, single- and multi-collateral wallets as one perimeter. Its
// account log has running balances and positions, which tell everything and prove that nothing is
// missing. Fields and limits: docs.kraken.com, Futures REST; venues.md section 6.

import { entryKinds, negate, type AnchorPosition, type Decimal } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import type { CcxtMarket, Contract, Listed } from '../markets.ts';
import type { Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import {
  parseAmount,
  parseId,
  parseInstant,
  parseIso,
  parseRow,
  parseRows,
  parseSize,
} from '../rows.ts';
import { parseText, valueAt, type Row } from '../rows.ts';
import { refusals } from './codes.ts';
import * as log from './log.ts';

const ROWS_MAX = 1000;
/** The rows of one trade are booked together, if not in one millisecond. */
const TRADE_SLACK_MS = 1_000;

const UNTOLD = new Set(['rebate', 'reward', 'airdrop', 'dividend', 'split', 'adjustment']);

const capabilities: VenueCapabilities = {
  venue: 'krakenfutures',
  title: 'Kraken Futures: cash, single- and multi-collateral wallets',
  instruments: ['linear', 'inverse'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: ['fees paid with fee credits', 'funding until it is booked'],
  quoteCurrency: 'USD',
  // Rows of the log appear within seconds.
  finalityLagMs: 600_000,
  historyMs: null,
  hosts: ['futures.kraken.com'],
  credentials: ['apiKey', 'secret'],
};

/** Oldest first, from below an id; a page that is not full is the last. */
const BY_ID: Paging = {
  spanMs: Infinity,
  rows: ROWS_MAX,
  parametersOf: ({ from, to }, token) => {
    const page = { since: from - 1, before: to + 1, sort: 'asc', count: ROWS_MAX };
    return token === null ? page : { ...page, from: token };
  },
  next: ({ rows }) => {
    const ids = rows.map((row) => parseId(row, 'id'));
    return ids.length < ROWS_MAX ? null : String(ids.reduce((a, b) => (a > b ? a : b)) + 1n);
  },
};

function readPermissions(answer: unknown): Permissions {
  const key = parseRow(answer, 'key');
  const { general, transfer } = parseRow(key['permissions'], 'permissions');
  const ranges = key['allowedCidrBlocks'];
  return {
    read: general === 'READ_ONLY' || general === 'FULL_ACCESS',
    // An access that we do not know counts as one to trade.
    trade: general !== 'READ_ONLY' && general !== 'NO_ACCESS',
    withdraw: transfer !== 'READ_ONLY' && transfer !== 'NO_ACCESS',
    ipRestricted: Array.isArray(ranges) ? ranges.length > 0 : null,
  };
}

/** Indices are priced by the perpetual of their asset; contracts of another size are unknown. */
function listedOf(market: CcxtMarket): Listed {
  const contract = log.contractOf(parseText({ ...market }, 'id').toUpperCase());
  if (contract === null || String(market.contractSize) !== '1') return {};
  const { id, instrument } = contract;
  if (!id.startsWith('PF_')) return { contract };
  const { base, quote } = instrument;
  return { contract, pair: { id, base, quote, isActive: market.active === true } };
}

const clock = (answer: unknown): number => parseIso(parseRow(answer, 'clock'), 'serverTime');

function positionsIn(answer: unknown): unknown {
  const rows = parseRows(valueAt(answer, 'openPositions'), 'openPositions');
  return rows.map((row) => ({ ...row, symbol: parseText(row, 'symbol').toUpperCase() }));
}

function readPosition(row: Row, { symbol }: Contract, size: Decimal): AnchorPosition {
  const contracts = parseText(row, 'side') === 'short' ? negate(size) : size;
  return { instrument: symbol, contracts, entryPrice: parseAmount(row, 'price') };
}

export const connector: Connector = {
  id: 'krakenfutures',
  capabilities,
  options: {
    versions: { auth: { GET: { 'api-keys/v3/check': 'v1' } } },
    access: { auth: { GET: { 'api-keys/v3/check': 'private' } } },
  },
  described: {
    api: { auth: { get: { 'api-keys/v3/check': { cost: 1 } } } },
    urls: { api: { auth: 'https://futures.kraken.com/api/auth/' } },
  },
  refusals,
  listedOf,
  // Three of a hundred tokens that come back in ten minutes; ccxt has a hundred in one.
  allowanceOf: (api) => (api === 'history' ? { name: api, accountCost: 30 } : null),
  clocks: [['publicGetInstrumentsStatus', clock]],
  account: ['authGetApiKeysV3Check', 'accountUid'],
  permissions: { method: 'authGetApiKeysV3Check', read: readPermissions },
  wallets: [wallet('privateGetAccounts', log.balancesIn, 'asset', 'balance')],
  positions: [
    positionList('privateGetOpenpositions', positionsIn, ['symbol', 'size'], readPosition),
  ],
  feeds: [
    feed('historyGetAccountLog', 'logs', BY_ID, log.readLog, 'ledger, funding, transfers', {
      lookbackMs: TRADE_SLACK_MS,
      lookaheadMs: TRADE_SLACK_MS,
      running: log.readRunning,
    }),
  ],
  finish: log.addUnlisted,
  quotes: ['USD'],
  candles: {
    // Half of what the venue serves at once.
    rowsMax: 1000,
    ask: ({ kind, marketId: symbol, intervalMs, first, last }) => {
      const price_type = kind === 'asset' ? 'spot' : 'mark';
      const interval = intervalMs === HOUR_MS ? '1h' : '1m';
      const [from, to] = [(first - intervalMs) / 1000, (last - intervalMs) / 1000];
      return ['chartsGetPriceTypeSymbolInterval', { price_type, symbol, interval, from, to }];
    },
    rowsIn: 'candles',
    close: (row, intervalMs) => [parseInstant(row, 'time') + intervalMs, parseSize(row, 'close')],
  },
};

export const venue = venueOf(connector);
