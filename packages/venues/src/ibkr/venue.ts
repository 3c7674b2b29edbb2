// Interactive Brokers by its Flex Web Service: one query of the owner's, answered once a day, from
// which the whole record of an account follows. A session reads it once and answers everything from
// it, so that balances and entries are of the same instant: the end of the last day reported.

import { RecordError } from '@track-record/errors';
import { orderEntries, type Entry } from '@track-record/ledger';
import { parseText } from '../ccxt/rows.ts';
import type { CredentialField, KeyedPrices, Venue, VenueContext } from '../contract.ts';
import type { VenueCredentials, VenueSession } from '../contract.ts';
import { closingPrices, currencyPairs } from './closing.ts';
import { fetchStatements, HOSTS } from './download.ts';
import { readStatement, type Told } from './entries.ts';
import { baseOf, checkNav, holdingsOf } from './nav.ts';
import { lacking, missingSection, type Statement } from './statement.ts';
import { dayAt, dayOf, timeAt } from './times.ts';

/** For the page that says how to make one. */
export { NEEDED as query } from './statement.ts';

const UTF8 = new TextDecoder();
const HOUR_MS = 3_600_000;
/** Of the day on which clocks go back. */
const HOURS_MAX = 25;

export const venue: Venue = {
  capabilities: {
    venue: 'ibkr',
    title: 'Interactive Brokers: statements of the Flex Web Service',
    instruments: ['equity', 'option', 'fx'],
    feeds: [
      'fill',
      'fee',
      'interest',
      'dividend',
      'withholding',
      'conversion',
      'settlement',
      'flow',
    ],
    unseen: [
      'when within its day something happened: a statement has closing prices only, so that ' +
        'all of a day is counted in its last hour, and the hours before say market_closed',
      'dividends and interest before they are paid',
    ],
    quoteCurrency: 'USD',
    // A day is told as a whole in the night after it, and no hour of it before.
    finalityLagMs: 0,
    // The longest period of a query is 365 days.
    historyMs: 364 * 86_400_000,
    hosts: HOSTS,
    credentials: ['flexToken', 'flexQueryId'],
  },
  connect: async (credentials, context) => {
    const account = await readAccount(credentials, context);
    const ask: KeyedPrices['ask'] = async () => closingPrices(account.statement);
    const quotes = { currency: baseOf(account.statement), ask };
    return { ...sessionOf(account, onDayGrid), quotes };
  },
  // Closing prices belong to an account's own statement and are not public.
  prices: () => Promise.resolve({ prices: [], marks: [] }),
};

export interface Account {
  readonly statement: Statement;
  readonly told: Told;
  readonly requests: number;
}

/** `placed`: the instant at which an entry counts. */
export function sessionOf(
  { statement, told, requests }: Account,
  placed = (entry: Entry): Entry => entry,
): VenueSession {
  const venueAccountId = idOf(statement);
  const instruments = new Map([...told.instruments, ...currencyPairs(closingPrices(statement))]);
  return {
    identify: async () => ({
      venueAccountId,
      // Accounts of the simulated environment are DU and a number; a live one begins with U or F.
      paper: venueAccountId.startsWith('D'),
      // A token of this service reads and can do nothing else.
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
    }),
    observe: async () => {
      const anchor = holdingsOf(statement);
      return { anchor, instruments, quietUntil: anchor.asOf - 1 };
    },
    fetch: async ({ from, to }) => {
      if (dayAt(statement.own, 'fromDate').from > from) {
        throw new RecordError('VENUE_INCOMPLETE', { place: 'fromDate' });
      }
      const within = told.entries.map(placed).filter(({ at }) => at >= from && at < to);
      return { entries: orderEntries(within), instruments, ignored: [], cursor: '{}', requests };
    },
    close: async () => undefined,
  };
}

/**
 * In the last hour of its day, which alone has prices at its end; in the order of the day, and
 * flows before all else, where what is held still has the prices of the day before.
 */
function onDayGrid(entry: Entry): Entry {
  const { from, to } = dayOf(entry.at);
  const since = entry.kind === 'flow' ? 0 : Math.floor((entry.at - from) / HOURS_MAX);
  return { ...entry, at: to - HOUR_MS + since };
}

/** Complete, in agreement with itself and as old as it says, or refused with what it lacks. */
export async function readAccount(
  credentials: VenueCredentials,
  context: VenueContext,
): Promise<Account> {
  const [token, id] = [textOf(credentials, 'flexToken'), textOf(credentials, 'flexQueryId')];
  // `123456`, or `123456:U1234567` where the query reports several accounts.
  const [query = '', wanted] = id.split(':');
  const { document, requests } = await fetchStatements(token, query, context);
  const own = document.statements.filter((each) => wanted === undefined || idOf(each) === wanted);
  const [statement, ...others] = own;
  if (statement === undefined || others.length > 0) throw lacking('flexQueryId', 'account');
  const missing = missingSection(statement);
  if (missing !== null) throw lacking(missing);
  // What was made before its last day was over is not of that day.
  if (timeAt(statement.own, 'whenGenerated') < dayAt(statement.own, 'toDate').to) {
    throw new RecordError('VENUE_STALE', { place: 'toDate' });
  }
  const told = readStatement(statement);
  checkNav(statement, told);
  return { statement, told, requests };
}

function idOf({ own }: Statement): string {
  return parseText(own, 'accountId');
}

export function textOf(credentials: VenueCredentials, field: CredentialField): string {
  const secret = credentials.get(field);
  if (secret === undefined) throw new RecordError('VENUE_KEY_REJECTED', { place: field });
  return secret.open((bytes) => UTF8.decode(bytes));
}
