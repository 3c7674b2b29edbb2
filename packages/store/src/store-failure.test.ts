// Which failures are expected, and which are bugs.

import { describe, expect, it } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { storeFailure } from './store-failure.ts';

function failure(code: string, message = 'outside text'): Error {
  return Object.assign(new Error(message), { code });
}

describe('accepts', () => {
  it.each([
    ['STORE_UNAVAILABLE', failure('ECONNREFUSED')],
    ['STORE_UNAVAILABLE', failure('08006')],
    ['STORE_UNAVAILABLE', failure('57P01')],
    ['STORE_UNAVAILABLE', failure('57014')],
    ['STORE_UNAVAILABLE', failure('53300')],
    ['STORE_UNAVAILABLE', failure('55P03')],
    ['STORE_UNAVAILABLE', failure('28P01')],
    ['STORE_UNAVAILABLE', new Error('Connection terminated unexpectedly')],
    ['STORE_UNAVAILABLE', new Error('timeout exceeded when trying to connect')],
    ['STORE_CONFLICT', failure('23505')],
    ['STORE_CONFLICT', failure('40001')],
    ['STORE_CONFLICT', failure('40P01')],
    ['VENUE_UNKNOWN', failure('TR000', 'VENUE_UNKNOWN')],
    ['JOB_CLAIM_LOST', new RecordError('JOB_CLAIM_LOST')],
  ])('%s', (code, error) => {
    expect(storeFailure(error).code).toBe(code);
  });
});

describe('refuses', () => {
  it.each([
    ['an undefined column', failure('42703')],
    ['a missing right', failure('42501')],
    ['a change of what is append-only', failure('23001')],
    ['a row that breaks a check', failure('23514')],
    ['a reference to nothing', failure('23503')],
    ['a refusal with a text of its own', failure('TR000', 'outside text')],
    ['an error without a code', new TypeError('outside text')],
    ['what is no error', 'outside text'],
  ])('to call it expected: %s', (_name, error) => {
    expect(() => storeFailure(error)).toThrow();
  });
});

describe('holds', () => {
  it('no text from outside is in the message', () => {
    expect(storeFailure(failure('23505')).message).not.toContain('outside');
  });
});
