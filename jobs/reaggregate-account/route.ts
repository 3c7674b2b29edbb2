// Derives every stated hour again from the sealed journal, with the same code that stated it, and
// restates the hours that come out differently. It asks the venue for nothing but prices that the
// journal lacks.

import { RecordError } from '@track-record/errors';
import { loadSegments } from '@track-record/store';
import { venueOf } from '../collect.ts';
import { commitHours } from '../commit-hours.ts';
import { settleUnchanged, type RouteContext } from '../context.ts';
import { deriveHours } from '../derive-hours.ts';
import { finalUntil, HOUR_MS } from '../hour.ts';
import { openJournal } from '../journal.ts';
import { accountKeys, activeAccount, trustedState } from '../load-subject.ts';
import { stateHours } from '../state-hours.ts';
import { statementFrame } from '../statement-frame.ts';
import type { ReaggregateAccountPayload } from './queue.ts';

export async function reaggregateAccount(
  payload: ReaggregateAccountPayload,
  context: RouteContext,
): Promise<void> {
  const account = await activeAccount(payload.accountId, context);
  const keys = await accountKeys(account.accountId, context);
  try {
    const state = await trustedState(keys, context);
    context.step('loaded');
    if (state === null || state.statementCount === 0) return await settleUnchanged(context);
    const segments = await loadSegments(context.db, keys.accountId);
    const journal = openJournal(keys, segments, state.nextSequence);
    if (journal.opening === null) throw new RecordError('STORE_ROW_UNTRUSTED');
    context.step('opened');
    const window = { from: journal.opening.asOf, to: state.checkpoint.asOf };
    const venue = venueOf(account.venue, context);
    const derivation = await deriveHours(account, venue, journal, null, window, context);
    const frame = await statementFrame(account, state, state, true, context);
    const stated = await stateHours(derivation.report.hours, frame, context);
    context.step('signed');
    if (stated.length === 0) return await settleUnchanged(context);
    await commitHours(
      {
        keys,
        firstSequence: state.nextSequence,
        records: derivation.fresh,
        stated,
        lastHour: state.checkpoint.asOf - HOUR_MS,
        hoursMissing:
          (finalUntil(venue.capabilities, context.now()) - state.checkpoint.asOf) / HOUR_MS,
        state: {
          ...state,
          version: state.version + 1,
          checkpoint: derivation.report.closing,
          nextSequence: state.nextSequence + derivation.fresh.length,
          statementCount: state.statementCount + stated.length,
          head: stated.at(-1)?.signed.hash ?? state.head,
        },
      },
      context,
    );
  } finally {
    keys.wipe();
  }
}
