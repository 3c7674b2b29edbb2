// Deterministic bytes for statements: RFC 8785 (JCS) restricted to what a statement needs. Objects
// with ASCII keys, arrays, well-formed strings, booleans, null and safe integers; everything else
// is refused, so that number formatting and key collation, where implementations of the RFC differ,
// never come up. Bytes to parse are untrusted. Why this encoding:
// docs/decisions/0003-statement-encoding.md.

import { RecordError } from '@track-record/errors';

/** A statement is under 1 KiB; a bound on the work that one hostile input can cause. */
const SIZE_BYTES_MAX = 16 * 1024;
/** A statement nests two levels; recursion stays shallow. */
const DEPTH_MAX = 8;
const ASCII_KEY = /^[\x20-\x7e]+$/;

export interface CanonicalObject {
  readonly [key: string]: CanonicalValue;
}
export type CanonicalValue =
  | null
  | boolean
  | number
  | string
  | readonly CanonicalValue[]
  | CanonicalObject;

/** UTF-8 bytes, one spelling per value. STATEMENT_MALFORMED for a value outside the profile. */
export function encodeCanonical(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(encodeValue(value, 0));
}

/**
 * The value, only if encoding it gives the same bytes again: that refuses duplicate keys, white
 * space, unsorted keys, other escapes, fractions and exponents in one comparison.
 * STATEMENT_MALFORMED.
 */
export function parseCanonical(bytes: Uint8Array): CanonicalValue {
  if (bytes.length > SIZE_BYTES_MAX) throw new RecordError('STATEMENT_MALFORMED');
  let text: string;
  let value: unknown;
  try {
    // Fatal: bytes that are no UTF-8 are refused, so that equal texts are equal bytes.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordError('STATEMENT_MALFORMED', { cause });
  }
  if (encodeValue(value, 0) !== text) throw new RecordError('STATEMENT_MALFORMED');
  return value as CanonicalValue;
}

function encodeValue(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) throw new RecordError('STATEMENT_MALFORMED');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string' && value.isWellFormed()) return JSON.stringify(value);
  // Object.is: -0 would be written as 0 and come back as another value.
  if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) {
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((each) => encodeValue(each, depth + 1)).join(',')}]`;
  }
  if (!isPlainObject(value)) throw new RecordError('STATEMENT_MALFORMED');
  // For ASCII keys the default sort is the order of RFC 8785, 3.2.3 (UTF-16 code units).
  const members = Object.keys(value).toSorted();
  if (!members.every((key) => ASCII_KEY.test(key))) throw new RecordError('STATEMENT_MALFORMED');
  const texts = members.map(
    (key) => `${JSON.stringify(key)}:${encodeValue(value[key], depth + 1)}`,
  );
  return `{${texts.join(',')}}`;
}

/** Not a Date, Map or any other class, whose own keys do not say what it is. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
