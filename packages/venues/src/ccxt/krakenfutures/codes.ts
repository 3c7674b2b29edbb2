// What Kraken's errors mean on its futures: docs.kraken.com, "Futures REST: errors".

import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'error',
  byCode: codesOf([
    ['VENUE_KEY_REJECTED', 'authenticationError, accountInactive'],
    ['VENUE_CLOCK_SKEW', 'nonceBelowThreshold, nonceDuplicate'],
    ['VENUE_RATE_LIMITED', 'apiLimitExceeded'],
    ['VENUE_MAINTENANCE', 'Unavailable, unavailable'],
    ['VENUE_UNAVAILABLE', 'Server Error, unknownError'],
  ]),
};
