// What a field of a signed document may hold: small rules, composed. Values are untrusted.

import { isPlainObject } from './canonical-json.ts';

export type FieldRule = (value: unknown) => boolean;

export function matches(pattern: RegExp): FieldRule {
  return (value) => typeof value === 'string' && pattern.test(value);
}

export function oneOf(words: readonly unknown[]): FieldRule {
  return (value) => words.includes(value);
}

export function orNull(rule: FieldRule): FieldRule {
  return (value) => value === null || rule(value);
}

export function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** Safe integers from `least` on, up to `most`. */
export function counts(least: number, most = Infinity): FieldRule {
  return (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** Objects with exactly these members. */
export function withRules(rules: Readonly<Record<string, FieldRule>>): FieldRule {
  const named = Object.entries(rules);
  return (value) =>
    isPlainObject(value) &&
    Object.keys(value).length === named.length &&
    named.every(([name, rule]) => Object.hasOwn(value, name) && rule(value[name]));
}

export function isHour(value: unknown): boolean {
  const form = /^[1-9][0-9]{3}-.+T[0-9]{2}:00:00Z$/;
  return isInstant(form, (text) => text.replace('Z', '.000Z'))(value);
}

/**
 * An instant of a year with four digits, which every language reads, that Date writes the same way
 * again: no 25th hour, no 30 February, no offset.
 */
export function isInstant(form: RegExp, withMilliseconds: (text: string) => string): FieldRule {
  return (value) => {
    if (typeof value !== 'string' || !form.test(value)) return false;
    const at = Date.parse(value);
    return Number.isFinite(at) && new Date(at).toISOString() === withMilliseconds(value);
  };
}
