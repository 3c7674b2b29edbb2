// Keys of signed notes (C2SP signed-note v1.0) and signatures by them. Two kinds are known: Ed25519
// (type 0x01), which a log signs with, and the timestamped witness cosignature (type 0x04, C2SP
// tlog-cosignature, `cosignature/v1`). Reading notes is note.ts.

import { RecordError } from '@track-record/errors';
import { toHex } from '../text-bytes.ts';
import { toBase64 } from './base64.ts';

const PUBLIC_KEY_SIZE_BYTES = 32;
export const KEY_ID_SIZE_BYTES = 4;
export const TIME_SIZE_BYTES = 8;

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

export function formatNoteKey({ kind, name, keyId, publicKey }: NoteKey): string {
  return `${name}+${keyId}+${toBase64(Uint8Array.of(keyTypes[kind], ...publicKey))}`;
}

/**
 * One signature line with its line break. `time` in Unix seconds for a witness, null for a log.
 */
export async function signNoteText(
  text: string,
  key: NoteKey,
  time: number | null,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const stamp = time === null ? new Uint8Array() : timeBytes(time);
  const signature = await sign(messageOf(text, time));
  const id = Uint8Array.from(key.keyId.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return `\u2014 ${key.name} ${toBase64(Uint8Array.of(...id, ...stamp, ...signature))}\n`;
}

/** A witness signs the time it looked, so that an old view cannot be passed off as a new one. */
export function messageOf(text: string, time: number | null): Uint8Array<ArrayBuffer> {
  return utf8(time === null ? text : `cosignature/v1\ntime ${time}\n${text}`);
}

function timeBytes(time: number): Uint8Array {
  const bytes = new Uint8Array(TIME_SIZE_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time));
  return bytes;
}

export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name) && name.isWellFormed() && !CONTROL.test(name);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
