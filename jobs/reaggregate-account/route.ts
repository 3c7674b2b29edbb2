// Derives every stated hour again from the sealed journal, with the same code that stated it, and
// restates the hours that come out differently. It asks the venue for nothing but prices that the
// journal lacks.

import { RecordError } from '@track-record/errors';
import { loadSegments } from '@track-record/store';
import { commitHours } from '../commit-hours.ts';
import { settleUnchanged, type RouteContext } from '../context.ts';
import { deriveHours } from '../derive-hours.ts';
import { openJournal } from '../journal.ts';
import type { AccountPayload } from '../queue.ts';
import { withSubject } from '../subject.ts';

export async function reaggregateAccount(
  { accountId }: AccountPayload,
  context: RouteContext,
): Promise<void> {
  await withSubject(accountId, context, async (subject) => {
    const { keys, state } = subject;
    if (state === null || state.statementCount === 0) return await settleUnchanged(context);
    const segments = await loadSegments(context.db, accountId);
    const journal = openJournal(keys, segments, state.nextSequence);
    if (journal.opening === null) throw new RecordError('STORE_ROW_UNTRUSTED');
    context.step('opened');
    const window = { from: journal.opening.asOf, to: state.checkpoint.asOf };
    const derivation = await deriveHours(subject, journal, null, window, context);
    await commitHours(subject, derivation, state, context);
  });
}
