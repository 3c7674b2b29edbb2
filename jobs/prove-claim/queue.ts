// Answers what an owner asked to have proved of a record.

import { accountPayload, accountQueue } from '../queue.ts';

export const proveClaimQueue = accountQueue('prove-claim', accountPayload);
