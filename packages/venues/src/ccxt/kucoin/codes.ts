// What KuCoin's codes mean: kucoin.com/docs, "Errors". They come with a status of their own kind,
// and some with status 200.

import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: codesOf([
    // A header is missing; then key, passphrase and signature; then a frozen account.
    ['VENUE_KEY_REJECTED', '400001, 400003, 400004, 400005, 411100'],
    ['VENUE_CLOCK_SKEW', '400002'],
    ['VENUE_IP_REJECTED', '400006'],
    ['VENUE_SCOPE_MISSING', '400007'],
    ['VENUE_RATE_LIMITED', '429000'],
    ['VENUE_UNAVAILABLE', '500000'],
  ]),
  byStatus: new Map([[503, 'VENUE_MAINTENANCE']]),
};
