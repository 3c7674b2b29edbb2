// Where a stream goes on: what it was about, the next hour or statement, and the statement that the
// record ended with when the stream began, so that a correction in between does not mix two states
// of it. It gives no right to anything; whoever brings it could have written it.

import { createHash } from 'node:crypto';
import { RecordError } from '@track-record/errors';
import type { Window } from './arguments.ts';

const SIZE_BYTES = 24;
const SUBJECT_SIZE_BYTES = 8;

export interface Resumption {
  readonly next: number;
  readonly head: number;
}

/** Null for an empty token; ARGUMENT_INVALID for one of another stream. */
export function parseResumeToken(
  token: Uint8Array,
  path: string,
  window: Window,
): Resumption | null {
  if (token.length === 0) return null;
  const bytes = Buffer.from(token);
  const subject = subjectOf(path, window);
  if (bytes.length !== SIZE_BYTES || !bytes.subarray(0, SUBJECT_SIZE_BYTES).equals(subject)) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'resume_token' });
  }
  const [next, head] = [8, 16].map((offset) => Number(bytes.readBigInt64BE(offset)));
  if (!isCount(next) || !isCount(head)) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'resume_token' });
  }
  return { next, head };
}

export function resumeToken({ next, head }: Resumption, path: string, window: Window): Buffer {
  const numbers = Buffer.alloc(SIZE_BYTES - SUBJECT_SIZE_BYTES);
  numbers.writeBigInt64BE(BigInt(next), 0);
  numbers.writeBigInt64BE(BigInt(head), 8);
  return Buffer.concat([subjectOf(path, window), numbers]);
}

function subjectOf(path: string, { accountId, fromMs, toMs }: Window): Buffer {
  const subject = `${path} ${accountId} ${fromMs} ${toMs}`;
  return createHash('sha256').update(subject).digest().subarray(0, SUBJECT_SIZE_BYTES);
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}
