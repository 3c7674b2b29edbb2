// The small readers under every parser of this room: an object with exactly the known fields, a list, a
// string, an instant, a decimal. Anything else is LEDGER_MALFORMED with its place. Input is untrusted; a
// place is made of our own field names and of positions, never of a name from the input.

import { RecordError } from '@track-record/errors';
import { type Decimal, formatDecimal, parseDecimal } from './decimal.ts';

const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?Z$/;

/** Longer than any asset, symbol or venue id; a bound on what one name can cost. */
const NAME_LENGTH_MAX = 256;

export type Fields = Readonly<Record<string, unknown>>;

/** The object's own fields; one that is missing or unknown is refused. */
export function parseFields(
  json: unknown,
  place: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(place);
  const fields = json as Fields;
  for (const name of required) if (!Object.hasOwn(fields, name)) throw malformed(place);
  for (const name of Object.keys(fields)) {
    if (!required.includes(name) && !optional.includes(name)) throw malformed(place);
  }
  return fields;
}

export function parseList<T>(
  json: unknown,
  place: string,
  parse: (item: unknown, place: string) => T,
): T[] {
  if (!Array.isArray(json)) throw malformed(place);
  return json.map((item, index) => parse(item, `${place}[${index}]`));
}

/** An object used as a map from names to values, in the order of the names. */
export function parseNamed<T>(
  json: unknown,
  place: string,
  parse: (value: unknown, place: string) => T,
): Map<string, T> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(place);
  const named = new Map<string, T>();
  for (const [index, [name, value]] of Object.entries(json).sort(byName).entries()) {
    const at = `${place}[${index}]`;
    named.set(parseName(name, at), parse(value, at));
  }
  return named;
}

export function formatNamed<T>(
  named: ReadonlyMap<string, T>,
  format: (value: T) => unknown,
): Record<string, unknown> {
  // fromEntries defines own properties, so a name like __proto__ stays a name.
  return Object.fromEntries([...named].sort(byName).map(([name, value]) => [name, format(value)]));
}

export function parseName(json: unknown, place: string): string {
  if (typeof json !== 'string' || json === '' || json.length > NAME_LENGTH_MAX) {
    throw malformed(place);
  }
  return json;
}

export function parseChoice<T extends string>(
  json: unknown,
  place: string,
  choices: readonly T[],
): T {
  const choice = choices.find((candidate) => candidate === json);
  if (choice === undefined) throw malformed(place);
  return choice;
}

export function parseAmount(json: unknown, place: string): Decimal {
  if (typeof json !== 'string') throw new RecordError('DECIMAL_MALFORMED', { place });
  return parseDecimal(json, place);
}

export function formatAmount(value: Decimal): string {
  return formatDecimal(value);
}

/** ISO 8601 UTC with Z and at most milliseconds, not before 1970, no leap second, no 30 February. */
export function parseInstant(json: unknown, place: string): number {
  if (typeof json !== 'string' || !INSTANT.test(json)) throw malformed(place);
  const instant = Date.parse(json);
  // Date.parse rolls 30 February over into March; the date must print as it was written.
  const real = instant >= 0 && new Date(instant).toISOString().slice(0, 19) === json.slice(0, 19);
  if (!real) throw malformed(place);
  return instant;
}

/** Whole seconds as in the documents, milliseconds only where there are some. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

export function malformed(place: string): RecordError {
  return new RecordError('LEDGER_MALFORMED', { place });
}

function byName(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : 1;
}
