// The desk at which the scenario's account trades: it turns an intention ("sell some ETH now") into
// an event with exact amounts that the account can afford, or into nothing. Prices lie inside the
// minute's candle, quantities on the lot, fees follow the usual rules: the fee coin while it is
// held, at a discount, else the received asset; futures commissions in the settle asset, or in the
// fee coin while it is there.

import { FLAT, balance, emptyBook, post, trade } from './book.ts';
import type { Book } from './book.ts';
import type { ScenarioEvent, Side } from './events.ts';
import { FEE_COIN, REPORTING } from './markets.ts';
import type { Market } from './markets.ts';
import { MINUTE_MS } from './prices.ts';
import type { Prices } from './prices.ts';
import type { Random } from './random.ts';
import { ONE, floorTo, roundedQuotient, times, units } from './units.ts';
import type { Units } from './units.ts';

const MILLION = 1_000_000n;
/** 0.1 %, and 0.075 % when paid in the fee coin: the entry tier's spot fees. */
const SPOT_FEE_PPM = 1_000n;
const SPOT_FEE_COIN_PPM = 750n;
/** 0.02 % maker, 0.05 % taker, a tenth off in the fee coin. */
const FUTURES_MAKER_PPM = 200n;
const FUTURES_TAKER_PPM = 500n;
const NOTIONAL_MIN = units('5');
const MARGIN_MIN = units('100');
/** Real account-wide ids jump; starting just below 2^53 puts most of them beyond it. */
const FIRST_ID = 9_007_199_254_700_000n;

export interface Order {
  readonly market: Market;
  /** Share of the sold balance that one fill may spend, in millionths. */
  readonly sharePpm: number;
  readonly maker: boolean;
  readonly id: bigint;
  side: Side | null;
  price: Units | null;
  /** Futures: signed contracts still to trade, over the fills that are left. */
  remaining: Units | null;
  fillsLeft: number;
}

export interface Desk {
  readonly book: Book;
  readonly prices: Prices;
  readonly random: Random;
  readonly events: ScenarioEvent[];
  readonly nextId: () => bigint;
  readonly nextTradeId: (market: string) => bigint;
  readonly record: (event: ScenarioEvent) => void;
}

export function openDesk(prices: Prices, random: Random, markets: readonly Market[]): Desk {
  const book = emptyBook();
  const events: ScenarioEvent[] = [];
  let id = FIRST_ID;
  const tradeIds = new Map(
    markets.map((market) => [market.symbol, 40_000_000n + random.bigBelow(4_000_000_000n)]),
  );
  return {
    book,
    prices,
    random,
    events,
    nextId: () => (id += 1n + random.bigBelow(977n)),
    nextTradeId: (market) => {
      // Other people's trades lie between ours.
      const next = (tradeIds.get(market) ?? 0n) + 1n + random.bigBelow(400n);
      tradeIds.set(market, next);
      return next;
    },
    record: (event) => {
      post(book, event);
      events.push(event);
    },
  };
}

/** One fill of an order on spot; trades the other way when the account cannot afford this one. */
export function fillSpot(desk: Desk, order: Order, at: number): void {
  const { book, random } = desk;
  const { market } = order;
  const price = fillPrice(desk, order, at);
  for (const attempt of [0, 1]) {
    const side = order.side ?? (random.below(2) === 0 ? 'buy' : 'sell');
    const sold = side === 'buy' ? market.quote : market.base;
    const budget = (balance(book, 'spot', sold) * BigInt(order.sharePpm)) / MILLION;
    const quantity = floorTo(side === 'buy' ? (budget * ONE) / price : budget, market.lot);
    const quote = times(price, quantity);
    if (reportingValue(desk, market.quote, quote, at) < NOTIONAL_MIN) {
      if (attempt === 0) order.side = side === 'buy' ? 'sell' : 'buy';
      continue;
    }
    order.side = side;
    desk.record({
      kind: 'spot-fill',
      ...execution(desk, order, side, at),
      price,
      quantity,
      quote,
      ...spotFee(desk, market, side, quantity, quote, at),
    });
    return;
  }
}

