// That the attack attacks, and that docs/LIMITATIONS.md says what docs/benchmarks.md measured.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { enter, invert, openBook, returnsOf, rounded } from './inversion.ts';
import { daysOf, generatedFactor, openMarket, randomOf } from './market.ts';

function page(name: string): string {
  return readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');
}

describe('accepts', () => {
  it('a book of two, found from a day of signed hours', () => {
    const random = randomOf(1);
    const market = openMarket(generatedFactor, random, 24);
    const book = openBook(random, 2);
    const published = returnsOf(market, book).map((each) => rounded(each, 6));
    expect(invert(market, published, 2)).toBe(book.symbols.join(','));
    expect(daysOf(market)).toHaveLength(1);
  });

  it('the price of an entry that is told alone', () => {
    expect(enter(randomOf(2), 1, 0, Infinity)).toMatchObject({ minutes: 1 });
    expect(enter(randomOf(2), 1, 0, 6).errorBp).toBeLessThan(0.05);
  });
});

describe('holds', () => {
  it('the table of docs/LIMITATIONS.md has the numbers of the last run', () => {
    const measured = page('benchmarks.md');
    const rows = [...page('LIMITATIONS.md').matchAll(/^\| ((?:one|two) symbols?) \| (.+) \|$/gm)];
    expect(rows).toHaveLength(4);
    for (const [, book = '', rest = ''] of rows) {
      const row = `| Generated prices | ${book} | ${rest.replace(', by the day', '')} |`;
      expect(measured).toContain(row);
    }
  });
});
