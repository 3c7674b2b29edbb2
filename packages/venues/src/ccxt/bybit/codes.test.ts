// Bybit's bodies of refusal, as its documentation words them, and what each means here.

import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { refusalOfAnswer } from '../refusals.ts';
import { refusals } from './codes.ts';

function codeOfAnswer(retCode: number, status = 200): string | undefined {
  const json = { retCode, retMsg: '', result: {}, retExtInfo: {}, time: 1_672_284_129_153 };
  return refusalOfAnswer(refusals, { status, headers: {}, json, isEmpty: false })?.code;
}

describe('refuses', () => {
  test.each<[string, number, Code]>([
    ['a request that took too long', 10000, 'VENUE_UNAVAILABLE'],
    ['a server error', 10016, 'VENUE_UNAVAILABLE'],
    ['a time outside of the window', 10002, 'VENUE_CLOCK_SKEW'],
    ['an unknown key', 10003, 'VENUE_KEY_REJECTED'],
    ['a wrong signature', 10004, 'VENUE_KEY_REJECTED'],
    ['a key that has expired', 33004, 'VENUE_KEY_REJECTED'],
    ['a missing permission', 10005, 'VENUE_SCOPE_MISSING'],
    ['too many requests', 10006, 'VENUE_RATE_LIMITED'],
    ['a banned address', 10009, 'VENUE_RATE_LIMITED'],
    ['an address that the key is not bound to', 10010, 'VENUE_IP_REJECTED'],
    ['a region', 10024, 'VENUE_GEO_BLOCKED'],
    ['an account that is not unified', 10028, 'VENUE_FEED_UNSUPPORTED'],
  ])('%s, %i: %s', (_name, retCode, code) => {
    expect(codeOfAnswer(retCode)).toBe(code);
  });

  test('the page of an address that asks too much: VENUE_RATE_LIMITED', () => {
    expect(codeOfAnswer(0, 403)).toBe('VENUE_RATE_LIMITED');
  });
});

describe('accepts', () => {
  test('an answer without a refusal, and leaves unknown codes to the client', () => {
    expect([codeOfAnswer(0), codeOfAnswer(10001)]).toEqual([undefined, undefined]);
  });
});
