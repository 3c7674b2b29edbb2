// Coinbase's bodies of refusal, of both of its APIs, and what each means here.

import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { refusalOfAnswer } from '../refusals.ts';
import { refusals } from './codes.ts';

function codeOfAnswer(json: object, status = 200): string | undefined {
  return refusalOfAnswer(refusals, { status, headers: {}, json, isEmpty: false })?.code;
}

describe('refuses', () => {
  test.each<[string, number, object, Code]>([
    ['a wrong key', 401, { errors: [{ id: 'authentication_error' }] }, 'VENUE_KEY_REJECTED'],
    ['a revoked token', 401, { errors: [{ id: 'revoked_token' }] }, 'VENUE_KEY_REJECTED'],
    ['a key that may not read', 403, { errors: [{ id: 'invalid_scope' }] }, 'VENUE_SCOPE_MISSING'],
    ['too many requests', 429, { errors: [{ id: 'rate_limit_exceeded' }] }, 'VENUE_RATE_LIMITED'],
    ['a server error', 500, { errors: [{ id: 'internal_server_error' }] }, 'VENUE_UNAVAILABLE'],
    ['a portfolio that is not its', 403, { error: 'PERMISSION_DENIED' }, 'VENUE_SCOPE_MISSING'],
    ['too many trades asked for', 429, { error: 'RESOURCE_EXHAUSTED' }, 'VENUE_RATE_LIMITED'],
    ['a service that is down', 503, { error: 'UNAVAILABLE' }, 'VENUE_UNAVAILABLE'],
  ])('%s', (_name, status, json, code) => {
    expect(codeOfAnswer(json, status)).toBe(code);
  });
});

describe('accepts', () => {
  test('an answer without a refusal, and leaves unknown codes to the client', () => {
    expect([
      codeOfAnswer({ fills: [], cursor: '' }),
      codeOfAnswer({ error: 'INVALID_ARGUMENT' }),
    ]).toEqual([undefined, undefined]);
  });
});
