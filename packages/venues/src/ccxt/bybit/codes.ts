// What Bybit's codes mean: bybit-exchange.github.io/docs/v5/error, HTTP code and UTA.

import type { Code } from '@track-record/errors';
import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'retCode',
  byCode: codesOf([
    ['VENUE_UNAVAILABLE', '10000, 10016'],
    // 10009: the address is banned for a while.
    ['VENUE_RATE_LIMITED', '10006, 10009, 10018, 10429'],
    ['VENUE_CLOCK_SKEW', '10002'],
    ['VENUE_IP_REJECTED', '10010'],
    ['VENUE_SCOPE_MISSING', '10005'],
    ['VENUE_GEO_BLOCKED', '10024'],
    // -2015 and 33004: the key has expired.
    ['VENUE_KEY_REJECTED', '10003, 10004, 10007, 33004, -2015'],
    // A classic account has no ledger of its spot wallet.
    ['VENUE_FEED_UNSUPPORTED', '10020, 10028'],
  ]),
  // Written to an address that asks too much.
  byStatus: new Map<number, Code>([[403, 'VENUE_RATE_LIMITED']]),
};
