// What is held at the end of a statement, and the proof that the entries explain it: the broker's
// own change in net asset value, line by line, and its closing value, to the cent. A statement that
// contradicts itself, or of which a row is missing, is refused before anything is recorded.

import { RecordError } from '@track-record/errors';
import {
  absolute,
  add,
  compare,
  multiply,
  ONE,
  parseDecimal,
  sign,
  subtract,
  ZERO,
  type Anchor,
  type Decimal,
} from '@track-record/ledger';
import type { Told } from './entries.ts';
import { FlexRow, lacking, rowOf, rowsOf, type Statement } from './statement.ts';
import { dayOf } from './times.ts';

/** Lines have up to nine digits; a statement on paper has two. */
const TOLERANCE = parseDecimal('0.01');

/** Lines of ChangeInNAV, and which postings are theirs. A query's other lines are valuation. */
const LINES: readonly (readonly [
  place: string,
  lines: readonly string[],
  kinds: readonly string[],
])[] = [
  ['dividends', ['dividends'], ['dividend']],
  [
    'withholdingTax',
    ['withholdingTax', 'withholding871m', 'withholdingTaxCollected'],
    ['withholding'],
  ],
  ['interest', ['interest'], ['interest']],
  [
    'commissions',
    [
      'commissions',
      'forexCommissions',
      'advisorFees',
      'brokerFees',
      'clientFees',
      'otherFees',
      'salesTax',
      'transactionTax',
    ],
    ['fee', 'rebate'],
  ],
  [
    'depositsWithdrawals',
    ['depositsWithdrawals', 'internalCashTransfers', 'assetTransfers'],
    ['flow'],
  ],
];

const ACCRUALS = ['dividendAccruals', 'interestAccruals'];

export function holdingsOf(statement: Statement): Anchor {
  const day = new FlexRow('FlexStatement', statement.attributes).day('toDate');
  const cash = rowsOf(statement, 'CashReport');
  return {
    asOf: day.to,
    balances: new Map(cash.map((row) => [row.text('currency'), row.amount('endingCash')])),
    positions: positionsOf(statement, day.to).map((row) => ({
      instrument: row.text('conid'),
      contracts: row.amount('position'),
      entryPrice: row.amount('costBasisPrice'),
    })),
  };
}

/** VENUE_INCOMPLETE with the line of ChangeInNAV that the rows do not explain. */
export function checkNav(statement: Statement, { entries }: Told): void {
  const nav = rowOf(statement, 'ChangeInNAV');
  const { asOf, balances } = holdingsOf(statement);
  const rate = ratesOf(statement);
  const lineSum = (names: readonly string[], row: FlexRow): Decimal =>
    sum(names.filter((name) => row.offers(name)).map((name) => row.amount(name)));
  for (const [place, lines, kinds] of LINES) {
    const own = entries.flatMap(({ at, kind, postings }) =>
      postings
        .filter(({ role }) => kinds.includes(role ?? kind))
        .map(({ asset, amount }) => multiply(amount, rate(asset, at))),
    );
    const inKind = place === 'depositsWithdrawals' ? transferredInKind(statement) : [];
    checkLine(place, sum([...own, ...inKind]), lineSum(lines, nav));
  }
  const last = asOf - 1;
  const cash = [...balances].map(([currency, amount]) => multiply(amount, rate(currency, last)));
  const shares = positionsOf(statement, asOf).map((row) =>
    multiply(row.amount('positionValue'), rate(row.text('currency'), last)),
  );
  const days = rowsOf(statement, 'EquitySummaryInBase');
  const closing = days.find((row) => row.day('reportDate').to === asOf);
  if (closing === undefined) throw lacking('EquitySummaryInBase');
  const worth = sum([...cash, ...shares, lineSum(ACCRUALS, closing)]);
  checkLine('endingValue', worth, nav.amount('endingValue'));
}

function checkLine(line: string, own: Decimal, told: Decimal): void {
  if (compare(absolute(subtract(own, told)), TOLERANCE) <= 0) return;
  throw new RecordError('VENUE_INCOMPLETE', { place: `ChangeInNAV.${line}` });
}

function transferredInKind(statement: Statement): readonly Decimal[] {
  const moved = rowsOf(statement, 'Transfers').filter((row) => sign(row.amount('quantity')) !== 0);
  return moved.map((row) => row.amount('positionAmountInBase'));
}

/** Positions of another day than the last would be measured against the wrong balances. */
function positionsOf(statement: Statement, asOf: number): readonly FlexRow[] {
  const rows = rowsOf(statement, 'OpenPositions');
  const other = rows.find((row) => row.day('reportDate').to !== asOf);
  if (other !== undefined) throw other.unknown('reportDate');
  return rows;
}

/** In the base currency, by the rate of the day or, where there is none, of the day before. */
function ratesOf(statement: Statement): (currency: string, at: number) => Decimal {
  const base = rowOf(statement, 'AccountInformation').text('currency');
  const rates = rowsOf(statement, 'ConversionRates')
    .filter((row) => row.text('toCurrency') === base)
    .map((row) => ({
      currency: row.text('fromCurrency'),
      day: dayOf(row.day('reportDate').from),
      rate: row.amount('rate'),
    }))
    .toSorted((left, right) => (left.day < right.day ? -1 : 1));
  return (currency, at) => {
    if (currency === base) return ONE;
    const day = dayOf(at);
    const found = rates.findLast((each) => each.currency === currency && each.day <= day);
    if (found === undefined) throw lacking('ConversionRates');
    return found.rate;
  };
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce(add, ZERO);
}
