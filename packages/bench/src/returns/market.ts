// The generated account of `bench returns`: a year of fills in 20 symbols, with fees in three
// assets and some rebates, and an hourly price of every asset. Seeded, so that every engine in
// every process computes the same thing. Amounts are integers of 1e-8, as a venue prints them.

/** The account of returns.md section 7. */
export const FILLS = 1_000_000;

export const HOURS = 8_760;
const HOUR_MS = 3_600_000;

/** 2025-01-01T00:00:00Z. */
export const START_MS = 1_735_689_600_000;

/** Digits after the point of every amount, and of every price. */
export const AMOUNT_DIGITS = 8;
export const PRICE_DIGITS = 6;
const AMOUNT_UNIT = 10n ** BigInt(AMOUNT_DIGITS);
const PRICE_UNIT = 10 ** PRICE_DIGITS;

export const QUOTE = 'USDT';
/** The base assets of the 20 symbols; the first two also pay fees. */
const BASES = ['BTC', 'BNB', ...Array.from({ length: 18 }, (_, index) => `C${index + 10}`)];
/** Every asset, by the number that stands for it. */
export const ASSETS: readonly string[] = [...BASES, QUOTE];
export const QUOTE_INDEX = BASES.length;
const FEE_ASSETS = [0, 1, QUOTE_INDEX];

/** Enough quote to buy for a year, and inventory to sell. */
const OPENING_QUOTE = 10_000_000n * AMOUNT_UNIT;
const OPENING_INVENTORY_VALUE = 500_000;
/** A fill is worth up to this much quote. */
const FILL_VALUE_MAX = 2_000;
/** Basis points of a taker's fee; one fill in eight is a maker's and earns a rebate of one. */
const FEE_BASIS_POINTS = 7.5;
const REBATE_SHARE = 1 / 8;

/** Columns of fills in the order of their instants, which may repeat. */
export interface Market {
  readonly fills: number;
  readonly at: Float64Array;
  /** Index of the base asset. */
  readonly symbol: Uint8Array;
  /** Signed changes, AMOUNT_DIGITS digits. */
  readonly base: BigInt64Array;
  readonly quote: BigInt64Array;
  readonly feeAsset: Uint8Array;
  readonly fee: BigInt64Array;
  /** Price of base asset `b` at the full hour `h` (0 to HOURS) is at [h * 20 + b]. */
  readonly price: BigInt64Array;
  /** Held at START_MS, per asset. */
  readonly opening: BigInt64Array;
}

export function generateMarket(fills = FILLS, seed = 20): Market {
  const random = randomFrom(seed);
  const price = generatePrices(random);
  const market: Market = {
    fills,
    at: new Float64Array(fills),
    symbol: new Uint8Array(fills),
    base: new BigInt64Array(fills),
    quote: new BigInt64Array(fills),
    feeAsset: new Uint8Array(fills),
    fee: new BigInt64Array(fills),
    price,
    opening: generateOpening(price),
  };
  const held = market.opening.slice();
  for (let index = 0; index < fills; index += 1) {
    const at = START_MS + Math.floor(((index + random()) / fills) * HOURS * HOUR_MS);
    market.at[index] = at;
    generateFill(market, index, Math.floor((at - START_MS) / HOUR_MS), held, random);
  }
  return market;
}

function generateFill(
  market: Market,
  index: number,
  hour: number,
  held: BigInt64Array,
  random: () => number,
): void {
  const symbol = Math.floor(random() * BASES.length);
  const price = priceAt(market, hour, symbol) * (1 + (random() - 0.5) / 500);
  const value = 10 + random() * FILL_VALUE_MAX;
  const size = BigInt(Math.max(1, Math.round((value / price) * 1e6))) * 100n;
  const cost = BigInt(Math.max(1, Math.round(Number(size) * price)));
  const buys = random() < 0.5 ? (held[symbol] ?? 0n) < 2n * size : (held[QUOTE_INDEX] ?? 0n) > cost;
  const rebate = random() < REBATE_SHARE;
  const feeAsset = FEE_ASSETS[Math.floor(random() * FEE_ASSETS.length)] ?? QUOTE_INDEX;
  const feePrice = feeAsset === QUOTE_INDEX ? 1 : priceAt(market, hour, feeAsset);
  const feeSize = BigInt(Math.round((Number(cost) * FEE_BASIS_POINTS) / 10_000 / feePrice));
  const fee = rebate ? feeSize / 8n : -feeSize;
  market.symbol[index] = symbol;
  market.base[index] = buys ? size : -size;
  market.quote[index] = buys ? -cost : cost;
  market.feeAsset[index] = feeAsset;
  market.fee[index] = fee;
  for (const [asset, change] of [
    [symbol, market.base[index]],
    [QUOTE_INDEX, market.quote[index]],
    [feeAsset, fee],
  ] as const) {
    held[asset] = (held[asset] ?? 0n) + (change ?? 0n);
  }
}

/** From 0.0003 to 60 000 per unit, each on a walk of its own. */
function generatePrices(random: () => number): BigInt64Array {
  const prices = new BigInt64Array((HOURS + 1) * BASES.length);
  const walk = BASES.map((_, symbol) => 60_000 / 2.75 ** symbol);
  for (let hour = 0; hour <= HOURS; hour += 1) {
    for (let symbol = 0; symbol < BASES.length; symbol += 1) {
      const next = (walk[symbol] ?? 1) * (1 + (random() - 0.4995) / 100);
      walk[symbol] = next;
      prices[hour * BASES.length + symbol] = BigInt(Math.max(1, Math.round(next * PRICE_UNIT)));
    }
  }
  return prices;
}

function generateOpening(price: BigInt64Array): BigInt64Array {
  const opening = new BigInt64Array(ASSETS.length);
  for (let symbol = 0; symbol < BASES.length; symbol += 1) {
    const units = OPENING_INVENTORY_VALUE / (Number(price[symbol]) / PRICE_UNIT);
    opening[symbol] = BigInt(Math.round(units * 1e6)) * 100n;
  }
  opening[QUOTE_INDEX] = OPENING_QUOTE;
  return opening;
}

function priceAt(market: Market, hour: number, symbol: number): number {
  return Number(market.price[hour * BASES.length + symbol]) / PRICE_UNIT;
}

/** mulberry32: 32 bits of state are enough for data, and every machine draws the same. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
