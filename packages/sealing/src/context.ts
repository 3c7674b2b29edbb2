// The context that a sealed value is bound to, as bytes: named parts, each name and value prefixed
// with its length. Without the lengths, account "a" field "bc" and account "ab" field "c" would be
// one context, and a ciphertext could be moved between them (field-lessons, c788559: delimiter
// injection).

import { RecordError } from '@track-record/errors';

/** Every part is an id or one of our own words; a longer one is no id (bytes of UTF-8). */
const PART_SIZE_BYTES_MAX = 512;

export type ContextPart = readonly [name: string, value: string];

/** For each part: u32 length, name, u32 length, value; big-endian. ENVELOPE_MALFORMED. */
export function contextBytes(parts: readonly ContextPart[]): Uint8Array {
  return lengthPrefixed(parts.flatMap(([name, value]) => [partBytes(name), partBytes(value)]));
}

/** For each field: u32 length, bytes; big-endian. */
export function lengthPrefixed(fields: readonly Uint8Array[]): Uint8Array {
  const size = fields.reduce((sum, field) => sum + 4 + field.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const field of fields) {
    view.setUint32(offset, field.length);
    bytes.set(field, offset + 4);
    offset += 4 + field.length;
  }
  return bytes;
}

/** Unpaired surrogates have no UTF-8 form: the encoder would give many the same bytes. */
function partBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (!text.isWellFormed() || bytes.length > PART_SIZE_BYTES_MAX) {
    throw new RecordError('ENVELOPE_MALFORMED');
  }
  return bytes;
}
