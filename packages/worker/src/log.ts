// One JSON line per event. The fields are a closed list of codes, counts and ids, so that no
// amount, symbol, secret or text from outside has a field to travel in.

import type { Code } from '@track-record/errors';

export type LogEvent =
  | 'starting'
  | 'started'
  | 'stopping'
  | 'stopped'
  | 'job-done'
  | 'job-failed'
  | 'loop-failed'
  | 'call-failed'
  | 'isolate-ended'
  | 'evidence-failed'
  | 'sealed'
  | 'hand-over-failed'
  | 'unsealed'
  | 'handed-over'
  | 'start-refused';

export interface LogFields {
  readonly code?: Code;
  readonly queue?: string;
  readonly jobId?: string;
  readonly attempt?: number;
  readonly hours?: number;
  readonly ms?: number;
  readonly port?: number;
  /** A setting's name or a path of our own field names. */
  readonly place?: string;
}

export type Log = (event: LogEvent, fields?: LogFields) => void;

/** Writes lines with the clock's time to `write`. */
export function jsonLines(now: () => number, write: (line: string) => void): Log {
  return (event, fields = {}) => {
    write(`${JSON.stringify({ at: new Date(now()).toISOString(), event, ...fields })}\n`);
  };
}
