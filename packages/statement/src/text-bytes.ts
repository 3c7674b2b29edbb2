// Bytes as text and back, one spelling each, without node: imports.

import { RecordError } from '@track-record/errors';

/** A statement has at most 16 KiB; longer text is refused before any pattern runs over it. */
const TEXT_LENGTH_MAX = 22 * 1024;
/** The unused bits of the last digit are zero: another spelling of the same bytes is refused. */
const BASE64_URL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

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
  if (text.length > TEXT_LENGTH_MAX || !BASE64_URL.test(text)) {
    throw new RecordError('STATEMENT_MALFORMED');
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
