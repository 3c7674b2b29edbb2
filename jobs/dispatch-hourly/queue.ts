// The one schedule: finds the accounts whose record lacks a final hour and enqueues one job for
// each. It runs more often than hourly because venues become final at different minutes and a
// missed tick must not cost an hour; an account without a missing hour costs nothing.

import { z } from 'zod';
import { payloadParser, routePolicy, type QueueDefinition } from '../queue.ts';

export const dispatchHourlyQueue: QueueDefinition<object> = {
  name: 'dispatch-hourly',
  policy: { ...routePolicy, retryLimit: 0, expireInSeconds: 120 },
  cron: '*/5 * * * *',
  keyOf: () => 'dispatch',
  parse: payloadParser(z.strictObject({})),
  format: (payload) => payload,
};
