// Signed notes (C2SP signed-note v1.0): a text and signatures over it, each line naming its key.
// Witnesses sign with the time (C2SP tlog-cosignature, `cosignature/v1`). Signatures of unknown
// keys are ignored, as the format demands; one of a known key that fails refuses the whole note.
// Notes are untrusted; keys come from the verifier's own policy.

import { RecordError } from '@track-record/errors';
import { toBase64, toHex } from '../text-bytes.ts';
import { fromBase64 } from './base64.ts';
import {
  CONTROL,
  isKeyName,
  KEY_ID_SIZE_BYTES,
  keyTypes,
  noteKey,
  signNote,
  utf8,
  type NoteKey,
} from './note-key.ts';

/** A checkpoint with a hundred witnesses has 20 KiB; work on more is refused before it begins. */
const NOTE_LENGTH_MAX = 64 * 1024;
/** The format demands at least 16. */
const SIGNATURES_MAX = 128;
/** The end of the year 9999: beyond it a witness's clock is broken, and no date can be written. */
const TIME_MAX = 253_402_300_799n;

const TIME_SIZE_BYTES = 8;
const SIGNATURE_LINE = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/u;
const KEY_TEXT = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,64})$/u;

/** Whose signature over the note holds, and for a witness when it was made: Unix seconds. */
export interface NoteSignature {
  readonly key: NoteKey;
  readonly time: number | null;
}

/** A note of the right form. Nothing in it is verified. */
interface UnverifiedNote {
  readonly text: string;
  readonly signatures: readonly UnverifiedSignature[];
}

interface UnverifiedSignature {
  readonly name: string;
  readonly keyId: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function formatNoteKey({ kind, name, keyId, publicKey }: NoteKey): string {
  return `${name}+${keyId}+${toBase64(Uint8Array.of(keyTypes[kind], ...publicKey))}`;
}

/** `name+id+base64(type, public key)`. LOG_MALFORMED, also when the id is not that of the key. */
export async function parseNoteKey(text: string): Promise<NoteKey> {
  const [, name = '', keyId, encoded = ''] = KEY_TEXT.exec(text) ?? malformed('key');
  const [type, ...publicKey] = fromBase64(encoded);
  const kind = type === keyTypes.log ? 'log' : 'witness';
  if (type !== keyTypes[kind]) malformed('key');
  const key = await noteKey(kind, name, Uint8Array.from(publicKey));
  return key.keyId === keyId ? key : malformed('key');
}

/**
 * One signature line with its line break. `time` in Unix seconds for a witness, null for a log.
 */
export function signNoteText(
  text: string,
  key: NoteKey,
  time: number | null,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const stamp = time === null ? [] : timeBytes(time);
  return signNote(messageOf(text, time), key, sign, stamp);
}

/**
 * The text of the note and which of the keys signed it. LOG_MALFORMED; LOG_SIGNATURE_INVALID when
 * no log key signed it or a known key's signature fails.
 */
export async function verifyNote(
  note: string,
  keys: readonly NoteKey[],
): Promise<{ readonly text: string; readonly signatures: readonly NoteSignature[] }> {
  const { text, signatures } = parseNote(note);
  const verified = new Map<NoteKey, NoteSignature>();
  for (const { name, keyId, bytes } of signatures) {
    const key = keys.find((each) => each.name === name && each.keyId === keyId);
    // A second line of the same key says nothing new: a quorum counts keys, not lines.
    if (key !== undefined && !verified.has(key)) {
      verified.set(key, await verifySignature(text, key, bytes));
    }
  }
  const found = [...verified.values()];
  if (!found.some(({ key }) => key.kind === 'log')) {
    throw new RecordError('LOG_SIGNATURE_INVALID');
  }
  return { text, signatures: found };
}

async function verifySignature(
  text: string,
  key: NoteKey,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<NoteSignature> {
  const isWitness = key.kind === 'witness';
  const time = isWitness ? readTime(bytes) : null;
  const signature = isWitness ? bytes.subarray(TIME_SIZE_BYTES) : bytes;
  let valid = false;
  try {
    const imported = await crypto.subtle.importKey('raw', key.publicKey, 'Ed25519', false, [
      'verify',
    ]);
    valid = await crypto.subtle.verify('Ed25519', imported, signature, messageOf(text, time));
  } catch (cause) {
    throw new RecordError('LOG_SIGNATURE_INVALID', { cause });
  }
  if (!valid) throw new RecordError('LOG_SIGNATURE_INVALID');
  return { key, time };
}

function parseNote(note: string): UnverifiedNote {
  if (note.length > NOTE_LENGTH_MAX || !note.isWellFormed() || CONTROL.test(note)) {
    malformed('note');
  }
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) malformed('note');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) malformed('note');
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): UnverifiedSignature {
  const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(line) ?? malformed('note');
  const bytes = fromBase64(encoded);
  if (!isKeyName(name) || bytes.length <= KEY_ID_SIZE_BYTES) malformed('note');
  return {
    name,
    keyId: toHex(bytes.subarray(0, KEY_ID_SIZE_BYTES)),
    bytes: bytes.subarray(KEY_ID_SIZE_BYTES),
  };
}

/** A witness signs the time it looked, so that an old view cannot be passed off as a new one. */
function messageOf(text: string, time: number | null): Uint8Array<ArrayBuffer> {
  return utf8(time === null ? text : `cosignature/v1\ntime ${time}\n${text}`);
}

function readTime(bytes: Uint8Array<ArrayBuffer>): number {
  if (bytes.length <= TIME_SIZE_BYTES) throw new RecordError('LOG_SIGNATURE_INVALID');
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (time > TIME_MAX) throw new RecordError('LOG_SIGNATURE_INVALID');
  return Number(time);
}

function timeBytes(time: number): Uint8Array {
  const bytes = new Uint8Array(TIME_SIZE_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time));
  return bytes;
}

function malformed(place: string): never {
  throw new RecordError('LOG_MALFORMED', { place });
}
