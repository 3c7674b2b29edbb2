// What Binance's codes mean: developers.binance.com, "Error codes" of spot, wallet and USD-M
// futures, and HTTP return codes.

import type { Code } from '@track-record/errors';
import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: codesOf([
    // -1008: servers overloaded; the request was not looked at.
    ['VENUE_UNAVAILABLE', '-1000, -1001, -1004, -1006, -1007, -1008, -3000, -3044'],
    ['VENUE_RATE_LIMITED', '-1003, -1015, -4005'],
    ['VENUE_MAINTENANCE', '503 1, -1016'],
    ['VENUE_CLOCK_SKEW', '-1021'],
    ['VENUE_SCOPE_MISSING', '-1002, -3999'],
    // -2015: key, address or permission, and Binance does not say which: docs/venues.md has all.
    ['VENUE_KEY_REJECTED', '-1022, -1099, -2008, -2014, -2015, -2017'],
  ]),
  // The web application firewall answers 403 in HTML to an address that asks too much.
  byStatus: new Map<number, Code>([[403, 'VENUE_RATE_LIMITED']]),
};
