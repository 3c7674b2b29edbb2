// Takes an account's sealed credentials from the intake, tries them at the venue, and opens its
// record.

import { accountPayload, accountQueue } from '../queue.ts';

export const connectAccountQueue = accountQueue('connect-account', accountPayload);
