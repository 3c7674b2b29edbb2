// What an export carries to show that its record is in a public log: a checkpoint and one inclusion
// proof, that of the last statement. One is enough for a year of hours, because every statement
// names the hash of the one before it: to change an earlier hour is to change the last hash. The
// leaf is the hash of the statement, 32 bytes. Everything in the file is untrusted; the policy is
// the verifier's own.

import { RecordError } from '@track-record/errors';
import { isPlainObject } from '../canonical-json.ts';
import { fromHex, toBase64 } from '../text-bytes.ts';
import {
  checkExtends,
  parseProofLines,
  parseTreeHash,
  verifyCheckpoint,
  type LogPolicy,
  type VerifiedCheckpoint,
} from './checkpoint.ts';
import { noteKey } from './note-key.ts';
import { parseNoteKey } from './note.ts';
import { hashLeaf, type TreeHash } from './tree-hash.ts';
import { proveInclusion, verifyInclusion, type LogTree } from './tree.ts';

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

/** A checkpoint saved earlier: a log that shows less now has been rolled back. */
export interface KnownCheckpoint {
  /** The whole signed note. */
  readonly note: string;
  /** What proves that a larger tree extends it: from `fromSize` leaves to `toSize`. */
  readonly growth: (fromSize: number, toSize: number) => Promise<readonly TreeHash[]>;
}

/** What a verifier knows of the log before it opens a file. */
export interface LogTrust extends LogPolicy {
  readonly known: KnownCheckpoint | null;
}

/** The proof for a record whose last statement is `head`, hex. LOG_* where the tree lacks it. */
export async function proveRecord(
  checkpoint: string,
  { subtrees, size, indexOf }: LogTree,
  head: string,
): Promise<LogProof> {
  const index = await indexOf(await hashLeaf(fromHex(head)));
  const inclusion = await proveInclusion(subtrees, index, size);
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

/** That the record's last statement is in the log. LOG_MALFORMED, LOG_INCLUSION_INVALID. */
export async function verifyLogProof(
  { index, inclusion }: LogProof,
  head: string,
  checkpoint: VerifiedCheckpoint,
): Promise<void> {
  const leaf = await hashLeaf(fromHex(head));
  await verifyInclusion(checkpoint, index, leaf, inclusion.map(parseTreeHash));
}

/**
 * That the log holds everything it held at a checkpoint known before. LOG_ROLLED_BACK,
 * LOG_SPLIT_VIEW, LOG_INCONSISTENT; the known note must be of the same log.
 */
export async function checkHistory(
  { note, growth }: KnownCheckpoint,
  checkpoint: VerifiedCheckpoint,
  { key }: LogPolicy,
): Promise<void> {
  // It needed its witnesses when it was saved: nobody else has handed it over.
  const known = await verifyCheckpoint(note, { key, witnesses: [], witnessesMin: 0 });
  const grew = known.size > 0 && known.size < checkpoint.size;
  const proof = grew ? await growth(known.size, checkpoint.size) : [];
  await checkExtends(known, checkpoint, proof);
}

/** The log whose key the evidence names, under the name that the checkpoint has. LOG_MALFORMED. */
export async function boundLogTrust(
  { checkpoint }: LogProof,
  publicKey: Uint8Array,
): Promise<LogPolicy> {
  const [origin = ''] = checkpoint.split('\n', 1);
  return { key: await noteKey('log', origin, publicKey), witnesses: [], witnessesMin: 0 };
}

/**
 * `{key, witnesses?, witnessesMin?, known?, growth?}`: keys as notes write them, `known` a whole
 * note, `growth` the lines of the proof from there. LOG_MALFORMED.
 */
export async function parseLogTrust(json: unknown): Promise<LogTrust> {
  if (!isPlainObject(json)) malformed('policy.log');
  const { key, witnesses = [], witnessesMin = 0, known = null, growth = '', ...unknown } = json;
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
  const proof = parseProofLines(parseText(growth));
  if (known !== null) await verifyCheckpoint(parseText(known), policy);
  return {
    ...policy,
    known: known === null ? null : { note: parseText(known), growth: async () => proof },
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
