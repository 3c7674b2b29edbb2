// The text of a checkpoint (C2SP tlog-checkpoint v1.0), and the log that signs it: origin, tree
// size and root. A note to read is untrusted.

import { RecordError } from '@track-record/errors';
import { importSeed, keyIdOf } from '../signing-key.ts';
import { toBase64 } from '../text-bytes.ts';
import { noteKey, signNote, utf8 } from './note-key.ts';
import type { TreeHash } from './tree-hash.ts';

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
  /** What a note of this log says, its root in base64. LOG_SIGNATURE_INVALID for any other note. */
  readonly read: (note: string) => Promise<{ readonly size: number; readonly root: string }>;
}

/** Its origin is made of its key, so that two records never keep a log under one name. */
export async function logSignerFromSeed(seed: Uint8Array): Promise<LogSigner> {
  const { publicKey, sign } = await importSeed(seed);
  const origin = `track-record/${await keyIdOf(publicKey)}`;
  return {
    publicKey,
    sign: (size, root) => signCheckpoint({ origin, size, root }, publicKey, sign),
    read: async (note) => {
      const text = note.slice(0, note.indexOf('\n\n') + 1);
      // Ed25519 signs one text in one way (RFC 8032, 5.1.6): what is ours can be made again. The
      // signatures of witnesses may follow.
      const ours = await signText(text, origin, publicKey, sign);
      if (!note.startsWith(ours)) throw new RecordError('LOG_SIGNATURE_INVALID');
      const [, size, root = ''] = text.split('\n');
      return { size: Number(size), root };
    },
  };
}

type Sign = (message: Uint8Array) => Promise<Uint8Array>;

/** A signed note. `sign` signs as the log of that name with `publicKey`. */
export function signCheckpoint(
  { origin, size, root }: Checkpoint,
  publicKey: Uint8Array,
  sign: Sign,
): Promise<string> {
  return signText(`${origin}\n${size}\n${toBase64(root)}\n`, origin, publicKey, sign);
}

async function signText(
  text: string,
  origin: string,
  publicKey: Uint8Array,
  sign: Sign,
): Promise<string> {
  const key = await noteKey('log', origin, publicKey);
  return `${text}\n${await signNote(utf8(text), key, sign)}`;
}
