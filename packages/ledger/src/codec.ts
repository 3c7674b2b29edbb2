// The small codecs under every JSON form of this room: each reads a value strictly and writes it
// back. An object has exactly its known fields; anything else is LEDGER_MALFORMED with its place.
// Input is untrusted; a place is made of our own field names and of positions, never of a name from
// the input.

import { RecordError } from '@track-record/errors';
import { type Decimal, formatDecimal, parseDecimal, sign } from './decimal.ts';

const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?Z$/;

/** Longer than any asset, symbol or venue id; a bound on what one name can cost. */
export const NAME_LENGTH_MAX = 256;

export interface Codec<T> {
  readonly parse: (json: unknown, place: string) => T;
  readonly format: (value: T) => unknown;
  /** Gives the value of an absent field; without it the field is required. */
  readonly absent?: () => T | undefined;
}

type FieldCodecs<T> = { readonly [K in keyof T]-?: Codec<Exclude<T[K], undefined>> };

/** An object with exactly these fields, and with the constants that name its format. */
export function record<T extends object>(
  codecs: FieldCodecs<T>,
  constants: Readonly<Record<string, string>> = {},
): Codec<T> {
  const fields: [string, Codec<unknown>][] = Object.entries(codecs);
  const known = new Set([...fields.map(([name]) => name), ...Object.keys(constants)]);
  const parse = (json: unknown, place: string): T => {
    const input = parseObject(json, place);
    for (const name of Object.keys(input)) if (!known.has(name)) throw malformed(place);
    for (const [name, constant] of Object.entries(constants)) {
      if (input[name] !== constant) throw malformed(`${place}.${name}`);
    }
    const value: Record<string, unknown> = {};
    for (const [name, codec] of fields) {
      const item = Object.hasOwn(input, name)
        ? codec.parse(input[name], `${place}.${name}`)
        : absentValue(codec, `${place}.${name}`);
      if (item !== undefined) value[name] = item;
    }
    return value as T;
  };
  const format = (value: T): unknown => {
    const written: [string, unknown][] = Object.entries(constants);
    for (const [name, codec] of fields) {
      const item: unknown = Reflect.get(value, name);
      if (item !== undefined) written.push([name, codec.format(item)]);
    }
    return Object.fromEntries(written);
  };
  return { parse, format };
}

export function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    parse: (json, place) => {
      if (!Array.isArray(json)) throw malformed(place);
      return json.map((item, index) => codec.parse(item, `${place}[${index}]`));
    },
    format: (items) => items.map(codec.format),
  };
}

/** An object used as a map from names to values, read and written in the order of the names. */
export function named<T>(codec: Codec<T>): Codec<ReadonlyMap<string, T>> {
  return {
    parse: (json, place) => {
      const pairs = Object.entries(parseObject(json, place)).sort(byName);
      return new Map(
        pairs.map(([key, value], index) => {
          const at = `${place}[${index}]`;
          return [name.parse(key, at), codec.parse(value, at)];
        }),
      );
    },
    // fromEntries defines own properties, so an asset called __proto__ stays a name.
    format: (map) =>
      Object.fromEntries([...map].sort(byName).map(([key, value]) => [key, codec.format(value)])),
  };
}

export function optional<T>(codec: Codec<T>): Codec<T> {
  return { ...codec, absent: () => undefined };
}

export function byDefault<T>(codec: Codec<T>, value: T): Codec<T> {
  return { ...codec, absent: () => value };
}

export function choice<T extends string>(choices: readonly T[]): Codec<T> {
  return {
    parse: (json, place) => {
      const found = choices.find((candidate) => candidate === json);
      if (found === undefined) throw malformed(place);
      return found;
    },
    format: (value) => value,
  };
}

export const name: Codec<string> = {
  parse: (json, place) => {
    const valid = typeof json === 'string' && json !== '' && json.length <= NAME_LENGTH_MAX;
    if (!valid) throw malformed(place);
    return json;
  },
  format: (value) => value,
};

/** Every digit is kept as it was written. */
export const amount: Codec<Decimal> = {
  parse: (json, place) => {
    if (typeof json !== 'string') throw new RecordError('DECIMAL_MALFORMED', { place });
    return parseDecimal(json, place);
  },
  format: formatDecimal,
};

export const positive: Codec<Decimal> = atLeast(1);
export const notNegative: Codec<Decimal> = atLeast(0);

/**
 * ISO 8601 UTC with Z and at most milliseconds, not before 1970, no leap second, no 30 February.
 */
export const instant: Codec<number> = {
  parse: (json, place) => {
    if (typeof json !== 'string' || !INSTANT.test(json)) throw malformed(place);
    const at = Date.parse(json);
    // Date.parse rolls 30 February over into March; the date must print as it was written.
    const real = at >= 0 && new Date(at).toISOString().slice(0, 19) === json.slice(0, 19);
    if (!real) throw malformed(place);
    return at;
  },
  format: formatInstant,
};

/** Milliseconds only where there are some, as in the documents. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

export function malformed(place: string): RecordError {
  return new RecordError('LEDGER_MALFORMED', { place });
}

function atLeast(least: 0 | 1): Codec<Decimal> {
  return {
    parse: (json, place) => {
      const value = amount.parse(json, place);
      if (sign(value) < least) throw malformed(place);
      return value;
    },
    format: formatDecimal,
  };
}

function parseObject(json: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(place);
  return json as Readonly<Record<string, unknown>>;
}

function absentValue(codec: Codec<unknown>, place: string): unknown {
  if (codec.absent === undefined) throw malformed(place);
  return codec.absent();
}

function byName(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : 1;
}
