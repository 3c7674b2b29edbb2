// What OKX's codes mean: okx.com/docs-v5, "Error code", REST API.

import type { Code } from '@track-record/errors';
import type { RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: new Map<string, Code>([
    ['50001', 'VENUE_MAINTENANCE'],
    ['50004', 'VENUE_UNAVAILABLE'],
    ['50005', 'VENUE_UNAVAILABLE'],
    ['50011', 'VENUE_RATE_LIMITED'],
    ['50013', 'VENUE_UNAVAILABLE'],
    ['50026', 'VENUE_UNAVAILABLE'],
    ['50061', 'VENUE_RATE_LIMITED'],
    ['50100', 'VENUE_KEY_REJECTED'],
    // A key of the demo environment.
    ['50101', 'VENUE_KEY_REJECTED'],
    ['50102', 'VENUE_CLOCK_SKEW'],
    ['50103', 'VENUE_KEY_REJECTED'],
    ['50104', 'VENUE_KEY_REJECTED'],
    ['50105', 'VENUE_KEY_REJECTED'],
    ['50110', 'VENUE_IP_REJECTED'],
    ['50111', 'VENUE_KEY_REJECTED'],
    ['50112', 'VENUE_CLOCK_SKEW'],
    ['50113', 'VENUE_KEY_REJECTED'],
    ['50114', 'VENUE_KEY_REJECTED'],
    ['50119', 'VENUE_KEY_REJECTED'],
    ['50120', 'VENUE_SCOPE_MISSING'],
  ]),
};
