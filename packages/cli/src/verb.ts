// The shape of one verb of the `track-record` command, and the ways it may end.
// 0 success; 1 a refusal or a failed check; 2 bad usage.

import type { ParseArgsConfig } from 'node:util';

export interface VerbInput {
  /** Values of the verb's own options, as node:util parseArgs gives them. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** What follows the verb's words. */
  readonly positionals: readonly string[];
  readonly stdin: NodeJS.ReadableStream;
  /** Progress and diagnostics; nothing secret, nothing the JSON reader needs. */
  readonly progress: (line: string) => void;
}

export interface VerbOutput {
  /** The one document that `--json` prints. */
  readonly document: unknown;
  /** What a person reads without `--json`. */
  readonly text: string;
  /** True when the verb ran and its answer is a refusal: exit code 1. */
  readonly failed?: boolean;
}

export interface Verb {
  /** The words after `track-record`, for example `venues fetch`. */
  readonly name: string;
  readonly summary: string;
  /** One example, without the leading `track-record`. */
  readonly example: string;
  /** `--json` is added to every verb. */
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Adds `--watch`: the answer is printed again every two seconds. */
  readonly canWatch?: true;
  readonly run: (input: VerbInput) => Promise<VerbOutput>;
}

/** Bad usage: exit code 2 with this sentence, which is made of our own words only. */
export class UsageError extends Error {}
