// What the verbs that ask for the public log are given of it: its folder (C2SP tlog-tiles), saved
// checkpoints, proofs. Everything in these files is untrusted.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  parseCheckpoint,
  parseProofLines,
  proveConsistency,
  proveRecord,
  tileTree,
  type KnownCheckpoint,
  type LogProof,
  type ReadPublished,
} from '@track-record/statement/log';
import { readFileAtMost, readTextFile } from './input.ts';
import type { VerbInput } from './verb.ts';

/** A checkpoint with a hundred witnesses and a proof of 106 hashes are both below, and a tile. */
const FILE_SIZE_BYTES_MAX = 64 * 1024;

type Options = VerbInput['options'];

export function readLogFile(file: string, place: string): Promise<string> {
  return readTextFile(file, place, FILE_SIZE_BYTES_MAX);
}

function publishedIn(folder: string): ReadPublished {
  return async (path) => {
    const file = join(folder, path);
    return existsSync(file) ? await readFileAtMost(file, 'log', FILE_SIZE_BYTES_MAX) : null;
  };
}

/**
 * How a later tree is proved to extend an earlier one: by the lines of the file that `--proof`
 * names, or by the tiles of `--log`. Without either nothing is proved.
 */
export function growthOf(options: Options): KnownCheckpoint['growth'] {
  const { proof, log } = options;
  return async (fromSize, toSize) => {
    if (typeof proof === 'string') return parseProofLines(await readLogFile(proof, 'proof'));
    if (typeof log !== 'string') return [];
    const { subtrees } = tileTree(publishedIn(log), toSize);
    return await proveConsistency(subtrees, fromSize, toSize);
  };
}

/** The checkpoint that the file of `--checkpoint` has; null without it. */
export async function knownCheckpointOf(options: Options): Promise<KnownCheckpoint | null> {
  const file = options['checkpoint'];
  if (typeof file !== 'string') return null;
  return { note: await readLogFile(file, 'checkpoint'), growth: growthOf(options) };
}

/** The proof that an export carries. LOG_UNPUBLISHED, LOG_INCLUSION_INVALID. */
export async function proofFromLog(folder: string, head: string): Promise<LogProof> {
  const note = await readLogFile(join(folder, 'checkpoint'), 'log');
  const { size } = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
  return await proveRecord(note, tileTree(publishedIn(folder), size), head);
}
