// Takes new statements into the public log, signs its head and shows it.

import { z } from 'zod';
import { payloadParser, routePolicy, type QueueDefinition } from '../queue.ts';

export const publishCheckpointQueue: QueueDefinition<object> = {
  name: 'publish-checkpoint',
  policy: { ...routePolicy, retryLimit: 2, expireInSeconds: 600 },
  cron: '*/5 * * * *',
  keyOf: () => 'log',
  parse: payloadParser(z.strictObject({})),
  format: (payload) => payload,
};
