// Fans out one job for each account whose record lacks a final hour. An hour missed in an outage is
// found again by the next pass, because what is due follows from the record and not from the tick.

import { dueAccounts } from '@track-record/store';
import type { RouteContext } from '../context.ts';
import { finalUntil, HOUR_MS } from '../hour.ts';
import { syncAccountQueue } from '../sync-account/queue.ts';

export async function dispatchHourly(context: RouteContext): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    for (const [id, venue] of context.venues) {
      const hour = finalUntil(venue.capabilities, context.now()) - HOUR_MS;
      const due = await dueAccounts(trx, id, hour);
      const payloads = due.map((accountId) => ({ accountId, hour }));
      await context.enqueue(trx, syncAccountQueue(id), payloads);
    }
    await context.settle(trx, { hours: 0 });
  });
}
