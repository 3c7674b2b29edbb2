// Derives every signed hour of an account again from its sealed journal and restates the hours that
// differ.

import { accountPayload, accountQueue } from '../queue.ts';

export const reaggregateAccountQueue = accountQueue('reaggregate-account', accountPayload);
