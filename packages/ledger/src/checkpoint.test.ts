import { describe, expect, test } from '@jest/globals';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';

const WRITTEN = {
  format: 'track-record-checkpoint/1',
  asOf: '2026-01-05T06:00:00Z',
  balances: { BTC: '0.5', USD: '-1' },
  positions: { PERP: { contracts: '2', cost: '-0.007', unposted: '0.0000000000000000001' } },
  prices: { BTC: { price: '42000', at: '2026-01-05T05:00:00Z' } },
  marks: { PERP: { price: '42010', at: '2026-01-05T06:00:00Z' } },
  transit: [
    { id: 't1', at: '2026-01-05T05:30:00Z', asset: 'BTC', amount: '0.25', txid: '7c2f' },
    { id: 't2', at: '2026-01-05T05:40:00Z', asset: 'BTC', amount: '0.5' },
  ],
};

describe('accepts', () => {
  test('what it wrote', () => {
    expect(formatCheckpoint(parseCheckpoint(WRITTEN))).toEqual(WRITTEN);
  });
});

describe('accepts, sealed earlier', () => {
  test('one that says nothing of what is in transit', () => {
    const { transit, ...earlier } = WRITTEN;
    expect(transit).toHaveLength(2);
    expect(parseCheckpoint(earlier).transit).toEqual([]);
  });
});

describe('refuses', () => {
  const { PERP } = WRITTEN.positions;
  test.each([
    ['another format', { ...WRITTEN, format: 'track-record-checkpoint/2' }, 'LEDGER_MALFORMED'],
    ['a missing part', { ...WRITTEN, marks: undefined }, 'LEDGER_MALFORMED'],
    ['an unknown part', { ...WRITTEN, more: {} }, 'LEDGER_MALFORMED'],
    [
      'a float',
      { ...WRITTEN, positions: { PERP: { ...PERP, cost: '1e-7' } } },
      'DECIMAL_MALFORMED',
    ],
  ])('%s', (_name, json, code) => {
    expect(() => parseCheckpoint(json)).toThrow(expect.objectContaining({ code }));
  });
});
