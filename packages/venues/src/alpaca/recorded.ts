// One recorded answer of Alpaca's through its real client and our readers, for `track-record venues
// read`. The worker does not reach this file. The payload is untrusted like a live answer.

import { RecordError } from '@track-record/errors';
import { ZERO } from '@track-record/ledger';
import { parseRows } from '../ccxt/rows.ts';
import type { PayloadAnswer, PayloadRequest } from '../payload.ts';
import { readActivities } from './activities.ts';
import { callerOf } from './client.ts';
import { holdingsOf, permissions, readAccount, readPositions } from './venue.ts';

export async function readRecorded({ feed }: PayloadRequest, body: string): Promise<PayloadAnswer> {
  // The client signs with something; nothing is sent.
  const call = callerOf('recorded', 'recorded', false, () => Promise.resolve(new Response(body)));
  if (feed === 'activities') {
    const answer = await call(({ trading }) =>
      trading.accountActivities.getAccountActivitiesRaw({}),
    );
    return { entries: readActivities(parseRows(answer, 'activities')), ignored: [] };
  }
  if (feed === 'balances') {
    return { balances: holdingsOf((await readAccount(call)).cash, []).balances };
  }
  if (feed === 'positions') {
    const { balances, positions } = holdingsOf(ZERO, await readPositions(call));
    return balances.size === 0 ? { positions } : { balances, positions };
  }
  if (feed !== 'permissions') throw new RecordError('VENUE_FEED_UNSUPPORTED');
  // What a key may do is the same for all; the answer must be an account's.
  await readAccount(call);
  return { permissions };
}
