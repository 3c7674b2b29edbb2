// The one class for everything that is expected to go wrong. Only routes and rpc catch it. What is
// not a RecordError is a bug: it stops the process or becomes INTERNAL at the outermost wrapper.

import { codes, type Code, type Retry } from './codes.ts';

export interface RecordErrorOptions {
  /** What was caught. It stays in the process: never logged, stored or sent. */
  readonly cause?: unknown;
  /**
   * Where in the input the fault lies, as a path of our own field names and indexes
   * (`entries[3].postings[0].amount`). Never a value from the input.
   */
  readonly place?: string;
  /** Seconds the other side asked us to wait, where it said so. */
  readonly retryAfterSeconds?: number;
}

export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code: Code;
  readonly retry: Retry;
  readonly place: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(code: Code, options: RecordErrorOptions = {}) {
    super(codes[code].message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retry = codes[code].retry;
    this.place = options.place ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }

  /** What may leave the process: the code alone. */
  toJSON(): { code: Code } {
    return { code: this.code };
  }
}

/** The code of an expected failure; anything else is INTERNAL. */
export function codeOf(error: unknown): Code {
  return error instanceof RecordError ? error.code : 'INTERNAL';
}
