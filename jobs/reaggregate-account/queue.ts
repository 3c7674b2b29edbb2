// Derives every signed hour of an account again from its sealed journal and restates the hours that
// differ.

import { z } from 'zod';
import { accountId, payloadParser, routePolicy, type QueueDefinition } from '../queue.ts';

const schema = z.strictObject({ accountId });

export interface ReaggregateAccountPayload {
  readonly accountId: string;
}

export const reaggregateAccountQueue: QueueDefinition<ReaggregateAccountPayload> = {
  name: 'reaggregate-account',
  policy: routePolicy,
  cron: null,
  keyOf: (payload) => payload.accountId,
  parse: payloadParser(schema),
  format: (payload) => payload,
};
