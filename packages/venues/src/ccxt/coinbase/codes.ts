// What Coinbase's errors mean: docs.cdp.coinbase.com, "Error messages" of the Track API, and the
// gRPC names of the Advanced Trade API. A key, an address or a clock that is wrong is one bare 401.

import { codesOf, type RefusalTable } from '../refusals.ts';
import { valueAt } from '../rows.ts';

export const refusals: RefusalTable = {
  codeIn: (answer) => valueAt(answer, 'errors.0.id') ?? valueAt(answer, 'error'),
  byCode: codesOf([
    ['VENUE_KEY_REJECTED', 'authentication_error, unauthorized, invalid_authentication_method'],
    ['VENUE_KEY_REJECTED', 'invalid_token, revoked_token, expired_token, UNAUTHENTICATED'],
    ['VENUE_SCOPE_MISSING', 'invalid_scope, PERMISSION_DENIED'],
    ['VENUE_RATE_LIMITED', 'rate_limit_exceeded, resource_exhausted, RESOURCE_EXHAUSTED'],
    ['VENUE_UNAVAILABLE', 'internal_server_error, INTERNAL, UNAVAILABLE'],
  ]),
};
