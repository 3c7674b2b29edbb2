// The text of a checkpoint (C2SP tlog-checkpoint v1.0), and the log that signs it: origin, tree
// size and root. A text to parse is untrusted.

import { RecordError } from '@track-record/errors';
import { importSeed, keyIdOf } from '../signing-key.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { noteKey, signNoteText } from './note-key.ts';
import type { TreeHash } from './tree-hash.ts';

export const HASH_SIZE_BYTES = 32;
/** One spelling of a count that a number holds exactly. */
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const ROOT_LENGTH = 44;

export interface Checkpoint {
  /** The log's name; our logs sign under it. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: TreeHash;
}

/** The enclave's own log. */
export interface LogSigner {
  /** 32 bytes, raw. */
  readonly publicKey: Uint8Array;
  /** A signed note over a tree of this size. */
  readonly sign: (size: number, root: TreeHash) => Promise<string>;
  /** What a note of this log says. LOG_SIGNATURE_INVALID for any other note, LOG_MALFORMED. */
  readonly read: (note: string) => Promise<Checkpoint>;
}

/** Its origin is made of its key, so that two records never keep a log under one name. */
export async function logSignerFromSeed(seed: Uint8Array): Promise<LogSigner> {
  const { publicKey, sign } = await importSeed(seed);
  const origin = `track-record/${await keyIdOf(publicKey)}`;
  const signed = (size: number, root: TreeHash): Promise<string> =>
    signCheckpoint({ origin, size, root }, publicKey, sign);
  return {
    publicKey,
    sign: signed,
    read: async (note) => {
      const checkpoint = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
      // Ed25519 signs one text in one way (RFC 8032, 5.1.6): what is ours can be made again. The
      // signatures of witnesses may follow.
      const ours = await signed(checkpoint.size, checkpoint.root);
      if (!note.startsWith(ours)) throw new RecordError('LOG_SIGNATURE_INVALID');
      return checkpoint;
    },
  };
}

/** A signed note. `sign` signs as the log of that name with `publicKey`. */
export async function signCheckpoint(
  checkpoint: Checkpoint,
  publicKey: Uint8Array,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const text = formatCheckpoint(checkpoint);
  const key = await noteKey('log', checkpoint.origin, publicKey);
  return `${text}\n${await signNoteText(text, key, null, sign)}`;
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

function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

function malformed(): never {
  throw new RecordError('LOG_MALFORMED');
}
