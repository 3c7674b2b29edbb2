// Interactive Brokers by its Flex Web Service: one query of the owner's, answered once a day, from
// which the whole record of an account follows. A session reads it once and answers everything from
// it, so that balances and entries are of the same instant: the end of the last day reported.

import { RecordError } from '@track-record/errors';
import { compare, orderEntries } from '@track-record/ledger';
import type {
  CredentialField,
  Venue,
  VenueCapabilities,
  VenueContext,
  VenueCredentials,
  VenueSession,
} from '../contract.ts';
import { readStatement, type Told } from './entries.ts';
import { checkNav, holdingsOf } from './nav.ts';
import { fetchStatements, HOSTS } from './download.ts';
import { FlexRow, lacking, missingSection, rowOf, type Statement } from './statement.ts';
import { parseTime } from './times.ts';

const UTF8 = new TextDecoder();

const capabilities: VenueCapabilities = {
  venue: 'ibkr',
  title: 'Interactive Brokers: statements of the Flex Web Service',
  instruments: ['equity', 'option', 'fx'],
  feeds: [
    'fill',
    'fee',
    'rebate',
    'interest',
    'dividend',
    'withholding',
    'conversion',
    'settlement',
    'flow',
  ],
  unseen: [
    'prices within the day: statements have closing prices only, so hours need another source',
    'dividends and interest before they are paid',
  ],
  quoteCurrency: 'USD',
  // A day is reported once, in the night after it; nothing is told before.
  finalityLagMs: 0,
  // The longest period of a query is 365 days.
  historyMs: 364 * 86_400_000,
  hosts: HOSTS,
  credentials: ['flexToken', 'flexQueryId'],
};

/** The statements of one account in their order, and what they tell. */
interface Account {
  readonly statements: readonly [Statement, ...Statement[]];
  readonly last: Statement;
  readonly told: readonly Told[];
  readonly requests: number;
}

export const venue: Venue = {
  capabilities,
  connect: (credentials, context) => Promise.resolve(connect(credentials, context)),
  // Closing prices belong to an account's own statement and are not public.
  prices: () => Promise.resolve({ prices: [], marks: [] }),
};

function connect(credentials: VenueCredentials, context: VenueContext): VenueSession {
  let read: Promise<Account> | null = null;
  const account = (): Promise<Account> => (read ??= readAccount(credentials, context));
  return {
    identify: async () => {
      const { last } = await account();
      const venueAccountId = ownId(last);
      return {
        venueAccountId,
        // Accounts of the simulated environment are DU and a number; a live one begins with U or F.
        paper: venueAccountId.startsWith('D'),
        // A token of this service reads and can do nothing else.
        permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
      };
    },
    observe: async () => {
      const { last, told } = await account();
      const anchor = holdingsOf(last);
      return { anchor, instruments: instrumentsOf(told), quietUntil: anchor.asOf - 1 };
    },
    fetch: async ({ from, to }) => {
      const { statements, told, requests } = await account();
      const first = new FlexRow('FlexStatement', statements[0].attributes).day('fromDate');
      if (first.from > from) throw new RecordError('VENUE_INCOMPLETE', { place: 'fromDate' });
      const entries = told.flatMap((each) => each.entries);
      return {
        entries: orderEntries(entries.filter(({ at }) => at >= from && at < to)),
        instruments: instrumentsOf(told),
        ignored: [],
        cursor: '{}',
        requests,
      };
    },
    close: () => {
      read = null;
      return Promise.resolve();
    },
  };
}

/** Complete, unbroken and as old as it says, or refused with what it lacks. */
async function readAccount(credentials: VenueCredentials, context: VenueContext): Promise<Account> {
  // `123456`, or `123456:U1234567` where the query reports several accounts.
  const [query = '', wanted] = open(credentials, 'flexQueryId').split(':');
  const { document, requests } = await fetchStatements(
    open(credentials, 'flexToken'),
    query,
    context,
  );
  const ids = new Set(document.statements.map(ownId));
  const id = wanted ?? [...ids][0];
  if (id === undefined || (wanted === undefined && ids.size > 1) || !ids.has(id)) {
    throw lacking('flexQueryId', 'account');
  }
  const [first, ...rest] = document.statements
    .filter((each) => ownId(each) === id)
    .toSorted((left, right) => dayFrom(left) - dayFrom(right));
  if (first === undefined) throw lacking('FlexStatement');
  const statements = [first, ...rest] as const;
  const told = statements.map(readComplete);
  checkUnbroken(statements);
  return { statements: [first, ...rest], last: rest.at(-1) ?? first, told, requests };
}

function readComplete(statement: Statement): Told {
  const missing = missingSection(statement);
  if (missing !== null) throw lacking(missing);
  const own = new FlexRow('FlexStatement', statement.attributes);
  // What was made before its last day was over is not of that day.
  const generatedAt = parseTime(own.text('whenGenerated'), 'whenGenerated');
  if (generatedAt < own.day('toDate').to) throw new RecordError('VENUE_STALE', { place: 'toDate' });
  const told = readStatement(statement);
  checkNav(statement, told);
  return told;
}

/** A query may report every day apart: each begins with what the one before it ended with. */
function checkUnbroken(statements: readonly Statement[]): void {
  const values = statements.map((each) => rowOf(each, 'ChangeInNAV'));
  for (const [index, row] of values.slice(1).entries()) {
    const before = values[index]?.amount('endingValue');
    if (before !== undefined && compare(before, row.amount('startingValue')) === 0) continue;
    throw new RecordError('VENUE_INCOMPLETE', { place: 'ChangeInNAV.startingValue' });
  }
}

function ownId({ attributes }: Statement): string {
  return new FlexRow('FlexStatement', attributes).text('accountId');
}

function dayFrom({ attributes }: Statement): number {
  return new FlexRow('FlexStatement', attributes).day('fromDate').from;
}

function instrumentsOf(told: readonly Told[]): Told['instruments'] {
  return new Map(told.flatMap((each) => [...each.instruments]));
}

function open(credentials: VenueCredentials, field: CredentialField): string {
  const secret = credentials.get(field);
  if (secret === undefined) throw new RecordError('VENUE_KEY_REJECTED', { place: field });
  return secret.open((bytes) => UTF8.decode(bytes));
}
