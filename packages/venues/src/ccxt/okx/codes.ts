// What OKX's codes mean: okx.com/docs-v5, "Error code", REST API.

import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: codesOf([
    ['VENUE_MAINTENANCE', '50001'],
    ['VENUE_UNAVAILABLE', '50004, 50005, 50013, 50026'],
    ['VENUE_RATE_LIMITED', '50011, 50061'],
    ['VENUE_CLOCK_SKEW', '50102, 50112'],
    ['VENUE_IP_REJECTED', '50110'],
    ['VENUE_SCOPE_MISSING', '50120'],
    // 50101: a key of the demo environment.
    ['VENUE_KEY_REJECTED', '50100, 50101, 50103, 50104, 50105, 50111, 50113, 50114, 50119'],
  ]),
};
