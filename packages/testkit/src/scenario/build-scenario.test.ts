import { describe, expect, test } from '@jest/globals';

import { balance, emptyBook, post } from './book.ts';
import { buildScenario } from './build-scenario.ts';
import type { Scenario } from './build-scenario.ts';
import { flowOf } from './events.ts';
import type { FuturesFill, ScenarioEvent } from './events.ts';
import { markSeries } from './markets.ts';
import { HOUR_MS, MINUTE_MS } from './prices.ts';
import { ONE } from './units.ts';

const START = Date.UTC(2026, 7, 1);
const small = { seed: 11, start: START, hours: 72, fills: 500 };
const whole = buildScenario({ seed: 7, start: START, hours: 45 * 24, fills: 4_000 });

function bytes(scenario: Scenario): string {
  return JSON.stringify(
    [scenario.events, scenario.truth(), scenario.secrets],
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );
}

describe('accepts', () => {
  test('forty-five days hold what an account lives through', () => {
    const kinds = new Set(whole.events.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      'conversion',
      'deposit',
      'dust',
      'funding',
      'futures-fill',
      'reward',
      'spot-fill',
      'transfer',
      'withdrawal',
    ]);
    const fills = whole.events.filter(({ kind }) => kind.endsWith('-fill'));
    expect(fills.length).toBeGreaterThan(3_700);
    expect(
      whole.events.filter(({ id }) => id > BigInt(Number.MAX_SAFE_INTEGER)).length,
    ).toBeGreaterThan(4_000);
    const feeAssets = new Set(
      whole.events.flatMap((event) => (event.kind === 'spot-fill' ? [event.feeAsset] : [])),
    );
    expect([...feeAssets].sort()).toEqual(['BNB', 'BTC', 'DCR', 'ETH', 'SOL', 'USDC', 'USDT']);
    expect(futuresFills('BNB').length).toBeGreaterThan(10);
    expect(futuresFills('USDT').length).toBeGreaterThan(10);
  });

  test('flows come at awkward instants', () => {
    const flows = whole.events.filter((event) => flowOf(event) !== null);
    const offsets = flows.map(({ at }) => at % HOUR_MS);
    expect(offsets).toContain(0);
    expect(offsets).toContain(HOUR_MS - 1);
    expect(offsets).toContain(37 * MINUTE_MS + 21_123);
    const shared = flows.filter(({ at }, index) => flows[index - 1]?.at === at);
    expect(shared).toHaveLength(2);
    // A deposit, a fill and a withdrawal in one millisecond, in this order.
    const crowded = whole.events.filter(({ at }) => at === shared[1]?.at).map(({ kind }) => kind);
    expect(crowded).toEqual(['deposit', 'spot-fill', 'withdrawal']);
  });

  test('futures positions close in part and flip through zero', () => {
    const book = emptyBook();
    const seen = { partial: 0, flip: 0, funding: 0 };
    for (const event of whole.events) {
      const before = book.positions.get('BTC/USDT:USDT')?.contracts ?? 0n;
      post(book, event);
      const after = book.positions.get('BTC/USDT:USDT')?.contracts ?? 0n;
      if (event.kind === 'funding') seen.funding += 1;
      if (before * after < 0n) seen.flip += 1;
      if (before * after > 0n && after * after < before * before) seen.partial += 1;
    }
    expect(seen.partial).toBeGreaterThan(20);
    expect(seen.flip).toBeGreaterThan(10);
    expect(seen.funding).toBeGreaterThan(100);
  });

  test('pending deposits: one settles later, one never', () => {
    const late = whole.events.filter(
      (event) => event.kind === 'deposit' && event.at > event.seenAt,
    );
    expect(late).toHaveLength(1);
    const never = whole.events.filter((event) => event.kind === 'deposit' && !event.credited);
    expect(never).toHaveLength(1);
  });

  test('markers: an asset and keys that nobody else writes', () => {
    const marked = buildScenario({ ...small, markers: true });
    const exotic = marked.assets.find((asset) => asset.startsWith('Q'));
    expect(exotic).toMatch(/^Q[A-Z]{9}$/);
    expect(marked.secrets).toContain(exotic);
    expect(marked.secrets).toContain(marked.credentials.secret);
    expect(marked.secrets.every((text) => text.length >= 10)).toBe(true);
  });
});

