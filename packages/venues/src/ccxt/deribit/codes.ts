// What Deribit's errors mean: docs.deribit.com, "Error codes".

import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'error.code',
  byCode: codesOf([
    ['VENUE_KEY_REJECTED', '9999, 10000, 13000, 13001, 13002, 13003, 13004, 13007, 13009'],
    ['VENUE_SCOPE_MISSING', '13012, 13021'],
    ['VENUE_RATE_LIMITED', '10028'],
    ['VENUE_MAINTENANCE', '11051'],
    // 10040: ask again; 10041: a settlement is in progress.
    ['VENUE_UNAVAILABLE', '10001, 10040, 10041, 10047, 13008, 13025, 13028, 13888'],
  ]),
};
