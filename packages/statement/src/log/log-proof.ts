// What an export carries to show that its record is in a public log: a checkpoint and one inclusion
// proof, that of the last statement. One is enough for a year of hours, because every statement
// names the hash of the one before it: to change an earlier hour is to change the last hash. The
// leaf is the hash of the statement, 32 bytes. Everything in the file is untrusted; the policy is
// the verifier's own.

import { RecordError } from '@track-record/errors';
import { isPlainObject } from '../canonical-json.ts';
import { fromHex } from '../text-bytes.ts';
import { toBase64 } from './base64.ts';
import {
  checkExtends,
  verifyCheckpoint,
  type LogPolicy,
  type VerifiedCheckpoint,
} from './checkpoint.ts';
import { parseTreeHash } from './checkpoint-note.ts';
import { parseNoteKey } from './note.ts';
import { hashLeaf, type TreeHash } from './tree-hash.ts';
import { proveInclusion, subtreesOf, verifyInclusion } from './tree.ts';

/** A path in a tree of 2^53 leaves. */
const PROOF_LENGTH_MAX = 53;
/** More keys than there are public witnesses. */
const WITNESSES_MAX = 64;

/** The `log` member of an export. */
export interface LogProof {
  /** The whole signed note. */
  readonly checkpoint: string;
  /** Where the last statement's hash stands in the log, from 0. */
  readonly index: number;
  /** RFC 6962 audit path, leaf upwards, base64. */
  readonly inclusion: readonly string[];
}

/** What a verifier knows of the log before it opens a file. */
export interface LogTrust extends LogPolicy {
  /** A checkpoint saved earlier: a log that shows less now has been rolled back. */
  readonly known: VerifiedCheckpoint | null;
}

/** `statements` are the hashes (hex) of everything in the log, in its order. LOG_MALFORMED. */
export async function proveRecord(
  checkpoint: string,
  statements: readonly string[],
  head: string,
): Promise<LogProof> {
  const leaves = await Promise.all(statements.map((hash) => hashLeaf(fromHex(hash))));
  const index = statements.indexOf(head);
  const inclusion = await proveInclusion(subtreesOf(leaves), index, leaves.length);
  return { checkpoint, index, inclusion: inclusion.map(toBase64) };
}

/** LOG_MALFORMED for anything but the three members in their form. */
export function parseLogProof(json: unknown): LogProof {
  if (!isPlainObject(json) || Object.keys(json).length !== 3) malformed('log');
  const { checkpoint, index, inclusion } = json;
  if (typeof checkpoint !== 'string') malformed('log.checkpoint');
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
    malformed('log.index');
  if (!Array.isArray(inclusion) || inclusion.length > PROOF_LENGTH_MAX) malformed('log.inclusion');
  return { checkpoint, index, inclusion: inclusion.map(parseText) };
}

/**
 * That the record's last statement is in the log this verifier trusts, and that the log has not
 * shrunk or forked since it last looked. LOG_*; a log that has grown since is not compared: that
 * takes a consistency proof, which `track-record log check` reads.
 */
export async function verifyLogProof(
  proof: LogProof,
  head: string,
  trust: LogTrust,
): Promise<VerifiedCheckpoint> {
  const checkpoint = await verifyCheckpoint(proof.checkpoint, trust);
  if (trust.known !== null && checkpoint.size <= trust.known.size) {
    await checkExtends(trust.known, checkpoint, []);
  }
  const leaf = await hashLeaf(fromHex(head));
  const path: readonly TreeHash[] = proof.inclusion.map(parseTreeHash);
  await verifyInclusion(checkpoint, proof.index, leaf, path);
  return checkpoint;
}

/**
 * `{key, witnesses?, witnessesMin?, known?}`: keys as notes write them, `known` a whole note.
 * LOG_MALFORMED, LOG_SIGNATURE_INVALID, LOG_COSIGNATURE_MISSING.
 */
export async function parseLogTrust(json: unknown): Promise<LogTrust> {
  if (!isPlainObject(json)) malformed('policy.log');
  const { key, witnesses = [], witnessesMin = 0, known = null, ...unknown } = json;
  if (Object.keys(unknown).length > 0) malformed('policy.log');
  if (!Array.isArray(witnesses) || witnesses.length > WITNESSES_MAX) malformed('policy.log');
  const policy: LogPolicy = {
    key: await parseNoteKey(parseText(key)),
    witnesses: await Promise.all(witnesses.map((each) => parseNoteKey(parseText(each)))),
    witnessesMin: parseQuorum(witnessesMin, witnesses.length),
  };
  const kinds = policy.witnesses.map(({ kind }) => kind);
  const keys = [policy.key, ...policy.witnesses].map(({ publicKey }) => toBase64(publicKey));
  // The same witness under two names would be a quorum of one, and a log is no witness of itself.
  const isDistinct = new Set(keys).size === keys.length;
  if (policy.key.kind !== 'log' || kinds.includes('log') || !isDistinct) {
    malformed('policy.log');
  }
  return {
    ...policy,
    known: known === null ? null : await verifyCheckpoint(parseText(known), policy),
  };
}

/** A quorum that cannot be met is a mistake, not a strict policy. */
function parseQuorum(value: unknown, witnesses: number): number {
  const possible = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  return possible && value <= witnesses ? value : malformed('policy.log');
}

function parseText(value: unknown): string {
  return typeof value === 'string' ? value : malformed('log');
}

function malformed(place: string): never {
  throw new RecordError('LOG_MALFORMED', { place });
}
