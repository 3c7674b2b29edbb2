// Bytes as text and back, one spelling each, without node: imports.

import { RecordError } from '@track-record/errors';

/** A statement has at most 16 KiB; longer text is refused before any pattern runs over it. */
const TEXT_LENGTH_MAX = 22 * 1024;

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

export function toBase64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** RFC 4648, section 5, without padding. STATEMENT_MALFORMED. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > TEXT_LENGTH_MAX || text.length % 4 === 1 || !/^[A-Za-z0-9_-]*$/.test(text)) {
    throw new RecordError('STATEMENT_MALFORMED');
  }
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  const binary = atob(base64);
  // The last digit may have unused bits: another spelling of the same bytes is refused.
  if (btoa(binary).replaceAll('=', '') !== base64) throw new RecordError('STATEMENT_MALFORMED');
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
