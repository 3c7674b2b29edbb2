// What the Flex Web Service answers, as rows: the statements of the accounts behind a token, or one
// short answer of the service itself. Which of the two it is, the root element says and nothing
// else. Rows are counted at one level of detail: the same money stands in a file up to four times.
// Attributes and sections that we do not know are passed over; everything here is untrusted.

import { RecordError } from '@track-record/errors';
import { parseRow, shape, type Row } from '../ccxt/rows.ts';
import { readXml } from './xml.ts';

export interface Statement {
  /** Of the statement itself: account, period, when it was made. */
  readonly own: Row;
  /** By the name of the section as it stands in the file, which differs from its rows' name. */
  readonly sections: ReadonlyMap<string, readonly Row[]>;
}

export interface FlexDocument {
  readonly root: string;
  /** Status, ReferenceCode, Url and ErrorCode where the service answers without a statement. */
  readonly answer: Row;
  readonly statements: readonly Statement[];
}

/** As many of 250 bytes as fit into the largest document: shorter rows are none of IBKR's. */
const ROWS_MAX = 250_000;

const CONTRACT = 'assetCategory symbol conid multiplier underlyingSymbol currency';
/** The fields that a query must have in each section; without a section a record has a hole. */
export const NEEDED = {
  AccountInformation: 'currency',
  Trades:
    'proceeds tradePrice quantity tradeID transactionType taxes ibCommission ' +
    `ibCommissionCurrency dateTime reportDate ${CONTRACT}`,
  CashTransactions: 'transactionID type currency amount dateTime reportDate',
  Transfers:
    'transactionID type quantity transferPrice cashTransfer positionAmountInBase date ' +
    `reportDate ${CONTRACT}`,
  CorporateActions: `transactionID type quantity proceeds dateTime reportDate ${CONTRACT}`,
  OptionEAE: 'tradeID',
  StmtFunds: 'transactionID activityCode currency amount date reportDate',
  CashReport: 'currency endingCash',
  OpenPositions: `position costBasisPrice positionValue reportDate ${CONTRACT}`,
  EquitySummaryInBase: 'reportDate dividendAccruals interestAccruals',
  ChangeInNAV:
    'endingValue dividends withholdingTax interest commissions otherFees depositsWithdrawals ' +
    'assetTransfers',
  ConversionRates: 'reportDate fromCurrency toCurrency rate',
};

/** Where a section has several: the level that counts, and those that tell the same again. */
const LEVELS: Readonly<Record<string, string>> = {
  Trades: 'EXECUTION ORDER SYMBOL_SUMMARY ASSET_SUMMARY CLOSED_LOT WASH_SALE',
  CashTransactions: 'DETAIL SUMMARY',
  OpenPositions: 'SUMMARY LOT',
  CashReport: 'Currency BaseCurrency',
  StmtFunds: 'Currency BaseCurrency',
};

export type SectionName = keyof typeof NEEDED;

export async function readFlex(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<FlexDocument> {
  let root = '';
  let count = 0;
  const answer: Record<string, string> = {};
  const statements: { own: Row; sections: Map<string, Row[]> }[] = [];
  await readXml(chunks, {
    open: (name, attributes, path) => {
      if (path.length === 0) root = name;
      if (name === 'FlexStatement') statements.push({ own: attributes, sections: new Map() });
      const statement = statements.at(-1);
      const [, , within, section = name] = path;
      if (statement === undefined || within !== 'FlexStatement') return;
      if (!Object.hasOwn(NEEDED, section)) return;
      if ((count += 1) > ROWS_MAX) throw shape('rows');
      const rows = statement.sections.get(section) ?? [];
      statement.sections.set(section, rows);
      // A section is an element around its rows, or its only row itself.
      if (path.length === 4 || Object.keys(attributes).length > 0) rows.push(attributes);
    },
    text: (name, text, path) => {
      if (path.length === 1) answer[name] = text;
    },
  });
  return { root, answer, statements };
}

/** The first section that a query must have and this statement lacks; rates only where asked. */
export function missingSection({ sections }: Statement): string | null {
  const has = (name: string): boolean => sections.has(name) || name === 'ConversionRates';
  return Object.keys(NEEDED).find((name) => !has(name)) ?? null;
}

/** The rows of a section at the level that counts, with every field that is needed. */
export function rowsOf({ sections }: Statement, section: SectionName): readonly Row[] {
  const rows = sections.get(section) ?? [];
  const levels = LEVELS[section]?.split(' ');
  const found = rows.filter(({ levelOfDetail: level }) => {
    if (levels === undefined) return true;
    if (typeof level !== 'string') throw lacking(section, 'levelOfDetail');
    if (!levels.includes(level)) throw shape(`${section}.levelOfDetail`);
    return level === levels[0];
  });
  // A query that selects the sums alone hides what they are made of.
  if (found.length === 0 && rows.length > 0) throw lacking(section, 'levelOfDetail');
  for (const field of NEEDED[section].split(' ')) {
    if (!found.every((row) => Object.hasOwn(row, field))) throw lacking(section, field);
  }
  return found;
}

/** The one row of a section that has one. */
export function rowOf(statement: Statement, section: SectionName): Row {
  const [row, ...others] = rowsOf(statement, section);
  if (others.length > 0) throw shape(section);
  return parseRow(row, section);
}

/** Whether a field says anything: what does not apply is empty or `--`. */
export function isTold(row: Row, field: string): boolean {
  return row[field] !== '' && row[field] !== '--';
}

/** The owner adds the section or field that is named to the query. */
export function lacking(...place: readonly string[]): RecordError {
  return new RecordError('VENUE_SCOPE_MISSING', { place: place.join('.') });
}
