// Fans out one job for each account whose record lacks a final hour, and one for each that has
// hours to release. An hour missed in an outage is found again by the next pass, because what is
// due follows from the record and not from the tick.

import { dueAccounts, dueReleases, newAccounts } from '@track-record/store';
import type { RouteContext } from '../context.ts';
import { finalUntil, HOUR_MS } from '../hour.ts';
import { releaseResultsQueue } from '../release-results/queue.ts';
import { backfillAccountQueue, syncAccountQueue } from '../sync-account/queue.ts';

export async function dispatchHourly(context: RouteContext): Promise<void> {
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    for (const [venue, { capabilities }] of context.venues) {
      const queue = syncAccountQueue(venue);
      const finalTo = finalUntil(capabilities, at);
      const finalForMs = at - capabilities.finalityLagMs - finalTo;
      const due = await dueAccounts(trx, { venue, queue: queue.name, finalTo, finalForMs, at });
      const payloads = due.map((accountId) => ({ accountId, hour: finalTo - HOUR_MS }));
      await context.enqueue(trx, queue, payloads);
      const backfill = backfillAccountQueue(venue);
      const fresh = await newAccounts(trx, { venue, queue: backfill.name });
      const first = fresh.map((accountId) => ({ accountId, hour: finalTo - HOUR_MS }));
      await context.enqueue(trx, backfill, first);
    }
    const releases = (await dueReleases(trx, at)).map((accountId) => ({ accountId }));
    await context.enqueue(trx, releaseResultsQueue, releases);
    await context.settle(trx, { hours: 0 });
  });
}
