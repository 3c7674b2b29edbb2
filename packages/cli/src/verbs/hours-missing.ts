// `track-record hours missing`: final hours that no statement holds yet, by venue and by account.

import { listAccounts, venueDepths } from '@track-record/store/operator';
import { accountsTable } from '../operator/accounts-table.ts';
import { asOperator, checkAlone, limitOf, textOf } from '../operator/session.ts';
import { hoursLine, sumOf, venuesTable } from '../operator/venues-table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const LIMIT = 20;

export const hoursMissing: Verb = {
  name: 'hours missing',
  summary: 'Count the final hours that are not signed, and name who lacks most.',
  example: 'hours missing --venue binance --watch',
  options: { venue: { type: 'string' }, limit: { type: 'string' } },
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const { options } = input;
  const venue = textOf(options, 'venue', /^[a-z0-9-]{1,32}$/);
  const limit = limitOf(options, LIMIT);
  return asOperator(async (db) => {
    const all = await venueDepths(db);
    const venues = all.filter((each) => venue === null || each.venue === venue);
    const filter = { accountId: null, venue, state: null, behind: true, limit };
    const accounts = await listAccounts(db, filter);
    const missing = sumOf(venues, (each) => each.hoursMissing);
    const withheld = sumOf(venues, (each) => each.hoursWithheld);
    const table = accounts.length === 0 ? '' : `\n${accountsTable(accounts)}`;
    return {
      document: { hoursMissing: missing, hoursWithheld: withheld, venues, accounts },
      text: `${hoursLine(venues)}\n\n${venuesTable(venues)}${table}`,
    };
  });
}
