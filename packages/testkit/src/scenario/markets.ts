// The instruments of the scenario, named as ccxt names them. Steps and sizes as Binance had them in
// 2025; a venue that quotes coarser steps rounds in its own simulator.

import { units } from './units.ts';
import type { Units } from './units.ts';

export interface Market {
  /** `BTC/USDT` for spot, `BTC/USDT:USDT` for the perpetual. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly perpetual: boolean;
  readonly tick: Units;
  readonly tickDigits: number;
  readonly lot: Units;
  readonly lotDigits: number;
  /**
   * Where the path starts and what it returns to; null when the path is derived from other markets.
   */
  readonly startTicks: number | null;
  /** Largest step per minute from each of two dice, in millionths. */
  readonly noise: number;
  /** Share of random orders, in thousandths. */
  readonly share: number;
}

type Row = readonly [
  base: string,
  quote: string,
  tickDigits: number,
  lotDigits: number,
  start: number | null,
  noise: number,
  share: number,
];

// DCR is quoted in BTC only, so its value needs a chain; USDC is near one and never exactly one;
// ETH/BTC has nine digits in price x quantity, so its quote amount is cut and must be read, not
// computed.
const SPOT: readonly Row[] = [
  ['BTC', 'USDT', 2, 5, 61_000_00, 420, 360],
  ['ETH', 'USDT', 2, 4, 3_000_00, 520, 170],
  ['BNB', 'USDT', 2, 3, 600_00, 450, 0],
  ['SOL', 'USDT', 2, 3, 150_00, 700, 110],
  ['USDC', 'USDT', 5, 0, 99_980, 30, 30],
  ['DCR', 'BTC', 7, 2, 2_500, 900, 50],
  ['ETH', 'BTC', 5, 4, null, 0, 40],
];
const PERPETUAL: readonly Row[] = [
  ['BTC', 'USDT', 1, 3, null, 0, 140],
  ['ETH', 'USDT', 2, 3, null, 0, 100],
];

export const REPORTING = 'USDT';
export const FEE_COIN = 'BNB';

/** `exotic` replaces DCR's name, so that a leak test can search for an asset nobody else writes. */
export function listMarkets(exotic = 'DCR'): readonly Market[] {
  const rename = (base: string): string => (base === 'DCR' ? exotic : base);
  return [
    ...SPOT.map((row) => marketOf(row, rename(row[0]), false)),
    ...PERPETUAL.map((row) => marketOf(row, row[0], true)),
  ];
}

export function markSeries(symbol: string): string {
  return `${symbol} mark`;
}

function marketOf(row: Row, base: string, perpetual: boolean): Market {
  const [, quote, tickDigits, lotDigits, startTicks, noise, share] = row;
  return {
    symbol: perpetual ? `${base}/${quote}:${quote}` : `${base}/${quote}`,
    base,
    quote,
    perpetual,
    tick: step(tickDigits),
    tickDigits,
    lot: step(lotDigits),
    lotDigits,
    startTicks,
    noise,
    share,
  };
}

function step(digits: number): Units {
  return units(digits === 0 ? '1' : `0.${'1'.padStart(digits, '0')}`);
}
