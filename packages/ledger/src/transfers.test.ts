// Legs of moves inside the perimeter, to the millisecond. What they do to an hour is told by the
// text ledgers of the room returns.

import { describe, expect, test } from '@jest/globals';
import { formatDecimal, parseDecimal } from './decimal.ts';
import type { Entry } from './entry.ts';
import { type PairedTransfers, pairTransfers, TRANSIT_MS } from './transfers.ts';

function transfer(id: string, at: number, postings: string, txid?: string): Entry {
  const parsed = postings.split(', ').map((text) => {
    const [asset = '', amount = ''] = text.split(' ');
    return { asset, amount: parseDecimal(amount) };
  });
  return { id, at, kind: 'transfer', postings: parsed, ...(txid === undefined ? {} : { txid }) };
}

/** What is in transit at the end, then every entry: who, as what, and what it adds in transit. */
function told({ entries, open }: PairedTransfers): string {
  const left = open.map(({ id, asset, amount }) => `${id} ${asset} ${formatDecimal(amount)}`);
  const lines = entries.map(({ id, kind, at, postings }) => {
    const moved = postings.filter(({ role }) => role === 'transit');
    return `${id} ${kind} ${at} ${moved.map(({ amount }) => formatDecimal(amount)).join()}`;
  });
  return [`[${left.join()}]`, ...lines].join('; ');
}

describe('accepts', () => {
  test.each([
    ['a day after it left', TRANSIT_MS, '[out USD 5]; out transfer 0 5'],
    [
      'a millisecond later, as an outflow of that day’s end',
      TRANSIT_MS + 1,
      `[]; out transfer 0 5; out (never arrived) flow ${TRANSIT_MS} -5`,
    ],
  ])('what never arrives: %s', (_name, until, expected) => {
    expect(told(pairTransfers([transfer('out', 0, 'USD -5')], [], until))).toBe(expected);
  });

  test.each([
    ['the last millisecond of the day', TRANSIT_MS - 1, `in transfer ${TRANSIT_MS - 1} -5`],
    [
      'the first after it',
      TRANSIT_MS,
      `in flow ${TRANSIT_MS} ; out (never arrived) flow ${TRANSIT_MS} -5`,
    ],
  ])('what arrives in %s', (_name, at, expected) => {
    const legs = [transfer('out', 0, 'USD -5'), transfer('in', at, 'USD 5')];
    expect(told(pairTransfers(legs, [], at + 1))).toBe(`[]; out transfer 0 5; ${expected}`);
  });

  test.each([
    ['one asset in parts', 'USD -1, USD -2', '[out USD 3]; out transfer 0 3'],
    ['two assets', 'USD -1, BTC -2', '[]; out transfer 0 '],
    ['both legs', 'USD -1, USD 1', '[]; out transfer 0 '],
    ['nothing', 'USD 0', '[]; out transfer 0 '],
  ])('an entry with %s', (_name, postings, expected) => {
    expect(told(pairTransfers([transfer('out', 0, postings)], [], 1))).toBe(expected);
  });

  test.each([
    ['none', undefined, undefined, true],
    ['one where it left', 'x', undefined, true],
    ['one where it arrived', undefined, 'x', true],
    ['the same', 'x', 'x', true],
    ['another', 'x', 'y', false],
  ])('transaction ids: %s', (_name, left, arrived, isPair) => {
    const legs = [transfer('out', 0, 'USD -5', left), transfer('in', 1, 'USD 5', arrived)];
    expect(pairTransfers(legs, [], 2).open).toHaveLength(isPair ? 0 : 1);
  });

  test.each([
    ['a tenth', '0.9', true],
    ['more', '0.89', false],
    ['less than nothing', '1.01', false],
  ])('a fee of %s of the amount', (_name, arrived, isPair) => {
    const legs = [transfer('out', 0, 'USD -1'), transfer('in', 1, `USD ${arrived}`)];
    expect(pairTransfers(legs, [], 2).open).toHaveLength(isPair ? 0 : 1);
  });
});
