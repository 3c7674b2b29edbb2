// Cases in words: contracts @ price, then what is held and what was realised. Inverse profit from
// the exchanges' help pages: contracts x size x (1/entry - 1/exit) in the coin.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { add, compare, type Decimal, formatDecimal, normalise, parseDecimal } from './decimal.ts';
import type { Instrument, InstrumentKind } from './entry.ts';
import {
  applyFill,
  FLAT,
  isInverse,
  type Position,
  positionValue,
  samePosition,
  splitBack,
  splitInto,
  undoFill,
} from './position.ts';

function instrument(kind: InstrumentKind, size: string, multiplier?: string): Instrument {
  const contractSize = parseDecimal(size);
  const names = { kind, base: 'BTC', quote: 'USD', settle: kind === 'inverse' ? 'BTC' : 'USD' };
  const sized = { ...names, contractSize, realised: 'derived' } as const;
  return multiplier === undefined ? sized : { ...sized, multiplier: parseDecimal(multiplier) };
}

function change(text: string): { instrument: string; contracts: Decimal; price: Decimal } {
  const [contracts = '', price = ''] = text.split(' @ ');
  return { instrument: 'P', contracts: parseDecimal(contracts), price: parseDecimal(price) };
}

function replay(kind: Instrument, fills: string): { position: Position; realised: string[] } {
  let position = FLAT;
  const realised = fills.split(', ').map((fill) => {
    const step = applyFill(position, kind, change(fill));
    position = step.position;
    return plain(step.realised);
  });
  return { position, realised };
}

function plain(value: Decimal): string {
  return formatDecimal(normalise(value));
}

const LINEAR = instrument('linear', '0.1');
const INVERSE = instrument('inverse', '100');
const FUTURE = instrument('future', '1', '50');
const OPTION = instrument('option', '1', '100');
const EQUITY = instrument('equity', '1');

describe('accepts', () => {
  test.each<[string, Instrument, string, string, string, string]>([
    // name, instrument, fills, contracts, cost, realised per fill
    ['long, closed in parts', LINEAR, '10 @ 100, -4 @ 110, -6 @ 90', '0', '0', '0, 4, -6'],
    ['short, closed in parts', LINEAR, '-10 @ 100, 4 @ 110, 6 @ 90', '0', '0', '0, -4, 6'],
    ['long, averaged', LINEAR, '10 @ 100, 30 @ 120', '40', '460', '0, 0'],
    ['turned', LINEAR, '10 @ 100, -15 @ 110', '-5', '-55', '0, 10'],
    ['turned back', LINEAR, '-10 @ 100, 15 @ 110', '5', '55', '0, -10'],
    ['multiplier', FUTURE, '2 @ 5000, -1 @ 5010', '1', '250000', '0, 500'],
    ['inverse long', INVERSE, '100 @ 40000, -100 @ 50000', '0', '0', '0, 0.05'],
    ['inverse short', INVERSE, '-100 @ 50000, 100 @ 40000', '0', '0', '0, 0.05'],
    ['inverse, harmonic', INVERSE, '1 @ 20000, 1 @ 50000', '2', '-0.007', '0, 0'],
    ['an option is paid, not realised', OPTION, '3 @ 4, -1 @ 5', '2', '800', '0, 0'],
    ['shares too', EQUITY, '-10 @ 50, 4 @ 40', '-6', '-300', '0, 0'],
  ])('%s', (_name, kind, fills, contracts, cost, realised) => {
    const after = replay(kind, fills);
    expect(plain(after.position.contracts)).toBe(contracts);
    expect(plain(after.position.cost)).toBe(cost);
    expect(after.realised.join(', ')).toBe(realised);
  });

  test('a venue that posts what it realised is not posted twice', () => {
    const posted = { ...LINEAR, realised: 'posted' } as const;
    expect(replay(posted, '10 @ 100, -4 @ 110').realised).toEqual(['0', '0']);
  });

  test.each<[string, Instrument, string, string, string]>([
    ['a long gains with the mark', LINEAR, '10 @ 100', '110', '10'],
    ['a short loses', LINEAR, '-10 @ 100', '110', '-10'],
    ['an inverse long gains coins', INVERSE, '100 @ 40000', '50000', '0.05'],
    ['an inverse short loses them', INVERSE, '-100 @ 40000', '50000', '-0.05'],
    ['an option is worth its price', OPTION, '3 @ 4.15', '5.05', '1515'],
    ['shares owed are owed', EQUITY, '-10 @ 50', '40', '-400'],
  ])('%s', (_name, kind, fills, mark, worth) => {
    const { position } = replay(kind, fills);
    expect(plain(positionValue(kind, position, parseDecimal(mark)))).toBe(worth);
  });

  test('what a venue’s rounded entry price cannot tell apart', () => {
    const { position } = replay(LINEAR, '3 @ 100, 4 @ 101');
    const rounded = replay(LINEAR, '7 @ 100.5714').position;
    expect(samePosition(position, rounded, 'linear')).toBe(true);
    expect(samePosition(position, replay(LINEAR, '7 @ 100.58').position, 'linear')).toBe(false);
    expect(samePosition(position, replay(LINEAR, '8 @ 100.5714').position, 'linear')).toBe(false);
    expect(samePosition(FLAT, FLAT, 'linear')).toBe(true);
    const shares = replay(EQUITY, '7 @ 1').position;
    expect(samePosition(shares, replay(EQUITY, '7 @ 2').position, 'equity')).toBe(true);
  });

  test('one part in a hundred thousand of the cost, and no more', () => {
    const { position } = replay(FUTURE, '20 @ 100');
    expect(samePosition(replay(FUTURE, '20 @ 100.001').position, position, 'future')).toBe(true);
    expect(samePosition(replay(FUTURE, '20 @ 100.0011').position, position, 'future')).toBe(false);
    const short = replay(FUTURE, '-20 @ 100').position;
    expect(samePosition(replay(FUTURE, '-20 @ 100.001').position, short, 'future')).toBe(true);
  });

  test('costs keep 36 digits, and what is realised 18: the rest waits for the next fill', () => {
    const fine = replay(LINEAR, '0.000000000000000003 @ 0.000000000000000005').position;
    expect(plain(fine.cost)).toBe(`0.${'0'.repeat(35)}2`);
    const { position, realised } = replay(LINEAR, '20 @ 1, -10 @ 1.0000000000000000007');
    expect(realised).toEqual(['0', '0.000000000000000001']);
    expect(plain(position.unposted)).toBe('-0.0000000000000000003');
    expect(plain(positionValue(LINEAR, position, parseDecimal('1')))).toBe(
      '-0.0000000000000000003',
    );
  });

  test.each([
    [
      'of two holdings that it makes one, the rounder',
      '1',
      '0.0000000000015',
      '0.000000000002',
      '1',
    ],
    ['four for one', '10', '4', '40', '10'],
    ['one for three, written with 15 digits', '300', '0.333333333333333', '100', '300'],
    ['twelve digits are kept', '0.000000000001', '1.5', '0.000000000002', '0.000000000001'],
    ['thirteen are not', '1.0000000000004', '1', '1', '1'],
    ['short', '-33', '0.333333333333333333', '-11', '-33'],
  ])('a split: %s', (_name, held, ratio, after, back) => {
    const split = splitInto(parseDecimal(held), parseDecimal(ratio));
    expect(plain(split)).toBe(after);
    const before = splitBack(split, parseDecimal(ratio));
    expect(before === null ? null : plain(before)).toBe(back);
  });

  test('only what settles in its base pays inverse', () => {
    const dated = (base: string, quote: string, settle: string): boolean =>
      isInverse({ ...FUTURE, base, quote, settle });
    expect(dated('BTC', 'USD', 'BTC')).toBe(true);
    expect(dated('BTC', 'USDT', 'USDT')).toBe(false);
    expect(dated('USD', 'USD', 'USD')).toBe(false);
    expect(isInverse({ ...LINEAR, base: 'BTC', settle: 'BTC' })).toBe(false);
  });
});

