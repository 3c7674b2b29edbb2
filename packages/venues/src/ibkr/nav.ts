// What is held at the end of a statement, and the proof that the entries explain it: the broker's
// own change in net asset value, line by line, and its closing value, to the cent. A statement that
// contradicts itself, or of which a row is missing, is refused before anything is recorded.

import { RecordError } from '@track-record/errors';
import { absolute, add, compare, multiply, parseDecimal, sign } from '@track-record/ledger';
import { subtract, ZERO, type Anchor, type Decimal } from '@track-record/ledger';
import { parseAmount, parseText, shape, type Row } from '../ccxt/rows.ts';
import type { Told } from './entries.ts';
import { lacking, rowOf, rowsOf, type Statement } from './statement.ts';
import { dayAt } from './times.ts';

/** Lines have up to nine digits; a statement on paper has two. */
const TOLERANCE = parseDecimal('0.01');

/** Lines of ChangeInNAV by the postings that they sum. The other lines are valuation. */
const LINES = {
  dividend: 'dividends',
  withholding: 'withholdingTax withholding871m withholdingTaxCollected',
  interest: 'interest',
  fee:
    'commissions forexCommissions advisorFees brokerFees clientFees otherFees salesTax ' +
    'transactionTax',
  flow: 'depositsWithdrawals internalCashTransfers assetTransfers',
};

/** VENUE_UNEXPECTED_SHAPE when a position is of another day than the balances. */
export function holdingsOf(statement: Statement): Anchor {
  const { to: asOf } = dayAt(statement.own, 'toDate');
  const cash = rowsOf(statement, 'CashReport').map(
    (row) => [parseText(row, 'currency'), parseAmount(row, 'endingCash')] as const,
  );
  return {
    asOf,
    balances: new Map(cash),
    positions: rowsOf(statement, 'OpenPositions').map((row) => {
      if (dayAt(row, 'reportDate').to !== asOf) throw shape('OpenPositions.reportDate');
      const contracts = parseAmount(row, 'position');
      const entryPrice = parseAmount(row, 'costBasisPrice');
      return { instrument: parseText(row, 'conid'), contracts, entryPrice };
    }),
  };
}

/** VENUE_INCOMPLETE with the line of ChangeInNAV that the rows do not explain. */
export function checkNav(statement: Statement, { entries }: Told): void {
  const nav = rowOf(statement, 'ChangeInNAV');
  const inBase = ratesOf(statement);
  for (const [role, lines] of Object.entries(LINES)) {
    const moved = entries.flatMap(({ at, kind, postings }) => {
      const own = postings.filter((each) => (each.role ?? kind) === role);
      return own.map(({ asset, amount }) => inBase(asset, amount, at));
    });
    const inKind = role === 'flow' ? sharesMoved(statement) : [];
    checkLine(lines, [...moved, ...inKind], amountsIn(nav, lines));
  }
  const { asOf, balances } = holdingsOf(statement);
  const days = rowsOf(statement, 'EquitySummaryInBase');
  const closing = days.find((row) => dayAt(row, 'reportDate').to === asOf);
  if (closing === undefined) throw lacking('EquitySummaryInBase');
  const worth = [
    ...[...balances].map(([currency, amount]) => inBase(currency, amount, asOf - 1)),
    ...rowsOf(statement, 'OpenPositions').map((row) =>
      inBase(parseText(row, 'currency'), parseAmount(row, 'positionValue'), asOf - 1),
    ),
    ...amountsIn(closing, 'dividendAccruals interestAccruals'),
  ];
  checkLine('endingValue', worth, amountsIn(nav, 'endingValue'));
}

function checkLine(lines: string, own: readonly Decimal[], told: readonly Decimal[]): void {
  const difference = subtract(own.reduce(add, ZERO), told.reduce(add, ZERO));
  if (compare(absolute(difference), TOLERANCE) <= 0) return;
  throw new RecordError('VENUE_INCOMPLETE', { place: `ChangeInNAV.${lines.split(' ')[0]}` });
}

/** Of the fields that the query has: IBKR adds lines, and old statements have fewer. */
function amountsIn(row: Row, fields: string): readonly Decimal[] {
  const has = fields.split(' ').filter((field) => Object.hasOwn(row, field));
  return has.map((field) => parseAmount(row, field));
}

function sharesMoved(statement: Statement): readonly Decimal[] {
  const hasShares = (row: Row): boolean => sign(parseAmount(row, 'quantity')) !== 0;
  const moved = rowsOf(statement, 'Transfers').filter(hasShares);
  return moved.map((row) => parseAmount(row, 'positionAmountInBase'));
}

export function baseOf(statement: Statement): string {
  return parseText(rowOf(statement, 'AccountInformation'), 'currency');
}

/** In the base currency, by the rate of the day or, where there is none, of the day before. */
function ratesOf(statement: Statement): (asset: string, amount: Decimal, at: number) => Decimal {
  const base = baseOf(statement);
  const rates = rowsOf(statement, 'ConversionRates')
    .filter((row) => row['toCurrency'] === base)
    .map((row) => ({ row, from: dayAt(row, 'reportDate').from }))
    .toSorted((left, right) => left.from - right.from);
  return (currency, amount, at) => {
    if (currency === base) return amount;
    const known = rates.findLast(({ row, from }) => row['fromCurrency'] === currency && from <= at);
    if (known === undefined) throw lacking('ConversionRates');
    return multiply(amount, parseAmount(known.row, 'rate'));
  };
}
