// Strict reading of a venue's own rows. Every field we rely on is there in the form we know, or the
// whole answer is refused (VENUE_UNEXPECTED_SHAPE with our name of the field): a missing number is
// never zero. All input is untrusted.

import { RecordError } from '@track-record/errors';
import { formatDecimal, parseDecimal, powerOfTen, sign, type Decimal } from '@track-record/ledger';

export type Row = Readonly<Record<string, unknown>>;

/** Where something stands in an answer: a dotted path, or how to find it where names vary. */
export type Path = string | ((answer: unknown) => unknown);

/** Longer than any id, name or number a venue writes. */
const TEXT_LENGTH_MAX = 128;
/** 2009 and 2100 in milliseconds: a time in seconds or microseconds falls outside. */
const INSTANT_MIN = 1_230_768_000_000;
const INSTANT_MAX = 4_102_444_800_000;
/** With an exponent that an amount can have. */
const EXPONENTIAL = /^(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)[eE]([-+]?[0-9]{1,2})$/;

/**
 * A number that a double may not hold as written, or text that looks so: it stands where a value
 * may.
 */
const PERHAPS_INEXACT = /(?:^|[:,[])\s*-?(?:\d{16}|\d+[.eE]|(?<=-)0)/;

/**
 * JSON whose numbers keep their digits: what a double cannot hold as written stays the source text.
 */
export function parseLosslessJson(text: string): unknown {
  try {
    if (!PERHAPS_INEXACT.test(text)) return JSON.parse(text);
    return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
      if (typeof value !== 'number' || context?.source === undefined) return value;
      return Number.isSafeInteger(value) && String(value) === context.source
        ? value
        : plainOf(context.source);
    });
  } catch (error) {
    if (Error.isError(error) && error.name === 'SyntaxError') return undefined;
    throw error;
  }
}

/** `1.3e-7` as its digits. */
function plainOf(source: string): string {
  const [, digits, exponent] = EXPONENTIAL.exec(source) ?? [];
  if (digits === undefined) return source;
  const { mantissa, scale } = parseDecimal(digits);
  const places = scale - Number(exponent);
  if (places >= 0) return formatDecimal({ mantissa, scale: places });
  return formatDecimal({ mantissa: mantissa * powerOfTen(-places), scale: 0 });
}

export function parseRow(value: unknown, place: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw shape(place);
  return value as Row;
}

export function parseRows(value: unknown, place: string): readonly Row[] {
  if (!Array.isArray(value)) throw shape(place);
  return value.map((row) => parseRow(row, place));
}

/** What stands at a dotted path, such as `data.0.details`; the empty path is the answer itself. */
export function valueAt(answer: unknown, path: Path): unknown {
  if (typeof path === 'function') return path(answer);
  let value = answer;
  for (const name of path === '' ? [] : path.split('.')) {
    value = value instanceof Object ? Reflect.get(value, name) : undefined;
  }
  return value;
}

/** The rows at a path. An empty list may be left out; the answer then says so by its total. */
export function rowsAt(answer: unknown, path: Path): readonly Row[] {
  const rows = valueAt(answer, path);
  return rows === undefined && valueAt(answer, 'total') === 0
    ? []
    : parseRows(rows, typeof path === 'string' ? path : 'rows');
}

/** Candles at a path: the columns of a list are named by their numbers. */
export function candlesAt(answer: unknown, path: Path): readonly Row[] {
  const candles = valueAt(answer, path);
  if (!Array.isArray(candles)) throw shape('candles');
  return candles.map((candle: unknown) =>
    parseRow(Array.isArray(candle) ? Object.fromEntries(candle.entries()) : candle, 'candles'),
  );
}

/** A non-empty text, or an integer as its digits: venues write ids both ways. */
export function parseText(row: Row, field: string): string {
  const value = row[field];
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > TEXT_LENGTH_MAX) throw shape(field);
  return text;
}

/** A signed amount, digits as the venue wrote them. */
export function parseAmount(row: Row, field: string): Decimal {
  const text = parseText(row, field);
  try {
    return parseDecimal(text);
  } catch (error) {
    if (error instanceof RecordError) throw shape(field);
    throw error;
  }
}

/** An amount that cannot be below zero. */
export function parseSize(row: Row, field: string): Decimal {
  const amount = parseAmount(row, field);
  if (sign(amount) < 0) throw shape(field);
  return amount;
}

export function parseId(row: Row, field: string): bigint {
  const text = parseText(row, field);
  if (!/^[0-9]+$/.test(text)) throw shape(field);
  return BigInt(text);
}

export function parseFlag(row: Row, field: string): boolean {
  const value = row[field];
  if (typeof value !== 'boolean') throw shape(field);
  return value;
}

/** Integer milliseconds UTC, as a number or as its digits. */
export function parseInstant(row: Row, field: string): number {
  const value = row[field];
  const isText = typeof value === 'string' && /^[0-9]{13}$/.test(value);
  return checkInstant(isText ? Number(value) : value, field);
}

/** `2019-10-12 11:12:02`, which the venue documents as UTC. */
export function parseUtcText(row: Row, field: string): number {
  const text = parseText(row, field);
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) throw shape(field);
  return checkInstant(Date.parse(`${text.replace(' ', 'T')}Z`), field);
}

/** `2024-01-31T08:00:00.000Z`, with any number of digits of the second. */
export function parseIso(row: Row, field: string): number {
  const text = parseText(row, field);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) throw shape(field);
  return checkInstant(Date.parse(text), field);
}

export function shape(place: string): RecordError {
  return new RecordError('VENUE_UNEXPECTED_SHAPE', { place });
}

function checkInstant(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw shape(field);
  if (value < INSTANT_MIN || value > INSTANT_MAX) throw shape(field);
  return value;
}
