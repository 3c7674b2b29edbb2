// Binance's candles: `[openTime, open, high, low, close, volume, closeTime, …]`, where closeTime is
// the last millisecond of the candle. Rows are untrusted.

import { sign, type Decimal } from '@track-record/ledger';
import { parseInstant, parseSize, shape, type Row } from '../rows.ts';

const CLOSE = '4';
const CLOSE_TIME = '6';

/** Closes by the instant at which their candle ends. */
export function readCloses(answer: unknown): ReadonlyMap<number, Decimal> {
  if (!Array.isArray(answer)) throw shape('candles');
  const closes = new Map<number, Decimal>();
  for (const candle of answer) {
    if (!Array.isArray(candle)) throw shape('candles');
    const row: Row = Object.fromEntries(candle.entries());
    const close = parseSize(row, CLOSE);
    if (sign(close) === 0) throw shape('candles.close');
    closes.set(parseInstant(row, CLOSE_TIME) + 1, close);
  }
  return closes;
}
