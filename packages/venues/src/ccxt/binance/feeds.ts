// Binance's wallet feeds: the method, how a window is spelt, the page limit, where the rows stand
// and how one row is read. `history.ts` pages through them, `recorded.ts` reads one stored answer
// by the same table. Limits: developers.binance.com, wallet and convert sections; venues.md section
// 6.

import type { Window } from '@track-record/ledger';
import { DAY_MS, type PageCap } from '../pagers.ts';
import { parseRow, parseRows, type Row } from '../rows.ts';
import {
  readConversion,
  readDeposit,
  readDividend,
  readDust,
  readFiatOrder,
  readTransfer,
  readWithdrawal,
  WALLETS_INSIDE,
  type Reading,
} from './entries.ts';

export interface Feed {
  readonly method: string;
  readonly cap: PageCap;
  /** Rows are listed under an instant that may lie this long before the one at which they count. */
  readonly lookbackMs: number;
  readonly parametersOf: (part: Window) => Readonly<Record<string, string | number>>;
  /** Where the rows stand in the answer; null when the answer is the list. */
  readonly rowsIn: string | null;
  readonly rowsOf: (answer: unknown) => readonly Row[];
  readonly read: (row: Row) => readonly Reading[];
}

const WALLETS_OUTSIDE: readonly string[] = ['CMFUTURE', 'MARGIN', 'OPTION'];
const TRANSFER_TYPES: readonly string[] = [
  ...WALLETS_INSIDE.flatMap((from) =>
    WALLETS_INSIDE.filter((to) => to !== from).map((to) => `${from}_${to}`),
  ),
  ...WALLETS_INSIDE.flatMap((inside) =>
    WALLETS_OUTSIDE.flatMap((outside) => [`${inside}_${outside}`, `${outside}_${inside}`]),
  ),
  'MAIN_PORTFOLIO_MARGIN',
  'PORTFOLIO_MARGIN_MAIN',
];

/** Listed under the instant at which they were first seen; confirmations may take days. */
export const deposits: Feed = {
  ...feed('sapiGetCapitalDepositHisrec', 90, 1000, null, readDeposit),
  lookbackMs: 7 * DAY_MS,
};

export const withdrawals: Feed = feed(
  'sapiGetCapitalWithdrawHistory',
  90,
  1000,
  null,
  readWithdrawal,
);

export const fiatDeposits: Feed = fiat(0, 'in');
export const fiatWithdrawals: Feed = fiat(1, 'out');

export const dividends: Feed = feed('sapiGetAssetAssetDividend', 90, 500, 'rows', readDividend);

export const conversions: Feed = feed('sapiGetConvertTradeFlow', 30, 1000, 'list', readConversion);

export const dust: Feed = feed('sapiGetAssetDribblet', 90, 100, 'userAssetDribblets', readDust);

export const anyTransfer: Feed = feed('sapiGetAssetTransfer', 90, 100, 'rows', readTransfer);

/** The venue lists one direction per request. */
const transfers: readonly Feed[] = TRANSFER_TYPES.map((type) => ({
  ...anyTransfer,
  parametersOf: ({ from, to }) => ({ type, startTime: from, endTime: to - 1, size: 100 }),
}));

export const fiatFeeds: readonly Feed[] = [fiatDeposits, fiatWithdrawals];

export const walletFeeds: readonly Feed[] = [
  deposits,
  withdrawals,
  dividends,
  conversions,
  dust,
  ...transfers,
];

function feed(
  method: string,
  spanDays: number,
  rows: number,
  rowsIn: string | null,
  read: Feed['read'],
): Feed {
  return {
    method,
    cap: { spanMs: spanDays * DAY_MS, rows },
    lookbackMs: 0,
    parametersOf: ({ from, to }) => ({ startTime: from, endTime: to - 1, limit: rows }),
    rowsIn,
    rowsOf: (answer) => readRows(answer, rowsIn),
    read,
  };
}

/** A fiat order settles days after its creation, under which it is listed. */
function fiat(transactionType: number, direction: 'in' | 'out'): Feed {
  return {
    ...feed('sapiGetFiatOrders', 90, 500, 'data', (row) => readFiatOrder(row, direction)),
    lookbackMs: 30 * DAY_MS,
    parametersOf: ({ from, to }) => ({
      transactionType,
      beginTime: from,
      endTime: to - 1,
      rows: 500,
    }),
  };
}

function readRows(answer: unknown, rowsIn: string | null): readonly Row[] {
  if (rowsIn === null) return parseRows(answer, 'rows');
  const body = parseRow(answer, rowsIn);
  // An empty feed may leave the list out; it then says so by its total.
  return body[rowsIn] === undefined && body['total'] === 0 ? [] : parseRows(body[rowsIn], rowsIn);
}
