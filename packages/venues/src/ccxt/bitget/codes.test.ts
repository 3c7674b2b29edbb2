// Bitget's bodies of refusal, as its documentation words them, and what each means here.

import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { refusalOfAnswer } from '../refusals.ts';
import { refusals } from './codes.ts';

function codeOfAnswer(json: object, status = 200): string | undefined {
  return refusalOfAnswer(refusals, { status, headers: {}, json, isEmpty: false })?.code;
}

describe('refuses', () => {
  test.each<[string, number, object, Code]>([
    ['an unknown key', 400, { code: '40037' }, 'VENUE_KEY_REJECTED'],
    ['a wrong signature', 400, { code: '40009' }, 'VENUE_KEY_REJECTED'],
    ['a wrong passphrase', 400, { code: '40012' }, 'VENUE_KEY_REJECTED'],
    ['a request that is too old', 400, { code: '40008' }, 'VENUE_CLOCK_SKEW'],
    ['a missing permission', 400, { code: '40014' }, 'VENUE_SCOPE_MISSING'],
    ['an address that is not listed', 400, { code: '40018' }, 'VENUE_IP_REJECTED'],
    ['too many requests', 200, { code: '429' }, 'VENUE_RATE_LIMITED'],
    ['an upgrade', 200, { code: '40200' }, 'VENUE_MAINTENANCE'],
    ['a server error', 200, { code: '40015' }, 'VENUE_UNAVAILABLE'],
    ['a classic account', 400, { code: '40084' }, 'VENUE_FEED_UNSUPPORTED'],
    ['what is older than it serves', 400, { code: '25200' }, 'VENUE_INCOMPLETE'],
  ])('%s', (_name, status, json, code) => {
    expect(codeOfAnswer(json, status)).toBe(code);
  });
});

describe('accepts', () => {
  test('an answer without a refusal, and leaves unknown codes to the client', () => {
    expect([codeOfAnswer({ code: '00000', data: {} }), codeOfAnswer({ code: '00001' })]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
