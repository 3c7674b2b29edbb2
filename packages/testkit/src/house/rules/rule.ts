// The shape of a rule that looks at one source file at a time.

import type { SourceFile } from '../source-file.ts';

export interface Finding {
  /** Counted from 1. */
  readonly line: number;
  readonly sentence: string;
}

export interface FileRule {
  readonly name: string;
  readonly find: (file: SourceFile) => readonly Finding[];
}

/** The rooms whose code runs inside the worker: the trusted computing base. */
export const workerRooms: ReadonlySet<string> = new Set([
  'errors',
  'ledger',
  'returns',
  'statement',
  'attestation',
  'sealing',
  'venues',
  'store',
  'rpc',
  'jobs',
  'worker',
]);
