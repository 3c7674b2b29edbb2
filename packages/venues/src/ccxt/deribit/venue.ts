// Deribit: one account's cash in every currency, spot, perpetuals and dated futures, inverse and
// linear. Its transaction log has running balances, which tell everything and prove that nothing is
// missing. Fields and limits: docs.deribit.com.

import { absolute, add, divide, entryKinds, multiply, negate } from '@track-record/ledger';
import { subtract, type Decimal } from '@track-record/ledger';
import type { Permissions, VenueCapabilities } from '../../contract.ts';
import { venueOf, type Connector } from '../connector.ts';
import { feed, type Job } from '../feed.ts';
import { positionList, wallet } from '../holdings.ts';
import type { CcxtMarket, Contract, Listed } from '../markets.ts';
import { DAY_MS, type Paging, type Parameters } from '../pagers.ts';
import { HOUR_MS } from '../prices.ts';
import { parseAmount, parseInstant, parseRow, parseRows, parseSize } from '../rows.ts';
import { parseText, valueAt, type Row } from '../rows.ts';
import { refusals } from './codes.ts';
import * as log from './log.ts';

const ROWS_MAX = 100;
/** A settlement a day: the session of a window's first one begins so long before it. */
const SESSION_MS = DAY_MS + HOUR_MS;
const PRICE_SCALE = 18;
const SUMMARIES = 'privateGetGetAccountSummaries';
const HELD = {
  method: 'privateGetGetPositions',
  rowsIn: 'result',
  asked: { currency: 'any' },
} as const;

const UNTOLD = new Set(
  'rebate dividend withholding reward airdrop realised split transfer'.split(' '),
);

const capabilities: VenueCapabilities = {
  venue: 'deribit',
  title: 'Deribit: spot, perpetuals and dated futures',
  instruments: ['spot', 'linear', 'inverse'],
  feeds: entryKinds.filter((kind) => !UNTOLD.has(kind)),
  unseen: [
    'funding before the daily settlement pays it',
    'marks of the past: closes of trades stand in for them',
    'options and combos, of which no past marks are served: their account is refused',
    'subaccounts: what moves there counts as withdrawn',
  ],
  quoteCurrency: 'USDC',
  // Rows appear within seconds.
  finalityLagMs: 600_000,
  historyMs: null,
  hosts: ['www.deribit.com'],
  credentials: ['apiKey', 'secret'],
};

/** Newest first; the answer names where the next page begins. */
const BY_CONTINUATION: Paging = {
  spanMs: Infinity,
  rows: ROWS_MAX,
  parametersOf: ({ from, to }, token) => ({
    start_timestamp: from - 1,
    end_timestamp: to,
    count: ROWS_MAX,
    ...(token === null ? {} : { continuation: token }),
  }),
  next: ({ answer }) => {
    const told = parseRow(valueAt(answer, 'result'), 'result');
    return told['continuation'] === null ? null : parseText(told, 'continuation');
  },
};

async function currencies({ client }: Job): Promise<readonly Parameters[]> {
  const answer = await client.call('publicGetGetCurrencies');
  const rows = parseRows(valueAt(answer, 'result'), 'result');
  return rows.map((row) => ({ currency: parseText(row, 'currency') }));
}

/** Sizes are amounts everywhere, whatever a contract's size. */
function listedOf(market: CcxtMarket): Listed {
  const { id = '', baseId: base, quoteId: quote } = market;
  const contract = log.contractOf(id);
  if (contract !== null) return { contract };
  if (market.spot !== true || base === undefined || quote === undefined) return {};
  return { pair: { id, base, quote, isActive: market.active === true } };
}

/** Funding that has accrued is in the session's profit, but in no row yet. */
function accrued(row: Row): readonly (readonly [string, Decimal])[] {
  if (row['realized_funding'] === undefined) return [];
  return [[log.contractIn(row).instrument.settle, negate(parseAmount(row, 'realized_funding'))]];
}

function signedSize(row: Row): Decimal {
  const size = absolute(parseAmount(row, 'size'));
  return row['direction'] === 'sell' ? negate(size) : size;
}

/** By the price from which the session's profit is counted, which no field tells. */
function readPosition(row: Row, { symbol: instrument, instrument: { kind } }: Contract) {
  const [contracts, mark] = [signedSize(row), parseSize(row, 'mark_price')];
  const profit = parseAmount(row, 'floating_profit_loss');
  const entryPrice =
    kind === 'inverse'
      ? divide(multiply(contracts, mark), add(contracts, multiply(profit, mark)), PRICE_SCALE)
      : subtract(mark, divide(profit, contracts, PRICE_SCALE));
  return { instrument, contracts, entryPrice };
}

function readPermissions(answer: unknown, isOurs: (id: string) => boolean): Permissions {
  const keys = parseRows(valueAt(answer, 'result'), 'result');
  const ours = keys.find((key) => isOurs(parseText(key, 'client_id')));
  const own = parseRow(ours, 'key');
  const scopes = parseText(own, 'max_scope').split(' ');
  const addresses = own['ip_whitelist'];
  return {
    read: scopes.includes('account:read'),
    // A scope that we do not know counts as one to trade.
    trade: scopes.some((each) => !/:(read|none)$/.test(each) && !each.startsWith('wallet:')),
    withdraw: scopes.includes('wallet:read_write'),
    ipRestricted: Array.isArray(addresses) && addresses.length > 0,
  };
}

export const connector: Connector = {
  id: 'deribit',
  capabilities,
  options: {},
  refusals,
  listedOf,
  // The log has a limit of its own: one a second.
  allowanceOf: (_api, path) =>
    path === 'get_transaction_log' ? { name: 'log', accountCost: 20 } : null,
  clocks: [['publicGetGetTime', 'result']],
  account: [SUMMARIES, 'result.id', { extended: 'true' }],
  permissions: { method: 'privateGetListApiKeys', read: readPermissions },
  wallets: [
    wallet(SUMMARIES, 'result.summaries', 'currency', 'balance futures_session_rpl'),
    { ...HELD, read: accrued },
  ],
  positions: [
    {
      ...positionList(HELD.method, HELD.rowsIn, ['instrument_name', 'size'], readPosition),
      ...HELD,
    },
  ],
  feeds: [
    feed(log.LOG, 'result.logs', BY_CONTINUATION, log.readLog, 'ledger, transfers, funding', {
      lookbackMs: SESSION_MS,
      each: currencies,
      running: log.readRunning,
    }),
  ],
  finish: log.finish,
  quotes: ['USDC', 'USDT', 'BTC', 'ETH', 'USD', 'EURR'],
  candles: {
    rowsMax: 1_000,
    // By the candle's start, both ends included.
    ask: ({ marketId, intervalMs, first, last }) => [
      'publicGetGetTradingviewChartData',
      {
        instrument_name: marketId,
        resolution: intervalMs === HOUR_MS ? '60' : '1',
        start_timestamp: first - intervalMs,
        end_timestamp: last - intervalMs,
      },
    ],
    rowsIn: (answer) => {
      const { ticks, close } = parseRow(valueAt(answer, 'result'), 'result');
      if (!Array.isArray(ticks) || !Array.isArray(close)) return null;
      const closes: readonly unknown[] = close;
      return ticks.map((tick: unknown, index) => ({ tick, close: closes[index] }));
    },
    close: (row, intervalMs) => [parseInstant(row, 'tick') + intervalMs, parseSize(row, 'close')],
  },
};

export const venue = venueOf(connector);
