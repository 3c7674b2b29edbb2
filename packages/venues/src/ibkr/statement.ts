// What the Flex Web Service answers, as rows: the statements of the accounts behind a token, or one
// short answer of the service itself. Which of the two it is, the root element says and nothing
// else. Rows are counted at one level of detail: the same money stands in a file up to four times.
// Attributes and sections that we do not know are passed over; everything here is untrusted.

import { RecordError } from '@track-record/errors';
import type { Decimal, Window } from '@track-record/ledger';
import { parseAmount, parseText, shape } from '../ccxt/rows.ts';
import { parseDay } from './times.ts';
import { readXml } from './xml.ts';

export type Attributes = Readonly<Record<string, string>>;

export interface Statement {
  readonly attributes: Attributes;
  /** By the name of the section as it stands in the file, which differs from its rows' name. */
  readonly sections: ReadonlyMap<string, readonly Attributes[]>;
}

export interface FlexDocument {
  readonly root: string;
  /** Status, ReferenceCode, Url and ErrorCode where the service answers without a statement. */
  readonly answer: Attributes;
  readonly statements: readonly Statement[];
}

/** The level that counts, and those that tell the same rows again. Other sections have one. */
const LEVELS: ReadonlyMap<string, readonly [counted: string, others: readonly string[]]> = new Map([
  [
    'Trades',
    ['EXECUTION', ['ORDER', 'SYMBOL_SUMMARY', 'ASSET_SUMMARY', 'CLOSED_LOT', 'WASH_SALE']],
  ],
  ['CashTransactions', ['DETAIL', ['SUMMARY']]],
  ['OpenPositions', ['SUMMARY', ['LOT']]],
  ['CashReport', ['Currency', ['BaseCurrency']]],
  ['StmtFunds', ['Currency', ['BaseCurrency']]],
]);

/** Sections without which something could be missing from the record; rates only where asked. */
const REQUIRED = [
  'AccountInformation',
  'Trades',
  'CashTransactions',
  'Transfers',
  'CorporateActions',
  'OptionEAE',
  'StmtFunds',
  'CashReport',
  'OpenPositions',
  'EquitySummaryInBase',
  'ChangeInNAV',
] as const;

export async function readFlex(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<FlexDocument> {
  let root = '';
  const answer: Record<string, string> = {};
  const statements: { attributes: Attributes; sections: Map<string, Attributes[]> }[] = [];
  await readXml(chunks, {
    open: (name, attributes, path) => {
      if (path.length === 0) root = name;
      if (name === 'FlexStatement') statements.push({ attributes, sections: new Map() });
      const statement = statements.at(-1);
      const [, , within, section = name] = path;
      if (statement === undefined || within !== 'FlexStatement') return;
      const rows = statement.sections.get(section) ?? [];
      statement.sections.set(section, rows);
      // A section is an element around its rows, or its only row itself.
      const isRow = path.length === 4 || Object.keys(attributes).length > 0;
      if (isRow) rows.push(attributes);
    },
    text: (name, text, path) => {
      if (path.length === 1) answer[name] = text;
    },
  });
  return { root, answer, statements };
}

/** The first section that a query must have and this statement lacks. */
export function missingSection({ sections }: Statement): string | null {
  return REQUIRED.find((name) => !sections.has(name)) ?? null;
}

/** The rows of a section at the level that counts. */
export function rowsOf({ sections }: Statement, section: string): readonly FlexRow[] {
  const rows = (sections.get(section) ?? []).map((row) => new FlexRow(section, row));
  const levels = LEVELS.get(section);
  if (levels === undefined) return rows;
  const [counted, others] = levels;
  const found = rows.filter((row) => {
    const level = row.text('levelOfDetail');
    if (level !== counted && !others.includes(level)) throw row.unknown('levelOfDetail');
    return level === counted;
  });
  // A query that selects the sums alone hides what they are made of.
  if (found.length === 0 && rows.length > 0) throw lacking(section, 'levelOfDetail');
  return found;
}

/** The one row of a section that has one. */
export function rowOf(statement: Statement, section: string): FlexRow {
  const [row, ...others] = rowsOf(statement, section);
  if (row === undefined || others.length > 0) throw shape(section);
  return row;
}

/** One row, read strictly: a field that the query left out is named, and none has a default. */
export class FlexRow {
  readonly #section: string;
  readonly #attributes: Attributes;

  constructor(section: string, attributes: Attributes) {
    this.#section = section;
    this.#attributes = attributes;
  }

  /** False where a field is empty; VENUE_SCOPE_MISSING where the query has no such field. */
  has(field: string): boolean {
    const value = this.#attributes[field];
    if (value === undefined) throw lacking(this.#section, field);
    return value !== '' && value !== '--';
  }

  /** Whether the query has the field, for the few that may stand under two names. */
  offers(field: string): boolean {
    return Object.hasOwn(this.#attributes, field);
  }

  text(field: string): string {
    if (!this.has(field)) throw this.unknown(field);
    return parseText(this.#attributes, field);
  }

  amount(field: string): Decimal {
    if (!this.has(field)) throw this.unknown(field);
    return parseAmount(this.#attributes, field);
  }

  day(field: string): Window {
    return parseDay(this.text(field), `${this.#section}.${field}`);
  }

  /** What the table says of the field's word; an unknown one stops the account. */
  kind<T>(field: string, table: ReadonlyMap<string, T>): T {
    const found = table.get(this.text(field));
    if (found === undefined) throw this.unknown(field);
    return found;
  }

  unknown(field: string): RecordError {
    return shape(`${this.#section}.${field}`);
  }
}

/** The owner adds the section or field that is named to the query. */
export function lacking(section: string, field?: string): RecordError {
  const place = field === undefined ? section : `${section}.${field}`;
  return new RecordError('VENUE_SCOPE_MISSING', { place });
}