describe('refuses', () => {
  test('to guess the cost of what a fill closed or turned', () => {
    const { position } = replay(LINEAR, '10 @ 100, -15 @ 110');
    expect(undoFill(position, LINEAR, change('-15 @ 110'))).toBeNull();
    expect(undoFill(FLAT, LINEAR, change('-10 @ 110'))).toBeNull();
  });
});

const fill = fc.record({
  contracts: fc.integer({ min: -50, max: 50 }).filter((contracts) => contracts !== 0),
  cents: fc.integer({ min: 5_000, max: 15_000 }),
});

const fills = fc
  .array(fill, { minLength: 1, maxLength: 12 })
  .map((list) =>
    list.map(({ contracts, cents }) => `${contracts} @ ${(cents / 100).toFixed(2)}`).join(', '),
  );

describe('holds', () => {
  test.each([
    ['linear', LINEAR],
    ['inverse', INVERSE],
  ])('%s: realised and unrealised together are what the fills earned', (_name, kind) => {
    fc.assert(
      fc.property(fills, (list) => {
        const { position, realised } = replay(kind, list);
        const mark = parseDecimal('80');
        const earned = list
          .split(', ')
          .map((text) => positionValue(kind, replay(kind, text).position, mark));
        const told = realised
          .map((text) => parseDecimal(text))
          .reduce(add, positionValue(kind, position, mark));
        const error = add(earned.reduce(add), { ...told, mantissa: -told.mantissa });
        // Linear is exact; an inverse notional is rounded at 36 digits, once per fill.
        const bound = parseDecimal(`0.${'0'.repeat(33)}1`);
        expect(compare(error, bound)).toBe(-1);
        expect(compare(bound, { ...error, mantissa: -error.mantissa })).toBe(1);
      }),
    );
  });

  test('a fill that did not close is undone to the last digit', () => {
    fc.assert(
      fc.property(fills, fill, (list, { cents }) => {
        const { position } = replay(LINEAR, list);
        const grows = position.contracts.mantissa < 0n ? '-7' : '7';
        const more = change(`${grows} @ ${(cents / 100).toFixed(2)}`);
        const undone = undoFill(applyFill(position, LINEAR, more).position, LINEAR, more);
        expect(plain(undone?.contracts ?? more.price)).toBe(plain(position.contracts));
        expect(plain(undone?.cost ?? more.price)).toBe(plain(position.cost));
      }),
    );
  });
});
