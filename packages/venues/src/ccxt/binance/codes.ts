// What Binance's codes mean: developers.binance.com, "Error codes" of spot, wallet and USD-M
// futures, and HTTP return codes.

import type { Code } from '@track-record/errors';
import type { RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: new Map<string, Code>([
    ['503 1', 'VENUE_MAINTENANCE'],
    ['-1000', 'VENUE_UNAVAILABLE'],
    ['-1001', 'VENUE_UNAVAILABLE'],
    ['-1002', 'VENUE_SCOPE_MISSING'],
    ['-1003', 'VENUE_RATE_LIMITED'],
    ['-1004', 'VENUE_UNAVAILABLE'],
    ['-1006', 'VENUE_UNAVAILABLE'],
    ['-1007', 'VENUE_UNAVAILABLE'],
    // Servers overloaded; the request was not looked at.
    ['-1008', 'VENUE_UNAVAILABLE'],
    ['-1015', 'VENUE_RATE_LIMITED'],
    ['-1016', 'VENUE_MAINTENANCE'],
    ['-1021', 'VENUE_CLOCK_SKEW'],
    ['-1022', 'VENUE_KEY_REJECTED'],
    ['-1099', 'VENUE_KEY_REJECTED'],
    ['-2008', 'VENUE_KEY_REJECTED'],
    ['-2014', 'VENUE_KEY_REJECTED'],
    // Key, address or permission: Binance does not say which. docs/venues.md names all three.
    ['-2015', 'VENUE_KEY_REJECTED'],
    ['-2017', 'VENUE_KEY_REJECTED'],
    ['-3000', 'VENUE_UNAVAILABLE'],
    ['-3044', 'VENUE_UNAVAILABLE'],
    ['-3999', 'VENUE_SCOPE_MISSING'],
    ['-4005', 'VENUE_RATE_LIMITED'],
  ]),
  // The web application firewall answers 403 in HTML to an address that asks too much.
  byStatus: new Map<number, Code>([[403, 'VENUE_RATE_LIMITED']]),
};
