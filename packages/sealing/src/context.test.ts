import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import fc from 'fast-check';
import { contextBytes, type ContextPart } from './context.ts';

describe('accepts', () => {
  it('prefixes each name and value with its length', () => {
    const bytes = Buffer.from(contextBytes([['field', 'é']]));
    expect(bytes.toString('hex')).toBe('000000056669656c6400000002c3a9');
  });
});

describe('refuses', () => {
  it.each([
    ['an unpaired surrogate', '\ud800'],
    ['a value that is no id', 'x'.repeat(513)],
  ])('%s', (_name, value) => {
    expect(codeOf(caught(() => contextBytes([['account', value]])))).toBe('ENVELOPE_MALFORMED');
  });
});

describe('holds', () => {
  it('different parts never share their bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', ':'), maxLength: 4 });
    const parts = fc.array(fc.tuple(text, text), { maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (left: ContextPart[], right: ContextPart[]) => {
        const same = Buffer.from(contextBytes(left)).equals(contextBytes(right));
        expect(same).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
    );
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