describe('refuses', () => {
  test.each([
    ['a start inside an hour', { ...small, start: START + 1 }, /full hour/],
    ['fewer than 24 hours', { ...small, hours: 23 }, /24 hours/],
  ])('%s', (_name, options, words) => {
    expect(() => buildScenario(options)).toThrow(words);
  });
});

describe('holds', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    expect(bytes(buildScenario(small))).toBe(bytes(buildScenario(small)));
    expect(bytes(buildScenario(small))).not.toBe(bytes(buildScenario({ ...small, seed: 12 })));
  });

  test('the first events of a seed do not depend on who asked for prices before', () => {
    const asked = buildScenario(small);
    asked.prices.at('SOL/USDT', START + 1_000 * HOUR_MS);
    asked.prices.candle('BTC/USDT:USDT', START, HOUR_MS, START + HOUR_MS);
    expect(bytes(asked)).toBe(bytes(buildScenario(small)));
  });

  test('no order is lost: time never runs backwards and ids ascend', () => {
    for (const [index, event] of whole.events.entries()) {
      const before = whole.events[index - 1];
      if (before === undefined) continue;
      expect(event.at).toBeGreaterThanOrEqual(before.at);
      expect(event.id > before.id).toBe(true);
    }
  });

  test('a short scenario of any seed is affordable and has capital at work', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const scenario = buildScenario({ seed, start: START, hours: 24, fills: 60 });
      expect(scenario.truth().filter((hour) => hour.return !== null)).toHaveLength(23);
    }
  });

  test('hours join: each opens where the last closed', () => {
    const hours = whole.truth();
    expect(hours).toHaveLength(1_080);
    for (const [index, hour] of hours.entries()) {
      if (index > 0) expect(hour.equityOpen).toEqual(hours[index - 1]?.equityClose);
    }
  });

  test('profit over all hours is what fills, funding, fees and prices explain', () => {
    // Futures without any position arithmetic: cash in minus cash out, plus what is held at the
    // mark.
    const at = whole.end;
    const perpetuals = whole.markets.filter(({ perpetual }) => perpetual);
    let expected = 0n;
    for (const { symbol } of perpetuals) {
      let contracts = 0n;
      for (const event of whole.events) {
        if (event.kind !== 'futures-fill' || event.market !== symbol) continue;
        const signed = event.side === 'buy' ? event.quantity : -event.quantity;
        contracts += signed;
        expected -= signed * event.price;
      }
      expected += contracts * whole.prices.at(markSeries(symbol), at);
    }
    const book = whole.readBook()(at);
    let actual = 0n;
    for (const event of whole.events) {
      if (event.kind === 'futures-fill') actual += event.realised * ONE;
    }
    for (const { symbol } of perpetuals) {
      const position = book.positions.get(symbol);
      const mark = whole.prices.at(markSeries(symbol), at);
      actual += (position?.contracts ?? 0n) * mark - (position?.cost ?? 0n);
    }
    // Each closing fill rounds its profit to eight digits: half a unit each at most.
    const bound = (BigInt(futuresFills('BNB').length + futuresFills('USDT').length) * ONE) / 2n;
    const difference = actual > expected ? actual - expected : expected - actual;
    expect(difference).toBeLessThanOrEqual(bound);
    expect(balance(book, 'futures', 'USDT')).toBeGreaterThan(0n);
  });

  test('candles hold together', () => {
    const { prices } = whole;
    for (const series of [
      'BTC/USDT',
      'DCR/BTC',
      'ETH/BTC',
      'BTC/USDT:USDT',
      'ETH/USDT:USDT mark',
    ]) {
      const openTime = START + 100 * HOUR_MS;
      const now = openTime + 2 * HOUR_MS;
      const hour = prices.candle(series, openTime, HOUR_MS, now);
      expect(hour.close).toBe(prices.at(series, openTime + HOUR_MS));
      expect(hour.close).toBe(
        prices.candle(series, openTime + HOUR_MS - MINUTE_MS, MINUTE_MS, now).close,
      );
      expect(prices.candle(series, openTime + HOUR_MS, HOUR_MS, now).open).toBe(hour.close);
      expect(hour.low <= hour.open && hour.open <= hour.high).toBe(true);
      expect(hour.low <= hour.close && hour.close <= hour.high && hour.low > 0n).toBe(true);
    }
  });
});

function futuresFills(feeAsset: string): readonly FuturesFill[] {
  const isFill = (event: ScenarioEvent): event is FuturesFill => event.kind === 'futures-fill';
  return whole.events.filter(isFill).filter((event) => event.feeAsset === feeAsset);
}
