// What failed in systems before this one has a test of that name here: S1 to S14 are their broken
// claims of security, R47 to R57 their lessons on keys and attestation (docs/threat-model.md).

import { describe, expect, test } from '@jest/globals';
import { readRepository, repositoryRoot } from './repository.ts';

const LESSONS = [
  ...Array.from({ length: 14 }, (_, index) => `S${index + 1}`),
  ...Array.from({ length: 11 }, (_, index) => `R${index + 47}`),
];

/** A text that begins with the names of lessons: a test's name, or a row that becomes one. */
const NAMED = /['"`]((?:[SR]\d{1,2} )+)\S/g;

const { texts } = readRepository(repositoryRoot);

function lessonsIn(text: string): readonly string[] {
  return [...text.matchAll(NAMED)].flatMap(([, names = '']) => names.trim().split(' '));
}

describe('accepts', () => {
  test('a name in a test and in a row, and none in a comment or a longer word', () => {
    expect(lessonsIn(`test('S4 S5 both', f); [["R56 a row", 1]]`)).toEqual(['S4', 'S5', 'R56']);
    expect(lessonsIn(`// as in S1\ntest('TLS12 and S3', f)`)).toEqual([]);
  });
});

describe('holds', () => {
  test('every lesson on security has a test that is named for it', () => {
    const tests = texts.filter(({ path }) => path.endsWith('.test.ts'));
    const named = new Set(tests.flatMap(({ text }) => lessonsIn(text)));
    expect(LESSONS.filter((lesson) => !named.has(lesson))).toEqual([]);
  });
});
