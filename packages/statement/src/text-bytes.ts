// Bytes as text and back, one spelling each, without node: imports.

import { RecordError } from '@track-record/errors';

/** A statement has at most 16 KiB; longer text is refused before any pattern runs over it. */
const TEXT_LENGTH_MAX = 22 * 1024;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** By character code: what a digit is worth; 64 for what is none. */
const VALUES = Uint8Array.from({ length: 128 }, (_each, code) => {
  const value = DIGITS.indexOf(String.fromCharCode(code));
  return value < 0 ? 64 : value;
});

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Lower-case hex only. STATEMENT_MALFORMED. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > TEXT_LENGTH_MAX || !/^(?:[0-9a-f]{2})*$/.test(text)) {
    throw new RecordError('STATEMENT_MALFORMED');
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** RFC 4648, section 4. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** RFC 4648, section 5, without padding. STATEMENT_MALFORMED. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > TEXT_LENGTH_MAX) throw new RecordError('STATEMENT_MALFORMED');
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let wrong = 0;
  for (let at = 0, to = 0; at < text.length; at += 1) {
    const value = VALUES[text.charCodeAt(at)] ?? 64;
    wrong |= value & 64;
    bits = ((bits << 6) | value) & 0xfff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[to] = bits >> held;
    to += 1;
  }
  // Six bits left are no byte, and unused bits are zero: another spelling of the same bytes.
  if (wrong !== 0 || held === 6 || (bits & ((1 << held) - 1)) !== 0) {
    throw new RecordError('STATEMENT_MALFORMED');
  }
  return bytes;
}
