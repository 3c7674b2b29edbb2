// Hyperliquid: one wallet's perpetuals of the main exchange and its spot balances as one perimeter.
// All of it is public: who connects proves that the wallet is his. Fields and limits:
// hyperliquid.gitbook.io, "Info endpoint"; venues.md section 6.

import { entryKinds, subtract } from '@track-record/ledger';
import type { Permissions, Venue, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import { perpetualOf, type CcxtMarket, type Listed } from '../markets.ts';
import { DAY_MS, type Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseAmount, parseInstant, parseRow, parseRows, parseSize } from '../rows.ts';
import { valueAt, type Row } from '../rows.ts';
import * as entries from './entries.ts';
import { INFO } from './entries.ts';
import { checkOwnership } from './ownership.ts';

/** Of candles, only the last five thousand are served: two hundred days of hours. */
const HISTORY_MS = 200 * DAY_MS;
const CANDLES_MAX = 2_000;

const UNTOLD = new Set(
  'rebate interest dividend withholding conversion settlement split adjustment transfer'.split(' '),
);

const capabilities: VenueCapabilities = {
  venue: 'hyperliquid',
  title: 'Hyperliquid: perpetuals of the main exchange, and spot',
  instruments: ['spot', 'linear'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: [
    'other exchanges of the wallet, vaults, staking and sub-accounts: what moves there is a flow',
    'lending and unified margin, whose account is refused where it shows',
    'marks of the past: closes of trades stand in for them, by the minute for three days only',
    'more than the last ten thousand fills, behind which nothing is recorded',
  ],
  quoteCurrency: 'USDC',
  // Rows appear within seconds.
  finalityLagMs: 600_000,
  historyMs: HISTORY_MS - DAY_MS,
  hosts: ['api.hyperliquid.xyz'],
  // The nonce is the password, and its signature the secret.
  credentials: ['walletAddress', 'password', 'secret'],
};

/** Both ends are included. */
function byTime(rows: number): Paging {
  const parametersOf: Paging['parametersOf'] = ({ from, to }) => ({
    startTime: from,
    endTime: to - 1,
  });
  return { spanMs: Infinity, rows, parametersOf };
}

/** To the end: only so many of the last fills are kept, and the first fetch is whole. */
function told(type: string, rows: number, read: Feed['read'], payload: string): Feed {
  const each = (): Promise<readonly { type: string; user: string }[]> =>
    Promise.resolve([{ type, user: '' }]);
  const more = { each, isWhole: true, lookaheadMs: HISTORY_MS };
  return feed(INFO, '', byTime(rows), read, payload, more);
}

/** ccxt numbers contracts; the venue names them. */
function listedOf({ info, id, quoteId, swap, spot, ...market }: CcxtMarket): Listed {
  const { name } = parseRow(info, 'info');
  const base: unknown = Reflect.get(market, 'baseName');
  if (typeof name !== 'string' || id === undefined) return {};
  if (swap === true) return { contract: perpetualOf(name, name, 'USDC') };
  if (spot !== true || typeof base !== 'string' || quoteId === undefined) return {};
  return { pair: { id, base, quote: quoteId, isActive: true } };
}

const STATE = { type: 'clearinghouseState', user: '' };

function positionsIn(answer: unknown): readonly Row[] {
  const rows = parseRows(valueAt(answer, 'assetPositions'), 'assetPositions');
  return rows.map((row) => parseRow(row['position'], 'position'));
}

/** Without what is unrealised. */
function readMargin(row: Row) {
  const value = parseAmount(parseRow(row['marginSummary'], 'marginSummary'), 'accountValue');
  const gains = positionsIn(row).map((position) => parseAmount(position, 'unrealizedPnl'));
  return [['USDC', gains.reduce((left, gain) => subtract(left, gain), value)] as const];
}

/** An address can do nothing but be looked at. */
const LOOK: Permissions = { read: true, trade: false, withdraw: false, ipRestricted: null };

export const connector: Connector = {
  id: 'hyperliquid',
  capabilities,
  options: { fetchMarkets: { types: ['swap', 'spot'] } },
  // As the others: a minute's allowance at once.
  described: { rollingWindowSize: 60_000 },
  addressedAs: 'user',
  refusals: { codeIn: 'status', byCode: new Map() },
  listedOf,
  clocks: [[INFO, 'time', { type: 'exchangeStatus' }]],
  account: [INFO, 'role', { type: 'userRole', user: '' }],
  permissions: { method: INFO, read: () => LOOK },
  wallets: [
    { method: INFO, asked: STATE, rowsIn: (answer) => [answer], read: readMargin },
    {
      ...wallet(INFO, 'balances', 'coin', 'total'),
      asked: { type: 'spotClearinghouseState', user: '' },
    },
  ],
  positions: [
    {
      ...positionList(INFO, positionsIn, ['coin', 'szi'], (row, { symbol }, contracts) => ({
        instrument: symbol,
        contracts,
        entryPrice: parseSize(row, 'entryPx'),
      })),
      asked: STATE,
    },
  ],
  feeds: [
    told('userFillsByTime', 2_000, entries.readFill, 'fills'),
    told('userFunding', 500, entries.readFunding, 'funding'),
    told('userNonFundingLedgerUpdates', 500, () => [], 'transfers'),
  ],
  finish: entries.finish,
  quotes: ['USDC'],
  candles: {
    rowsMax: CANDLES_MAX,
    ask: ({ marketId: coin, intervalMs, first, last }) => {
      const interval = intervalMs === HOUR_MS ? '1h' : '1m';
      const [startTime, endTime] = [first - intervalMs, last - 1];
      return [INFO, { type: 'candleSnapshot', req: { coin, interval, startTime, endTime } }];
    },
    rowsIn: '',
    close: (row, intervalMs) => [parseInstant(row, 't') + intervalMs, parseSize(row, 'c')],
  },
};

const open = venueOf(connector);

export const venue: Venue = {
  ...open,
  connect: async (credentials, context) => {
    const venueAccountId = await checkOwnership(credentials);
    const session = await open.connect(credentials, context);
    const identity = { venueAccountId, paper: false, permissions: LOOK };
    return { ...session, identify: () => Promise.resolve(identity) };
  },
};
