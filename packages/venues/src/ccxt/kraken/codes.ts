// What Kraken's errors mean: docs.kraken.com, "Spot REST: errors". They come with status 200.

import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'error.0',
  byCode: codesOf([
    ['VENUE_KEY_REJECTED', 'EAPI:Invalid key, EAPI:Invalid signature, ESession:Invalid session'],
    ['VENUE_KEY_REJECTED', 'EAuth:Account temporary disabled, EAuth:Account unconfirmed'],
    ['VENUE_SCOPE_MISSING', 'EGeneral:Permission denied'],
    ['VENUE_CLOCK_SKEW', 'EAPI:Invalid nonce'],
    ['VENUE_RATE_LIMITED', 'EAPI:Rate limit exceeded, EGeneral:Too many requests'],
    ['VENUE_RATE_LIMITED', 'EGeneral:Temporary lockout'],
    ['VENUE_MAINTENANCE', 'EService:Unavailable, EService:Market in cancel_only mode'],
    ['VENUE_UNAVAILABLE', 'EService:Busy, EService:Timeout, EService:Deadline elapsed'],
    ['VENUE_UNAVAILABLE', 'EGeneral:Internal error, EDatabase:Internal error'],
  ]),
};
