// The one schedule: finds the accounts whose record lacks a final hour and enqueues one job for
// each. It runs every minute because accounts have their moments spread over several, and a missed
// tick must not cost an hour; an account without a missing hour costs nothing.

import { z } from 'zod';
import { payloadParser, routePolicy, type QueueDefinition } from '../queue.ts';

export const dispatchHourlyQueue: QueueDefinition<object> = {
  name: 'dispatch-hourly',
  policy: { ...routePolicy, retryLimit: 2, expireInSeconds: 120 },
  cron: '* * * * *',
  keyOf: () => 'dispatch',
  parse: payloadParser(z.strictObject({})),
  format: (payload) => payload,
};
