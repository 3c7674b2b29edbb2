// One queue per venue, so that a slow venue never holds back another one's accounts.

import type { z } from 'zod';
import { accountPayload, accountQueue, fullHour, type QueueDefinition } from '../queue.ts';

const schema = accountPayload.extend({ hour: fullHour });

/** Bring the account's record up to and including `hour`, the start of the last hour wanted. */
export type SyncAccountPayload = z.infer<typeof schema>;

export function syncAccountQueue(venue: string): QueueDefinition<SyncAccountPayload> {
  return queueOf(`sync-account.${venue}`);
}

/** First synchronisations, which may page through years: hours do not wait behind them. */
export function backfillAccountQueue(venue: string): QueueDefinition<SyncAccountPayload> {
  return queueOf(`backfill-account.${venue}`);
}

function queueOf(name: string): QueueDefinition<SyncAccountPayload> {
  return accountQueue(name, schema, ({ accountId, hour }) => ({
    accountId,
    hour: new Date(hour).toISOString(),
  }));
}
