// What a queue is: its name, what its jobs carry, and how pg-boss treats them. The queue is
// untrusted: it may lose, repeat, reorder or invent jobs. What makes a repeat harmless is the data
// a route writes, never this.

import { RecordError } from '@track-record/errors';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

/** Failed jobs are kept for their operator here; copies inherit this queue's own retention. */
export const DEAD_LETTER_QUEUE = 'dead-letter';
export const DEAD_LETTER_RETENTION_SECONDS = 30 * 86_400;

export const routePolicy = {
  // At most one job per key is waiting or running; a second send returns the first.
  policy: 'exclusive' as const,
  // Eight attempts with the delays below span about two hours: longer than a venue's usual outage.
  retryLimit: 8,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 1_800,
  // A first synchronisation pages through years; the heartbeat, not this, finds a dead worker.
  expireInSeconds: 1_800,
  // The smallest pg-boss accepts is 10; three missed touches lose the claim.
  heartbeatSeconds: 30,
  // A job older than this is stale: the dispatcher makes a new one for every hour still missing.
  retentionSeconds: 7_200,
  deleteAfterSeconds: 21_600,
};

export interface QueueDefinition<Payload> {
  readonly name: string;
  readonly policy: typeof routePolicy;
  /** UTC; null when nothing but a producer fills the queue. */
  readonly cron: string | null;
  /** The key under which the queue is exclusive. */
  readonly keyOf: (payload: Payload) => string;
  /** Reads a payload or refuses it with PAYLOAD_INVALID. */
  readonly parse: (data: unknown) => Payload;
  /** The JSON that `parse` reads. */
  readonly format: (payload: Payload) => object;
}

export const accountId = z.uuid();
export const accountPayload = z.strictObject({ accountId });
export type AccountPayload = z.infer<typeof accountPayload>;

/** A full hour as ISO 8601 UTC, read to milliseconds. */
export const fullHour = z.iso
  .datetime({ precision: null })
  .transform((text) => Date.parse(text))
  .refine((at) => at % HOUR_MS === 0);

/** A queue of jobs that are each about one account, of which each account has one at most. */
export function accountQueue<Payload extends AccountPayload>(
  name: string,
  schema: z.ZodType<Payload>,
  format: (payload: Payload) => object = (payload) => payload,
): QueueDefinition<Payload> {
  const keyOf = (payload: Payload) => payload.accountId;
  return { name, policy: routePolicy, cron: null, keyOf, parse: payloadParser(schema), format };
}

/** A parser over a strict schema: unknown fields are refused like malformed ones. */
export function payloadParser<Payload>(schema: z.ZodType<Payload>): (data: unknown) => Payload {
  return (data) => {
    const read = schema.safeParse(data);
    if (!read.success) throw new RecordError('PAYLOAD_INVALID');
    return read.data;
  };
}
