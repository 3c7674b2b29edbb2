// Releases what an account's disclosure policy has held back until now.

import { accountPayload, accountQueue } from '../queue.ts';

export const releaseResultsQueue = accountQueue('release-results', accountPayload);
