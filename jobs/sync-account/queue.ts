// One queue per venue, so that a slow venue never holds back another one's accounts.

import { z } from 'zod';
import { accountId, fullHour, payloadParser, routePolicy, type QueueDefinition } from '../queue.ts';

const schema = z.strictObject({ accountId, hour: fullHour });

/** Bring the account's record up to and including `hour`. */
export interface SyncAccountPayload {
  readonly accountId: string;
  /** Start of the last hour wanted, ms UTC. */
  readonly hour: number;
}

export function syncAccountQueueName(venue: string): string {
  return `sync-account.${venue}`;
}

export function syncAccountQueue(venue: string): QueueDefinition<SyncAccountPayload> {
  return {
    name: syncAccountQueueName(venue),
    policy: routePolicy,
    cron: null,
    keyOf: (payload) => payload.accountId,
    parse: payloadParser(schema),
    format: (payload) => ({
      accountId: payload.accountId,
      hour: new Date(payload.hour).toISOString(),
    }),
  };
}