/** One fill towards the order's target position; the target may lie on the other side of zero. */
export function fillFutures(desk: Desk, order: Order, at: number): void {
  const { book, random } = desk;
  const { market } = order;
  const margin = balance(book, 'futures', market.quote);
  if (margin < MARGIN_MIN) return;
  const price = fillPrice(desk, order, at);
  const before = book.positions.get(market.symbol) ?? FLAT;
  if (order.remaining === null) {
    // At most 0.6 times the margin per market, so that no path can use the margin up.
    const notional = (margin * BigInt(random.between(-600, 600))) / 1_000n;
    order.remaining = (notional * ONE) / price - before.contracts;
  }
  const part = order.remaining / BigInt(Math.max(1, order.fillsLeft));
  order.fillsLeft -= 1;
  const quantity = floorTo(part < 0n ? -part : part, market.lot);
  if (quantity === 0n) return;
  const signed = part < 0n ? -quantity : quantity;
  order.remaining -= signed;
  const { realised } = trade(before, signed, price, at);
  const quote = times(price, quantity);
  const side = signed < 0n ? 'sell' : 'buy';
  desk.record({
    kind: 'futures-fill',
    ...execution(desk, order, side, at),
    price,
    quantity,
    quote,
    realised,
    ...futuresFee(desk, order, quote, at),
  });
}

/** Paid by the side that the rate's sign says: position x mark x rate. */
export function payFunding(desk: Desk, market: Market, rate: Units, mark: Units, at: number): void {
  const { contracts } = desk.book.positions.get(market.symbol) ?? FLAT;
  if (contracts === 0n) return;
  const amount = -roundedQuotient(contracts * mark * rate, ONE * ONE);
  desk.record({
    kind: 'funding',
    id: desk.nextId(),
    at,
    market: market.symbol,
    asset: market.quote,
    amount,
  });
}

/** An amount of `asset` in the reporting currency. */
export function reportingValue(desk: Desk, asset: string, amount: Units, at: number): Units {
  return (amount * desk.prices.value(asset, at)) / (ONE * ONE);
}

function execution(desk: Desk, order: Order, side: Side, at: number) {
  return {
    id: desk.nextId(),
    at,
    market: order.market.symbol,
    tradeId: desk.nextTradeId(order.market.symbol),
    orderId: order.id,
    side,
    maker: order.maker,
  };
}

/** Inside the minute's candle; later fills of one order stay within two ticks of the first. */
function fillPrice(desk: Desk, order: Order, at: number): Units {
  const { random, prices } = desk;
  const openTime = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const { low, high } = prices.candle(
    order.market.symbol,
    openTime,
    MINUTE_MS,
    openTime + MINUTE_MS,
  );
  const { tick } = order.market;
  const drawn =
    order.price === null
      ? low + BigInt(random.below(Number((high - low) / tick) + 1)) * tick
      : order.price + BigInt(random.between(-2, 2)) * tick;
  const price = drawn < low ? low : drawn > high ? high : drawn;
  order.price = price;
  return price;
}

function spotFee(
  desk: Desk,
  market: Market,
  side: Side,
  quantity: Units,
  quote: Units,
  at: number,
): { fee: Units; feeAsset: string } {
  const feeAsset = side === 'buy' ? market.base : market.quote;
  // The stablecoin pair trades free of charge, as such pairs often do: a fill with a fee of zero.
  if (market.base === 'USDC') return { fee: 0n, feeAsset };
  const value = reportingValue(desk, market.quote, quote, at);
  const fee = (inFeeCoin(desk, value, at) * SPOT_FEE_COIN_PPM) / MILLION;
  const soldHere = market.base === FEE_COIN && side === 'sell' ? quantity : 0n;
  if (balance(desk.book, 'spot', FEE_COIN) - soldHere >= fee) return { fee, feeAsset: FEE_COIN };
  return { fee: ((side === 'buy' ? quantity : quote) * SPOT_FEE_PPM) / MILLION, feeAsset };
}

function futuresFee(
  desk: Desk,
  order: Order,
  quote: Units,
  at: number,
): { fee: Units; feeAsset: string } {
  const ppm = order.maker ? FUTURES_MAKER_PPM : FUTURES_TAKER_PPM;
  const fee = (inFeeCoin(desk, quote, at) * ppm * 9n) / (10n * MILLION);
  if (balance(desk.book, 'futures', FEE_COIN) >= fee) return { fee, feeAsset: FEE_COIN };
  return { fee: (quote * ppm) / MILLION, feeAsset: order.market.quote };
}

function inFeeCoin(desk: Desk, value: Units, at: number): Units {
  return (value * ONE) / desk.prices.at(`${FEE_COIN}/${REPORTING}`, at);
}
