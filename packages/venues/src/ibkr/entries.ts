// The rows of one Flex statement as ledger entries, with every digit as written. Trades tell what
// was bought, exercised, assigned or expired; cash transactions, transfers and corporate actions
// tell the rest; the statement of funds tells the cash that none of them does, such as sales tax.
// OptionEAE and FxTransactions tell the same events again and make no entry. A word that no table
// here knows stops the account. A position is known by IBKR's own contract id (conid): a symbol is
// renamed, and is used for several listings.

import { RecordError } from '@track-record/errors';
import {
  compare,
  ONE,
  sign,
  ZERO,
  type Decimal,
  type Entry,
  type EntryKind,
  type Instrument,
  type Posting,
} from '@track-record/ledger';
import { rowsOf, type FlexRow, type Statement } from './statement.ts';
import { parseTime, withinDay } from './times.ts';

export interface Told {
  readonly entries: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/** Other categories settle in ways that are not read here: futures daily, bonds with interest. */
const CATEGORIES: ReadonlyMap<string, 'equity' | 'option' | 'fx'> = new Map([
  ['STK', 'equity'],
  ['FUND', 'equity'],
  ['WAR', 'equity'],
  ['OPT', 'option'],
  ['CASH', 'fx'],
] as const);

/** Cancelled and corrected trades are rows of their own with the sign turned. */
const TRADES: ReadonlyMap<string, 'order' | 'book'> = new Map([
  ['ExchTrade', 'order'],
  ['FracShare', 'order'],
  ['DvpTrade', 'order'],
  ['TradeCancel', 'order'],
  ['TradeCorrect', 'order'],
  ['BookTrade', 'book'],
] as const);

/** All of them act by what they add and take away, so that none needs a ratio. */
const ACTIONS: ReadonlyMap<string, EntryKind> = new Map(
  ['FS', 'RS', 'TC', 'TO', 'IC', 'SO', 'SD', 'SR', 'HI', 'DW', 'OR', 'RI', 'CD'].map(
    (type) => [type, 'conversion'] as const,
  ),
);

/** Every one crosses the perimeter, which is the one account. */
const TRANSFERS: ReadonlyMap<string, EntryKind> = new Map(
  ['ACATS', 'ATON', 'FOP', 'INTERNAL', 'INTERCOMPANY', 'OTC', 'DRS', 'DWAC'].map(
    (type) => [type, 'flow'] as const,
  ),
);

const CASH: ReadonlyMap<string, EntryKind> = new Map([
  ['Deposits/Withdrawals', 'flow'],
  ['Deposits & Withdrawals', 'flow'],
  ['Dividends', 'dividend'],
  ['Payment In Lieu Of Dividends', 'dividend'],
  ['Withholding Tax', 'withholding'],
  ['871(m) Withholding', 'withholding'],
  ['Broker Interest Paid', 'interest'],
  ['Broker Interest Received', 'interest'],
  ['Bond Interest Paid', 'interest'],
  ['Bond Interest Received', 'interest'],
  ['Other Fees', 'fee'],
  ['Broker Fees', 'fee'],
  ['Advisor Fees', 'fee'],
  ['Client Fees', 'fee'],
  ['Commission Adjustments', 'fee'],
]);

/** null: told by a section whose absence the closing balances prove. */
const FUNDS: ReadonlyMap<string, EntryKind | null> = new Map<string, EntryKind | null>([
  ['BUY', null],
  ['SELL', null],
  ['FOREX', null],
  ['ASSIGN', null],
  ['EXE', null],
  ['EXP', null],
  ['CORP', null],
  ['DEP', 'flow'],
  ['WITH', 'flow'],
  ['DIV', 'dividend'],
  ['PIL', 'dividend'],
  ['FRTAX', 'withholding'],
  ['CINT', 'interest'],
  ['DINT', 'interest'],
  ['OFEE', 'fee'],
  ['STAX', 'fee'],
  ['TTAX', 'fee'],
]);

/** VENUE_SCOPE_MISSING names a field that the query lacks, VENUE_UNEXPECTED_SHAPE one not known. */
export function readStatement(statement: Statement): Told {
  const trades = rowsOf(statement, 'Trades');
  const cash = rowsOf(statement, 'CashTransactions');
  const transfers = rowsOf(statement, 'Transfers');
  const actions = rowsOf(statement, 'CorporateActions');
  checkExercises(statement, new Set(trades.map((row) => row.text('tradeID'))));
  const told = new Set([...cash, ...transfers, ...actions].map((row) => row.text('transactionID')));
  const funds = rowsOf(statement, 'StmtFunds').filter(
    (row) => row.has('activityCode') && !told.has(row.text('transactionID')),
  );
  const held = [...trades, ...actions, ...transfers, ...rowsOf(statement, 'OpenPositions')];
  return {
    entries: [
      ...trades.map(tradeOf),
      ...cash.map((row) => cashOf(row, 'cash', row.kind('type', CASH))),
      ...transfers.map(transferOf),
      ...actions.map(actionOf),
      ...funds.flatMap((row) => {
        const kind = row.kind('activityCode', FUNDS);
        return kind === null ? [] : [cashOf(row, 'funds', kind)];
      }),
    ].filter(({ postings, position }) => postings.length > 0 || position !== undefined),
    instruments: new Map(held.flatMap(instrumentOf)),
  };
}

/** Every exercise, assignment and expiry is a trade too, or the trades are not all there. */
function checkExercises(statement: Statement, tradeIds: ReadonlySet<string>): void {
  const isTold = (row: FlexRow): boolean =>
    !row.has('tradeID') || tradeIds.has(row.text('tradeID'));
  if (rowsOf(statement, 'OptionEAE').every(isTold)) return;
  throw new RecordError('VENUE_INCOMPLETE', { place: 'OptionEAE.tradeID' });
}

function tradeOf(row: FlexRow): Entry {
  const category = row.kind('assetCategory', CATEGORIES);
  const currency = row.text('currency');
  const quantity = row.amount('quantity');
  const entry = {
    id: `trade.${row.text('tradeID')}`,
    at: instantOf(row),
    postings: postingsOf([
      [currency, row.amount('proceeds')],
      [row.text('ibCommissionCurrency'), row.amount('ibCommission'), 'fee'],
      [currency, row.amount('taxes'), 'fee'],
    ]),
  };
  const isBooked = row.kind('transactionType', TRADES) === 'book';
  if (category === 'fx') {
    // `EUR.USD` moves euros, and dollars the other way.
    const [base = '', quote] = row.text('symbol').split('.');
    if (quote !== currency || base === currency) throw row.unknown('symbol');
    const postings = [...postingsOf([[base, quantity]]), ...entry.postings];
    return { ...entry, kind: 'fill', postings };
  }
  const price = row.amount('tradePrice');
  const kind = category === 'option' && isBooked ? 'settlement' : 'fill';
  return {
    ...entry,
    kind,
    position: { instrument: row.text('conid'), contracts: quantity, price },
  };
}

function cashOf(row: FlexRow, source: string, kind: EntryKind): Entry {
  const amount = row.amount('amount');
  const isCost = kind === 'fee' && sign(amount) < 0;
  return {
    id: `${source}.${row.text('transactionID')}`,
    at: instantOf(row),
    kind: kind === 'fee' && !isCost ? 'rebate' : kind,
    postings: postingsOf([[row.text('currency'), amount, isCost ? 'fee' : undefined]]),
  };
}

function transferOf(row: FlexRow): Entry {
  const kind = row.kind('type', TRANSFERS);
  const quantity = row.amount('quantity');
  const cash = row.amount('cashTransfer');
  const outward = row.text('direction') === 'OUT';
  const isAgainst = (amount: Decimal): boolean => sign(amount) === (outward ? 1 : -1);
  if (isAgainst(quantity) || isAgainst(cash)) throw row.unknown('direction');
  const id = `transfer.${row.text('transactionID')}`;
  return moveOf(row, { id, kind, quantity, cash, price: row.amount('transferPrice') });
}

function actionOf(row: FlexRow): Entry {
  return moveOf(row, {
    id: `action.${row.text('transactionID')}.${row.text('conid')}`,
    kind: row.kind('type', ACTIONS),
    quantity: row.amount('quantity'),
    cash: row.amount('proceeds'),
    price: ZERO,
  });
}

interface Move {
  readonly id: string;
  readonly kind: EntryKind;
  readonly quantity: Decimal;
  readonly cash: Decimal;
  readonly price: Decimal;
}

/** Shares, cash or both; cash alone stands under the symbol `--`. */
function moveOf(row: FlexRow, { id, kind, quantity, cash, price }: Move): Entry {
  const entry = {
    id,
    at: instantOf(row),
    kind,
    postings: postingsOf([[row.text('currency'), cash]]),
  };
  if (compare(quantity, ZERO) === 0) return entry;
  return { ...entry, position: { instrument: row.text('conid'), contracts: quantity, price } };
}

/** When it happened, or at an end of the day in whose report it stands. */
function instantOf(row: FlexRow): number {
  const field = ['dateTime', 'date', 'tradeDate'].find((each) => row.offers(each)) ?? 'dateTime';
  const time = field === 'tradeDate' && row.offers('tradeTime') ? ` ${row.text('tradeTime')}` : '';
  const at = parseTime(`${row.text(field)}${time}`, field);
  return withinDay(at, row.day('reportDate'));
}

function postingsOf(
  amounts: readonly (readonly [asset: string, amount: Decimal, role?: 'fee' | undefined])[],
): Posting[] {
  return amounts
    .filter(([, amount]) => sign(amount) !== 0)
    .map(([asset, amount, role]) => ({ asset, amount, ...(role === undefined ? {} : { role }) }));
}

function instrumentOf(row: FlexRow): readonly (readonly [string, Instrument])[] {
  // Cash transfers have no category and are no instrument; nor is a pair of currencies.
  if (!row.has('assetCategory') || !row.has('conid')) return [];
  const kind = row.kind('assetCategory', CATEGORIES);
  if (kind === 'fx') return [];
  const currency = row.text('currency');
  const isOption = kind === 'option';
  const base = row.text(isOption ? 'underlyingSymbol' : 'symbol');
  const sized = {
    contractSize: ONE,
    ...(isOption ? { multiplier: row.amount('multiplier') } : {}),
  };
  const conid = row.text('conid');
  return [
    [conid, { kind, base, quote: currency, settle: currency, ...sized, realised: 'derived' }],
  ];
}
