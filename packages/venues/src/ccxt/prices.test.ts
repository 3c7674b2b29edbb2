import { describe, expect, test } from '@jest/globals';
import { formatDecimal, parseDecimal, type Decimal } from '@track-record/ledger';
import type { PriceRequest } from '../contract.ts';
import { perpetualOf, type Markets } from './markets.ts';
import { answerPrices, HOUR_MS, type CandleRun } from './prices.ts';

const HOUR = Date.UTC(2026, 0, 5, 6);

const MARKETS: Markets = {
  pairs: new Map(
    [
      ['BTC', 'USDT', true],
      ['DCR', 'BTC', true],
      ['USDT', 'TRY', true],
      ['OLD', 'USDT', false],
    ].map(([base, quote, isActive]) => {
      const id = `${base}${quote}`;
      return [id, { id, base: String(base), quote: String(quote), isActive: isActive === true }];
    }),
  ),
  contracts: new Map([['BTCUSDT', perpetualOf('BTCUSDT', 'BTC', 'USDT')]]),
};

/** Every candle closes at its own end in seconds, so that a wrong candle shows. */
async function ask(requests: readonly PriceRequest[], missing: readonly number[] = []) {
  const runs: CandleRun[] = [];
  const answer = await answerPrices(requests, {
    markets: MARKETS,
    pivots: ['USDT', 'BTC'],
    rowsMax: 10,
    fetchCloses: (run) => {
      runs.push(run);
      const closes = new Map<number, Decimal>();
      for (let end = run.first; end <= run.last; end += run.intervalMs) {
        if (!missing.includes(end)) closes.set(end, parseDecimal(String(end / 1000)));
      }
      return Promise.resolve(closes);
    },
  });
  return { ...answer, runs };
}

function asset(name: string, at: number, currency = 'USDT'): PriceRequest {
  return { kind: 'asset', name, currency, at };
}

describe('accepts', () => {
  test('a full hour takes the close of the hour that ends there', async () => {
    const { prices, runs } = await ask([asset('BTC', HOUR)]);
    expect(prices.map(({ price }) => formatDecimal(price))).toEqual([String(HOUR / 1000)]);
    expect(runs.map(({ intervalMs }) => intervalMs)).toEqual([HOUR_MS]);
  });

  test('any other instant takes the last complete minute, and keeps its own instant', async () => {
    const { prices, runs } = await ask([asset('BTC', HOUR + 61_500)]);
    expect(prices).toEqual([
      {
        asset: 'BTC',
        currency: 'USDT',
        at: HOUR + 61_500,
        price: parseDecimal(String(HOUR / 1000 + 60)),
      },
    ]);
    expect(runs.map(({ intervalMs }) => intervalMs)).toEqual([60_000]);
  });

  test('an asset without a direct pair is told by its legs, each once', async () => {
    const { prices } = await ask([asset('DCR', HOUR), asset('BTC', HOUR)]);
    const legs = prices.map((price) => `${price.asset}/${price.currency}`);
    expect(legs.toSorted()).toEqual(['BTC/USDT', 'DCR/BTC']);
  });

  test('a pair that exists the other way round is told as the venue quotes it', async () => {
    const { prices } = await ask([asset('TRY', HOUR)]);
    expect(prices.map((price) => `${price.asset}/${price.currency}`)).toEqual(['USDT/TRY']);
  });

  test('the mark of an instrument, and of one side of it in hedge mode', async () => {
    const mark = { kind: 'mark', currency: 'USDT', at: HOUR } as const;
    const { marks } = await ask([
      { ...mark, name: 'BTC/USDT:USDT' },
      { ...mark, name: 'BTC/USDT:USDT#SHORT' },
    ]);
    const names = marks.map(({ instrument }) => instrument);
    expect(names).toEqual(['BTC/USDT:USDT', 'BTC/USDT:USDT#SHORT']);
  });

  test('a pair that trades no more still has its old candles', async () => {
    expect((await ask([asset('OLD', HOUR)])).prices).toHaveLength(1);
  });
});

describe('refuses', () => {
  test.each<[string, PriceRequest]>([
    ['the currency itself', asset('USDT', HOUR)],
    ['an asset nobody trades', asset('NOPE', HOUR)],
    ['an unknown instrument', { kind: 'mark', name: 'X/Y:Y', currency: 'USDT', at: HOUR }],
  ])('%s: nothing is asked, nothing is answered', async (_name, request) => {
    expect(await ask([request])).toEqual({ prices: [], marks: [], runs: [] });
  });

  test('a missing candle is absent, never its neighbour', async () => {
    const requests = [HOUR, HOUR + HOUR_MS].map((at) => asset('BTC', at));
    const { prices } = await ask(requests, [HOUR]);
    expect(prices.map(({ at }) => at)).toEqual([HOUR + HOUR_MS]);
  });
});

describe('holds', () => {
  test('as few requests as the page limit allows, whatever the order of the instants', async () => {
    const hours = Array.from({ length: 25 }, (_, index) => asset('BTC', HOUR + index * HOUR_MS));
    const { prices, runs } = await ask(hours.toReversed());
    expect(prices).toHaveLength(25);
    expect(runs.map(({ first, last }) => (last - first) / HOUR_MS + 1)).toEqual([10, 10, 5]);
  });
});
