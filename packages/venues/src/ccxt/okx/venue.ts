// OKX: one account's trading and funding accounts as one perimeter, spot and perpetuals. Both keep
// a ledger with running balances, which tells everything and proves that nothing is missing. Fields
// and limits: okx.com/docs-v5, trading and funding account sections; venues.md section 6.

import { entryKinds, negate } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Feed } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import { DAY_MS, idsBelow, type Next, type Paging } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseInstant, parseRow, parseSize, parseText, valueAt } from '../rows.ts';
import * as bills from './bills.ts';
import { refusals } from './codes.ts';

const ROWS_MAX = 100;
/** The legs of one trade may be booked a moment apart. */
const LEG_SLACK_MS = 1_000;
/** A withdrawal may be cancelled days after it was asked for. */
const CANCEL_MS = 7 * DAY_MS;

const UNTOLD = new Set(['dividend', 'withholding', 'settlement', 'split']);

const capabilities: VenueCapabilities = {
  venue: 'okx',
  title: 'OKX: trading and funding account, spot and perpetuals',
  instruments: ['spot', 'linear', 'inverse'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: ['what is inside earn and loan products: subscribing counts as a withdrawal'],
  quoteCurrency: 'USDT',
  // Bills appear within seconds.
  finalityLagMs: 600_000,
  // A day less than the three months of the bills archive.
  historyMs: 89 * DAY_MS,
  hosts: ['www.okx.com'],
  credentials: ['apiKey', 'secret', 'password'],
};

const belowBill = idsBelow('billId', ROWS_MAX);

/** The funding account's bills take no beginning: they are asked for until one is older. */
const belowBillInWindow: Next = (page, part, token) =>
  page.rows.some((row) => parseInstant(row, 'ts') < part.from)
    ? null
    : belowBill(page, part, token);

function newestFirst(bounds: Paging['parametersOf'], next: Next): Paging {
  return {
    spanMs: Infinity,
    rows: ROWS_MAX,
    parametersOf: (part, token) => ({
      ...bounds(part, token),
      ...(token === null ? {} : { after: token }),
      limit: ROWS_MAX,
    }),
    next,
  };
}

/** `before` and `after` are instants here, and neither is included. */
export const BY_TIME: Paging = {
  spanMs: Infinity,
  rows: ROWS_MAX,
  parametersOf: ({ from, to }) => ({ before: from - 1, after: to, limit: ROWS_MAX }),
};

const ARCHIVE = newestFirst(({ from, to }) => ({ begin: from, end: to }), belowBill);
const FUNDING = newestFirst(() => ({ pagingType: 2 }), belowBillInWindow);

const feeds: readonly Feed[] = [
  feed('privateGetAccountBillsArchive', 'data', ARCHIVE, bills.readTradingBill, 'ledger, funding', {
    lookbackMs: LEG_SLACK_MS,
    lookaheadMs: LEG_SLACK_MS,
    running: bills.readRunning,
  }),
  feed('privateGetAssetBillsHistory', 'data', FUNDING, bills.readFundingBill, 'transfers', {
    running: bills.readRunning,
  }),
  // Tells the fees that a withdrawal's bill includes.
  feed('privateGetAssetWithdrawalHistory', 'data', BY_TIME, bills.readWithdrawal, 'withdrawals', {
    lookbackMs: CANCEL_MS,
    lookaheadMs: HOUR_MS,
    isToldElsewhere: () => true,
  }),
];

function readPermissions(answer: unknown): Permissions {
  const row = parseRow(valueAt(answer, 'data.0'), 'config');
  const granted = parseText(row, 'perm').split(',');
  return {
    read: granted.includes('read_only'),
    // A permission we do not know counts as one to trade.
    trade: granted.some((each) => each !== 'read_only' && each !== 'withdraw'),
    withdraw: granted.includes('withdraw'),
    ipRestricted: row['ip'] !== '',
  };
}

export const connector: Connector = {
  id: 'okx',
  capabilities,
  options: { fetchMarkets: { types: ['spot', 'swap'] } },
  refusals,
  clocks: [['publicGetPublicTime', 'data.0.ts']],
  account: ['privateGetAccountConfig', 'data.0.uid'],
  permissions: { method: 'privateGetAccountConfig', read: readPermissions },
  wallets: [
    // Without `eq`, which has unrealised profit in it.
    wallet('privateGetAccountBalance', 'data.0.details', 'ccy', 'cashBal'),
    wallet('privateGetAssetBalances', 'data', 'ccy', 'bal'),
  ],
  positions: [
    positionList(
      'privateGetAccountPositions',
      'data',
      ['instId', 'pos'],
      (row, { symbol }, size) => {
        const isShort = parseText(row, 'posSide') === 'short';
        return {
          instrument: isShort ? `${symbol}#SHORT` : symbol,
          contracts: isShort ? negate(size) : size,
          entryPrice: parseSize(row, 'avgPx'),
        };
      },
    ),
  ],
  feeds,
  finish: bills.finish,
  quotes: ['USDT', 'USDC', 'BTC', 'ETH', 'USD', 'EUR'],
  candles: {
    rowsMax: ROWS_MAX,
    // `before` and `after` are not included.
    ask: ({ kind, marketId, intervalMs, first, last }) => [
      kind === 'asset' ? 'publicGetMarketHistoryCandles' : 'publicGetMarketHistoryMarkPriceCandles',
      {
        instId: marketId,
        bar: intervalMs === HOUR_MS ? '1H' : '1m',
        before: first - intervalMs - 1,
        after: last,
        limit: ROWS_MAX,
      },
    ],
    rowsIn: 'data',
    close: (row, intervalMs) => [parseInstant(row, '0') + intervalMs, parseSize(row, '4')],
  },
};

export const venue = venueOf(connector);
