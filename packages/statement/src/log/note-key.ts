// Keys of signed notes (C2SP signed-note v1.0) and signatures by them. Two kinds are known: Ed25519
// (type 0x01), which a log signs with, and the timestamped witness cosignature (type 0x04).
// Witnesses and reading notes are note.ts.

import { RecordError } from '@track-record/errors';
import { toBase64, toHex } from '../text-bytes.ts';

const PUBLIC_KEY_SIZE_BYTES = 32;
export const KEY_ID_SIZE_BYTES = 4;

/** The byte that a key begins with; it is hashed into the key id. */
export const keyTypes = { log: 0x01, witness: 0x04 } as const;
export type NoteKeyKind = keyof typeof keyTypes;

/** No line break, no other ASCII control character. */
export const CONTROL = /[\u0000-\u0009\u000b-\u001f]/; // eslint-disable-line no-control-regex
const KEY_NAME = /^[^\p{White_Space}+]+$/u;

export interface NoteKey {
  readonly kind: NoteKeyKind;
  readonly name: string;
  /** 8 hex digits. */
  readonly keyId: string;
  /** 32 bytes, raw Ed25519. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** The key under this name. LOG_MALFORMED for a name or key of another form. */
export async function noteKey(
  kind: NoteKeyKind,
  name: string,
  publicKey: Uint8Array,
): Promise<NoteKey> {
  if (!isKeyName(name) || publicKey.length !== PUBLIC_KEY_SIZE_BYTES) {
    throw new RecordError('LOG_MALFORMED', { place: 'key' });
  }
  const named = Uint8Array.of(...utf8(`${name}\n`), keyTypes[kind], ...publicKey);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', named));
  const keyId = toHex(digest.subarray(0, KEY_ID_SIZE_BYTES));
  return { kind, name, keyId, publicKey: Uint8Array.from(publicKey) };
}

/** One signature line with its line break; `stamp` is what a witness puts before its signature. */
export async function signNote(
  message: Uint8Array,
  { keyId, name }: NoteKey,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
  stamp: Iterable<number> = [],
): Promise<string> {
  const id = Uint8Array.from(keyId.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return `\u2014 ${name} ${toBase64(Uint8Array.of(...id, ...stamp, ...(await sign(message))))}\n`;
}

export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name) && name.isWellFormed() && !CONTROL.test(name);
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
