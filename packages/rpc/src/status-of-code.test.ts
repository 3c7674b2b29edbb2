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
    ['LOG_EMPTY', status.NOT_FOUND],
    ['RPC_UNAUTHENTICATED', status.UNAUTHENTICATED],
    ['RPC_FORBIDDEN', status.PERMISSION_DENIED],
    ['RPC_DEADLINE', status.DEADLINE_EXCEEDED],
    ['INTERNAL', status.INTERNAL],
  ];
  it.each(rows)('%s', (code, expected) => {
    expect(statusOfError(new RecordError(code))).toEqual({ code: expected, details: code });
  });

  it('RPC_OVERLOADED, with when to come again as google.rpc says it', () => {
    const { code, metadata } = statusOfError(new RecordError('RPC_OVERLOADED'));
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
    // google.rpc.Status {8, "RPC_OVERLOADED", [Any {RetryInfo {Duration {1 s}}}]}
    const type = Buffer.from('type.googleapis.com/google.rpc.RetryInfo').toString('hex');
    const name = Buffer.from('RPC_OVERLOADED').toString('hex');
    const expected = `0808120e${name}1a300a28${type}12040a020801`;
    expect(Buffer.from(bytes ?? '').toString('hex')).toBe(expected);
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
      expect([3, 4, 5, 7, 8, 9, 13, 14, 16]).toContain(sent.code);
      expect(sent).toMatchObject({ code: sent.code, details: code });
      expect(sent.metadata !== undefined).toBe(sent.code === status.RESOURCE_EXHAUSTED);
    }
  });
});
