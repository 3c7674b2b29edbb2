// Takes an account's sealed credentials from the intake, tries them at the venue, and opens its
// record.

import { z } from 'zod';
import { accountId, payloadParser, routePolicy, type QueueDefinition } from '../queue.ts';

const schema = z.strictObject({ accountId });

export interface ConnectAccountPayload {
  readonly accountId: string;
}

export const connectAccountQueue: QueueDefinition<ConnectAccountPayload> = {
  name: 'connect-account',
  policy: routePolicy,
  cron: null,
  keyOf: (payload) => payload.accountId,
  parse: payloadParser(schema),
  format: (payload) => payload,
};
