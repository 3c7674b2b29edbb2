// What Bitget's codes mean: bitget.com/api-doc/uta, "REST API error codes".

import { codesOf, type RefusalTable } from '../refusals.ts';

export const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: codesOf([
    // A header is missing; then key, signature and passphrase; then a frozen account.
    ['VENUE_KEY_REJECTED', '40001, 40002, 40003, 40006, 40009, 40011, 40012, 40037, 40013, 40031'],
    ['VENUE_CLOCK_SKEW', '40004, 40005, 40008'],
    ['VENUE_SCOPE_MISSING', '40014, 40016'],
    ['VENUE_IP_REJECTED', '40018'],
    ['VENUE_RATE_LIMITED', '429, 30001'],
    ['VENUE_UNAVAILABLE', '40010, 40015, 40725, 45001'],
    ['VENUE_MAINTENANCE', '40200'],
    // A classic account has a ledger for each of its wallets, and other names for everything.
    ['VENUE_FEED_UNSUPPORTED', '40084'],
    // Asked for what is older than it serves.
    ['VENUE_INCOMPLETE', '25200'],
  ]),
};
