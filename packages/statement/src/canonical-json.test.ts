import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import fc from 'fast-check';
import { encodeCanonical, parseCanonical } from './canonical-json.ts';

function codeWhen(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return codeOf(error);
  }
  return 'accepted';
}

function codeWhenParsed(text: string | Uint8Array): string {
  return codeWhen(() => parseCanonical(typeof text === 'string' ? Buffer.from(text) : text));
}

describe('accepts', () => {
  it('the string and literals of RFC 8785, 3.2.2 and 3.2.3, byte for byte', () => {
    const bytes = encodeCanonical({
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      Buffer.from(
        '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
      ).toString('hex'),
    );
  });

  it('sorts members at every depth', () => {
    const bytes = encodeCanonical({ b: { '2': 1, '10': 2 }, a: [], B: {} });
    expect(Buffer.from(bytes).toString()).toBe('{"B":{},"a":[],"b":{"10":2,"2":1}}');
  });
});

describe('refuses', () => {
  const texts: readonly (readonly [string, string | Uint8Array])[] = [
    ['nothing', ''],
    ['no JSON', '{'],
    ['a duplicate key', '{"a":1,"a":1}'],
    ['white space', '{"a": 1}'],
    ['a line end', '{"a":1}\n'],
    ['unsorted keys', '{"b":1,"a":2}'],
    ['a fraction', '{"a":1.5}'],
    ['a fraction that is whole', '{"a":1.0}'],
    ['an exponent', '{"a":1e3}'],
    ['minus zero', '{"a":-0}'],
    ['an unsafe integer', '{"a":9007199254740993}'],
    ['an escape with another spelling', '{"a":"\\u0041"}'],
    ['an escaped slash', '{"a":"\\/"}'],
    ['an unpaired surrogate', '{"a":"\\ud800"}'],
    ['a key that is not ASCII', '{"é":1}'],
    ['an empty key', '{"":1}'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['nine levels', `${'['.repeat(10)}${']'.repeat(10)}`],
    ['a hundred thousand levels', '['.repeat(16_000) + ']'.repeat(16_000)],
    ['more than 16 KiB', JSON.stringify('x'.repeat(16_384))],
  ];
  it.each(texts)('to parse %s', (_name, text) => {
    expect(codeWhenParsed(text)).toBe('STATEMENT_MALFORMED');
  });

  const values: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['a member that is undefined', { a: undefined }],
    ['a float', 0.1],
    ['NaN', Number.NaN],
    ['a bigint', 1n],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a function', () => 1],
  ];
  it.each(values)('to encode %s', (_name, value) => {
    expect(codeWhen(() => encodeCanonical(value))).toBe('STATEMENT_MALFORMED');
  });
});

describe('holds', () => {
  const key = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 5 });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));

  it('what is encoded parses to the same value, whatever the order of its members', () => {
    fc.assert(
      fc.property(value, (any) => {
        const bytes = encodeCanonical(any);
        expect(parseCanonical(bytes)).toEqual(any);
        const shuffled: unknown = JSON.parse(JSON.stringify(any), (_key, each: unknown) =>
          reversed(each),
        );
        expect(encodeCanonical(shuffled)).toEqual(bytes);
      }),
    );
  });

  function reversed(each: unknown): unknown {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).toReversed());
  }
});
