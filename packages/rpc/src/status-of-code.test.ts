import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { codes, RecordError, type Code } from '@track-record/errors';
import { statusOfError } from './status-of-code.ts';

const all = Object.keys(codes) as Code[];

describe('accepts', () => {
  const rows: readonly [Code, status][] = [
    ['ARGUMENT_INVALID', status.INVALID_ARGUMENT],
    ['ACCOUNT_UNKNOWN', status.NOT_FOUND],
    ['ACCOUNT_PAUSED', status.FAILED_PRECONDITION],
    ['STORE_UNAVAILABLE', status.UNAVAILABLE],
    ['STORE_ROW_UNTRUSTED', status.FAILED_PRECONDITION],
    ['RPC_OVERLOADED', status.RESOURCE_EXHAUSTED],
    ['RPC_DEADLINE', status.DEADLINE_EXCEEDED],
    ['INTERNAL', status.INTERNAL],
  ];
  it.each(rows)('%s', (code, expected) => {
    expect(statusOfError(new RecordError(code))).toEqual({ code: expected, details: code });
  });
});

describe('refuses', () => {
  it('to say anything about a bug', () => {
    const internal = { code: status.INTERNAL, details: 'INTERNAL' };
    expect(statusOfError(new Error('secret-marker'))).toEqual(internal);
    expect(statusOfError({ code: status.OK, details: 'secret-marker' })).toEqual(internal);
  });
});

describe('holds', () => {
  it('every code has one of the statuses of the door, and travels alone', () => {
    for (const code of all) {
      const cause = new Error('secret-marker');
      const sent = statusOfError(new RecordError(code, { cause, place: 'place' }));
      expect([3, 4, 5, 8, 9, 13, 14]).toContain(sent.code);
      expect(sent).toEqual({ code: sent.code, details: code });
    }
  });
});
