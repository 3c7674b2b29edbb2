// Deribit's bodies of refusal, as its documentation words them, and what each means here.

import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { refusalOfAnswer } from '../refusals.ts';
import { refusals } from './codes.ts';

function codeOfAnswer(json: object, status = 200): string | undefined {
  return refusalOfAnswer(refusals, { status, headers: {}, json, isEmpty: false })?.code;
}

describe('refuses', () => {
  test.each<[string, number, object, Code]>([
    ['a wrong signature', 400, { error: { code: 13_009 } }, 'VENUE_KEY_REJECTED'],
    ['an unknown key', 400, { error: { code: 13_004 } }, 'VENUE_KEY_REJECTED'],
    ['a key without the API', 400, { error: { code: 9_999 } }, 'VENUE_KEY_REJECTED'],
    ['a missing scope', 403, { error: { code: 13_021 } }, 'VENUE_SCOPE_MISSING'],
    ['too many requests', 400, { error: { code: 10_028 } }, 'VENUE_RATE_LIMITED'],
    ['maintenance', 400, { error: { code: 11_051 } }, 'VENUE_MAINTENANCE'],
    ['a settlement in progress', 400, { error: { code: 10_041 } }, 'VENUE_UNAVAILABLE'],
    ['a request that took too long', 400, { error: { code: 13_888 } }, 'VENUE_UNAVAILABLE'],
  ])('%s', (_name, status, json, code) => {
    expect(codeOfAnswer(json, status)).toBe(code);
  });
});

describe('accepts', () => {
  test('an answer without a refusal, and leaves unknown codes to the client', () => {
    expect([codeOfAnswer({ result: {} }), codeOfAnswer({ error: { code: -32_602 } })]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
