import { describe, expect, test } from '@jest/globals';

import { emptyBook, post } from './book.ts';
import type { ScenarioEvent, Side } from './events.ts';
import type { Prices } from './prices.ts';
import { HOUR_MS } from './prices.ts';
import { computeTruth } from './truth.ts';
import type { TrueHour } from './truth.ts';
import { ONE, text, times, units } from './units.ts';

const START = Date.UTC(2026, 0, 5);

/** BTC at `open` until `changeAt`, then at `after`; marks are the same. */
function steppedPrices(open: string, after = open, changeAt = Infinity): Prices {
  const at = (_: string, t: number) => units(t < changeAt ? open : after);
  return {
    firstCandle: 0,
    at,
    value: (asset, t) => (asset === 'USDT' ? ONE * ONE : at(asset, t) * ONE),
    candle: () => {
      throw new Error('the truth needs no candles');
    },
  };
}

function deposit(offset: number, asset: string, amount: string): ScenarioEvent {
  return {
    kind: 'deposit',
    id: BigInt(offset),
    at: START + offset,
    asset,
    amount: units(amount),
    txId: '',
    seenAt: START + offset,
    unlockedAt: START + offset,
    credited: true,
  };
}

function withdrawal(offset: number, asset: string, amount: string, fee: string): ScenarioEvent {
  return {
    kind: 'withdrawal',
    id: BigInt(offset),
    at: START + offset,
    asset,
    amount: units(amount),
    networkFee: units(fee),
    txId: '',
    completedAt: START + offset,
    cancelled: false,
  };
}

function fill(
  kind: 'spot-fill' | 'futures-fill',
  offset: number,
  side: Side,
  quantity: string,
  price: string,
  fee: string,
  realised = '0',
): ScenarioEvent {
  const execution = {
    id: BigInt(offset),
    at: START + offset,
    tradeId: 1n,
    orderId: 1n,
    side,
    price: units(price),
    quantity: units(quantity),
    quote: times(units(price), units(quantity)),
    fee: units(fee),
    feeAsset: 'USDT',
    maker: false,
  };
  return kind === 'spot-fill'
    ? { kind, market: 'BTC/USDT', ...execution }
    : { kind, market: 'BTC/USDT:USDT', realised: units(realised), ...execution };
}

function toFutures(offset: number, amount: string): ScenarioEvent {
  return {
    kind: 'transfer',
    id: BigInt(offset),
    at: START + offset,
    from: 'spot',
    to: 'futures',
    asset: 'USDT',
    amount: units(amount),
  };
}

function returns(hours: readonly TrueHour[]): (string | null)[] {
  return hours.map((hour) =>
    hour.return === null ? null : text(hour.return.mantissa / 10n ** 10n, 8),
  );
}

describe('accepts', () => {
  const CASES: readonly [string, readonly ScenarioEvent[], Prices, (string | null)[]][] = [
    ['nothing at all', [], steppedPrices('100'), [null, null]],
    [
      'deposits alone earn nothing',
      [deposit(5, 'USDT', '1000'), deposit(HOUR_MS, 'BTC', '3'), deposit(HOUR_MS, 'USDT', '7')],
      steppedPrices('100'),
      ['0.00000000', '0.00000000'],
    ],
    [
      // 1000 buys 5 BTC at 100 for a fee of 1: 999 / 1000 - 1.
      'a fee is the whole loss at flat prices',
      [deposit(5, 'USDT', '1000'), fill('spot-fill', HOUR_MS + 1, 'buy', '5', '100', '1')],
      steppedPrices('100'),
      ['0.00000000', '-0.00100000'],
    ],
    [
      // 10 BTC fall from 100 to 50, then 50 000 arrive (hourly_flows.json:
      // large_inflow_after_loss).
      'a late deposit does not dilute a loss',
      [deposit(5, 'BTC', '10'), deposit(HOUR_MS + 3_540_000, 'USDT', '50000')],
      steppedPrices('100', '50', START + HOUR_MS + 60_000),
      ['0.00000000', '-0.50000000'],
    ],
    [
      // 1000 less a network fee of 2 is 998; the 400 that leave are a flow.
      'a network fee is a cost, the withdrawal is not',
      [deposit(5, 'USDT', '1000'), withdrawal(HOUR_MS + 7, 'USDT', '400', '2')],
      steppedPrices('100'),
      ['0.00000000', '-0.00200000'],
    ],
    [
      // Long 10 at 100, mark 110: 100 of 1000. The transfer is no flow.
      'unrealised profit counts, a transfer does not',
      [
        deposit(5, 'USDT', '1000'),
        toFutures(9, '500'),
        fill('futures-fill', HOUR_MS, 'buy', '10', '100', '0'),
      ],
      steppedPrices('100', '110', START + HOUR_MS + 1),
      ['0.00000000', '0.10000000'],
    ],
  ];

  test.each(CASES)('%s', (_name, events, prices, expected) => {
    expect(returns(computeTruth(events, prices, START, 2))).toEqual(expected);
  });

  test('a flow at the full hour belongs to the hour that starts there', () => {
    const events = [deposit(5, 'USDT', '1000'), deposit(HOUR_MS, 'USDT', '500')];
    const [first, second] = computeTruth(events, steppedPrices('100'), START, 2);
    expect(first?.equityClose.mantissa).toBe(1000n * 10n ** 24n);
    expect(second?.equityOpen.mantissa).toBe(1000n * 10n ** 24n);
    expect(second?.flows.map(({ at }) => at)).toEqual([START + HOUR_MS]);
    expect(second?.equityClose.mantissa).toBe(1500n * 10n ** 24n);
  });

  test('partial closes and a flip through zero keep the average entry', () => {
    const book = emptyBook();
    for (const event of [
      deposit(1, 'USDT', '1000'),
      toFutures(2, '1000'),
      fill('futures-fill', 3, 'buy', '2', '100', '0'),
      fill('futures-fill', 4, 'buy', '1', '130', '0'),
      fill('futures-fill', 5, 'sell', '1', '120', '0', '10'),
      fill('futures-fill', 6, 'sell', '5', '90', '0', '-40'),
    ]) {
      post(book, event);
    }
    const position = book.positions.get('BTC/USDT:USDT');
    expect(text(position?.contracts ?? 0n)).toBe('-3.00000000');
    expect((position?.cost ?? 0n) / (position?.contracts ?? 1n)).toBe(units('90'));
    expect(text(book.wallets.futures.get('USDT') ?? 0n)).toBe('970.00000000');
  });
});

describe('refuses', () => {
  test('a balance below zero', () => {
    expect(() => post(emptyBook(), withdrawal(1, 'USDT', '1', '0'))).toThrow(/below zero/);
  });
});
