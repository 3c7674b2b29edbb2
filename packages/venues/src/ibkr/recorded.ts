// A recorded Flex statement as `track-record venues read` reads it. Recordings are old or
// shortened: where one has no field for what has one meaning only, the meaning is put in, so that
// the readers of the live service read it and nothing else does. The worker does not reach this
// file.

import { RecordError } from '@track-record/errors';
import { orderEntries } from '@track-record/ledger';
import { parseText, type Row } from '../ccxt/rows.ts';
import type { PayloadAnswer, PayloadRequest } from '../payload.ts';
import { readStatement } from './entries.ts';
import { checkNav, holdingsOf } from './nav.ts';
import { readFlex, type Statement } from './statement.ts';

/** What people write into a recording instead of an id. */
const NO_ID = new Set<unknown>([undefined, '', 'REDACTED']);

/** By section: what a recording may leave out where no other word is possible. */
const LEFT_OUT: Readonly<Record<string, Row>> = {
  Trades: { levelOfDetail: 'EXECUTION' },
  CashTransactions: { levelOfDetail: 'DETAIL' },
  // All types act alike: by what they add and take away.
  CorporateActions: { type: 'TC' },
};

export async function readRecorded({ feed }: PayloadRequest, body: string): Promise<PayloadAnswer> {
  if (feed !== 'flex') throw new RecordError('VENUE_FEED_UNSUPPORTED');
  const { statements } = await readFlex([new TextEncoder().encode(body)]);
  const read = statements.map(completeStatement).map((statement) => {
    const told = readStatement(statement);
    if (statement.sections.has('ChangeInNAV')) checkNav(statement, told);
    return { account: parseText(statement.own, 'accountId'), statement, told };
  });
  const [only] = read;
  if (only !== undefined && read.length === 1) {
    return { entries: orderEntries(only.told.entries), ...closingOf(only.statement), ignored: [] };
  }
  // Ids are unique in an account; two accounts of one file keep theirs apart.
  const entries = read.flatMap(({ account, told }) =>
    told.entries.map((each) => ({ ...each, id: `${account}.${each.id}` })),
  );
  return { entries: orderEntries(entries), ignored: [] };
}

/** Balances and positions at the end of the statement, where it reports both. */
function closingOf(statement: Statement): PayloadAnswer {
  const { sections } = statement;
  return sections.has('CashReport') && sections.has('OpenPositions') ? holdingsOf(statement) : {};
}

/** The statement with what its recording left out. */
function completeStatement({ own, sections }: Statement): Statement {
  const base = sections.get('AccountInformation')?.[0]?.['currency'];
  const isOneCurrency = [...sections.values()]
    .flat()
    .every(({ fxRateToBase: rate = '1' }) => rate === '1');
  const complete = [...sections].map(([section, rows]) => {
    const filled = rows.map((row, index) => {
      const id = section === 'Trades' ? 'tradeID' : 'transactionID';
      // Old trades have their day and their time apart.
      const apart = `${textIn(row, 'tradeDate')} ${textIn(row, 'tradeTime')}`.trim();
      const day = textIn(row, 'dateTime') || textIn(row, 'date') || apart;
      return {
        ...LEFT_OUT[section],
        ...(apart === '' ? {} : { dateTime: apart }),
        reportDate: day.split(/[;, ]/)[0] ?? '',
        ...row,
        ...(NO_ID.has(row[id]) ? { [id]: `row-${index + 1}` } : {}),
      };
    });
    const isBaseOnly = rows.every(({ levelOfDetail }) => levelOfDetail === 'BaseCurrency');
    if (!isOneCurrency || base === undefined || !isBaseOnly) return [section, filled] as const;
    // In an account of one currency the sums in the base currency are those of the currency.
    const relabel = { levelOfDetail: 'Currency', currency: base };
    return [section, filled.map((row) => ({ ...row, ...relabel }))] as const;
  });
  return { own, sections: new Map(complete) };
}

function textIn(row: Row, field: string): string {
  const value = row[field];
  return typeof value === 'string' ? value : '';
}
