// A log's checkpoint (C2SP tlog-checkpoint v1.0): origin, tree size and root in a signed note, with
// the cosignatures of witnesses. It fixes every leaf of the log; it does not say that the log shows
// the same checkpoint to everybody: witnesses do, or whoever compares two of them. Checkpoints are
// untrusted; the policy is the verifier's own.

import { RecordError } from '@track-record/errors';
import { toBase64 } from '../text-bytes.ts';
import { fromBase64 } from './base64.ts';
import type { Checkpoint } from './signer.ts';
import type { NoteKey } from './note-key.ts';
import { verifyNote, type NoteSignature } from './note.ts';
import type { TreeHash } from './tree-hash.ts';
import { HASH_SIZE_BYTES, isSame, verifyConsistency } from './tree.ts';

/** One spelling of a count that a number holds exactly. */
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const ROOT_LENGTH = 44;

export interface LogPolicy {
  readonly key: NoteKey;
  readonly witnesses: readonly NoteKey[];
  /** How many of the witnesses must have cosigned. */
  readonly witnessesMin: number;
}

declare const brand: unique symbol;

/** Signed by the policy's log, and by its witnesses; only `verifyCheckpoint` makes one. */
export interface VerifiedCheckpoint extends Checkpoint {
  readonly cosignatures: readonly NoteSignature[];
  readonly [brand]: true;
}

/** LOG_MALFORMED, LOG_SIGNATURE_INVALID, LOG_COSIGNATURE_MISSING. */
export async function verifyCheckpoint(
  note: string,
  { key, witnesses, witnessesMin }: LogPolicy,
): Promise<VerifiedCheckpoint> {
  const { text, signatures } = await verifyNote(note, [key, ...witnesses]);
  const checkpoint = parseCheckpoint(text);
  // One key may serve several logs only under several names; another origin is another log.
  if (checkpoint.origin !== key.name) throw new RecordError('LOG_SIGNATURE_INVALID');
  const cosignatures = signatures.filter((each) => each.key.kind === 'witness');
  if (cosignatures.length < witnessesMin) throw new RecordError('LOG_COSIGNATURE_MISSING');
  return readVerified({ ...checkpoint, cosignatures });
}

/**
 * That the log at the later checkpoint still holds everything it held at the earlier one.
 * LOG_SPLIT_VIEW: two roots of one size, both signed: proof that the log lied to somebody.
 * LOG_ROLLED_BACK: the later one has fewer leaves. LOG_INCONSISTENT: what was published changed.
 */
export async function checkExtends(
  earlier: VerifiedCheckpoint,
  later: VerifiedCheckpoint,
  proof: readonly TreeHash[],
): Promise<void> {
  if (later.size < earlier.size) throw new RecordError('LOG_ROLLED_BACK');
  if (later.size === earlier.size && !isSame(later.root, earlier.root)) {
    throw new RecordError('LOG_SPLIT_VIEW');
  }
  await verifyConsistency(earlier, later, proof);
}

/** One base64 hash per line, as C2SP tlog-witness writes it. LOG_MALFORMED. */
export function parseProofLines(text: string): readonly TreeHash[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) malformed();
  return text.slice(0, -1).split('\n').map(parseTreeHash);
}

export function formatProofLines(proof: readonly TreeHash[]): string {
  return proof.map((hash) => `${toBase64(hash)}\n`).join('');
}

/** LOG_MALFORMED. */
export function parseTreeHash(text: string): TreeHash {
  if (text.length !== ROOT_LENGTH) malformed();
  const hash = fromBase64(text);
  return hash.length === HASH_SIZE_BYTES ? hash : malformed();
}

/** Extension lines are refused: they are opaque, and nobody could say what was signed. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', end, ...rest] = text.split('\n');
  if (origin === '' || !SIZE.test(size) || end !== '' || rest.length > 0) malformed();
  const leaves = Number(size);
  if (!Number.isSafeInteger(leaves)) malformed();
  return { origin, size: leaves, root: parseTreeHash(root) };
}

/** The only place that gives the brand: every check before it passed. */
function readVerified(checked: Omit<VerifiedCheckpoint, typeof brand>): VerifiedCheckpoint {
  return checked as VerifiedCheckpoint;
}

function malformed(): never {
  throw new RecordError('LOG_MALFORMED');
}
