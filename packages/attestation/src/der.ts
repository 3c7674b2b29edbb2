// Reads ASN.1 DER (X.690) strictly: definite lengths in their shortest form, one-byte tags, nothing
// behind the end. The input is untrusted; its size is bounded by the caller, and nothing here
// recurses.

import type { Bytes } from './bytes.ts';
import { refusal } from './refusal.ts';
import { hex } from './hex.ts';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag numbers from 31 on take further bytes; certificates have none. */
const TAG_NUMBER_LONG = 0x1f;

export interface DerValue {
  readonly tag: number;
  readonly content: Bytes;
  /** Tag, length and content: what a signature covers. */
  readonly bytes: Bytes;
}

/** The one value that the bytes are; anything behind it is refused. */
export function readDer(bytes: Bytes): DerValue {
  const value = readAt(bytes, 0);
  if (value.bytes.length !== bytes.length) throw notDer();
  return value;
}

/** The content of a value that must be there and have this tag. */
export function contentOf(value: DerValue | undefined, tag: number): Bytes {
  if (value === undefined || value.tag !== tag) throw notDer();
  return value.content;
}

/** What a constructed value consists of. */
export function partsOf(
  value: DerValue | undefined,
  tag: number = TAG.sequence,
): readonly DerValue[] {
  const content = contentOf(value, tag);
  const parts: DerValue[] = [];
  for (let offset = 0; offset < content.length;) {
    const part = readAt(content, offset);
    parts.push(part);
    offset += part.bytes.length;
  }
  return parts;
}

/** The big-endian bytes of a non-negative INTEGER, without the sign byte. */
export function unsignedOf(value: DerValue | undefined): Bytes {
  const content = contentOf(value, TAG.integer);
  const [first, second = 0] = content;
  if (first === undefined || first >= 0x80) throw notDer();
  if (first === 0 && content.length > 1 && second < 0x80) throw notDer();
  return first === 0 && content.length > 1 ? content.subarray(1) : content;
}

/** The bytes of a BIT STRING that uses all of its bits. */
export function octetsOfBits(value: DerValue | undefined): Bytes {
  const content = contentOf(value, TAG.bits);
  if (content[0] !== 0) throw notDer();
  return content.subarray(1);
}

/** An OBJECT IDENTIFIER as the hex of its content. */
export function objectIdOf(value: DerValue | undefined): string {
  return hex(contentOf(value, TAG.objectId));
}

/** UTCTime (two-digit years are 1950 to 2049) or GeneralizedTime, to the second, in ms UTC. */
export function timeOf(value: DerValue | undefined): number {
  const isShort = value?.tag === TAG.utcTime;
  const text = textOf(contentOf(value, isShort ? TAG.utcTime : TAG.generalizedTime));
  const digits = isShort ? `${text < '50' ? '20' : '19'}${text}` : text;
  const fields = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (fields === null) throw notDer();
  const [, year, month, day, hour, minute, second] = fields;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const at = Date.parse(iso);
  // The thirty-first of February parses to a day in March.
  if (Number.isNaN(at) || new Date(at).toISOString() !== iso) throw notDer();
  return at;
}

/** Bytes that are no UTF-8 become U+FFFD, which equals none of the names that are looked for. */
export function textOf(content: Bytes): string {
  return new TextDecoder().decode(content);
}

function readAt(bytes: Bytes, offset: number): DerValue {
  const [tag, first] = bytes.subarray(offset, offset + 2);
  if (tag === undefined || first === undefined) throw notDer();
  if ((tag & TAG_NUMBER_LONG) === TAG_NUMBER_LONG) throw notDer();
  const { length, size } = lengthAt(bytes, offset + 1, first);
  const start = offset + 1 + size;
  const end = start + length;
  if (end > bytes.length) throw notDer();
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(offset, end) };
}

/**
 * X.690 10.1: below 128 in one byte; else in as few as hold it. Two are enough for any certificate.
 */
function lengthAt(bytes: Bytes, offset: number, first: number): { length: number; size: number } {
  if (first < 0x80) return { length: first, size: 1 };
  const [, high = 0, low = 0] = bytes.subarray(offset, offset + 3);
  if (first === 0x81 && high >= 0x80) return { length: high, size: 2 };
  if (first === 0x82 && high > 0) return { length: high * 0x100 + low, size: 3 };
  throw notDer();
}

function notDer(): Error {
  return refusal('certificate.encoding');
}
