import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import type { Entry } from '@track-record/ledger';
import { collect } from './collect.ts';
import type { VenueSession } from './contract.ts';

const START = Date.UTC(2026, 0, 5);

/** Observes at 10 s, 20 s, … and reads for 3 s; `fills` are seconds at which something happened. */
function sessionOf(fills: readonly number[]): { session: VenueSession; windows: number[][] } {
  const windows: number[][] = [];
  let observed = 0;
  const session: VenueSession = {
    identify: () => Promise.reject(new Error('not asked for')),
    close: () => Promise.resolve(),
    observe: () => {
      observed += 1;
      const asOf = START + observed * 10_000;
      const anchor = { asOf, balances: new Map(), positions: [] };
      return Promise.resolve({ anchor, instruments: new Map(), quietUntil: asOf + 3000 });
    },
    fetch: ({ from, to }) => {
      windows.push([from - START, to - START]);
      const entries = fills
        .map((second): Entry => ({
          id: `f${second}`,
          at: START + second * 1000,
          kind: 'fill',
          postings: [],
        }))
        .filter(({ at }) => at >= from && at < to);
      const rest = { instruments: new Map(), ignored: [], cursor: '{}', requests: 7 };
      return Promise.resolve({ ...rest, entries });
    },
  };
  return { session, windows };
}

describe('accepts', () => {
  test('entries up to an anchor during which nothing happened', async () => {
    const { session, windows } = sessionOf([1, 9]);
    const collected = await collect(session, START, null);
    expect(collected.anchor.asOf).toBe(START + 10_000);
    expect(collected.entries.map(({ id }) => id)).toEqual(['f1', 'f9']);
    expect(windows).toEqual([[0, 13_001]]);
  });

  test('a second look when something happened during the first', async () => {
    const { session } = sessionOf([1, 13]);
    const collected = await collect(session, START, null);
    expect([collected.anchor.asOf, collected.requests]).toEqual([START + 20_000, 14]);
    expect(collected.entries.map(({ id }) => id)).toEqual(['f1', 'f13']);
  });
});

describe('refuses', () => {
  test('an account that is never quiet: VENUE_INCOMPLETE after three looks', async () => {
    const { session, windows } = sessionOf([10, 20, 33]);
    const code = await collect(session, START, null).then(() => 'accepted', codeOf);
    expect([code, windows.length]).toEqual(['VENUE_INCOMPLETE', 3]);
  });
});

describe('holds', () => {
  test('the millisecond of asOf belongs to the next window', async () => {
    const { session } = sessionOf([10]);
    expect((await collect(session, START, null)).anchor.asOf).toBe(START + 20_000);
  });
});
