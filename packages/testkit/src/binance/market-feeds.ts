// Public endpoints of spot and USD-M futures: clocks, symbol lists, candles, funding rates.
// Candles reach up to the venue's clock; the last one is unfinished.

import type { Market } from '../scenario/markets.ts';
import { markSeries } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import type { Candle } from '../scenario/prices.ts';
import { text, times } from '../scenario/units.ts';
import type { Units } from '../scenario/units.ts';
import { cutPage, limitOf, marketOf, required, symbolId, windowOf, within } from './call.ts';
import type { Call, Endpoint } from './call.ts';
import type { Json } from '../simulator/json.ts';
import { refusal } from './refusal.ts';

const INTERVALS_MS: Readonly<Record<string, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '1d': 24 * HOUR_MS,
};
const FUNDING_INTERVAL_MS = 8 * HOUR_MS;
/** The day perpetual contracts carry instead of a delivery date. */
const NEVER_DELIVERED = 4_133_404_800_000;

export const marketEndpoints: Readonly<Record<string, Endpoint>> = {
  'GET /api/v3/ping': open(1, () => ({})),
  'GET /api/v3/time': open(1, ({ now }) => ({ serverTime: now })),
  'GET /api/v3/exchangeInfo': open(20, spotSymbols),
  'GET /api/v3/klines': open(2, (call) => candles(call, marketOf(call, false), 'spot')),
  'GET /fapi/v1/ping': open(1, () => ({})),
  'GET /fapi/v1/time': open(1, ({ now }) => ({ serverTime: now })),
  'GET /fapi/v1/exchangeInfo': open(1, futuresSymbols),
  'GET /fapi/v1/klines': open(klineWeight, (call) =>
    candles(call, marketOf(call, true), 'futures'),
  ),
  'GET /fapi/v1/markPriceKlines': open(klineWeight, (call) =>
    candles(call, marketOf(call, true), 'mark'),
  ),
  'GET /fapi/v1/premiumIndex': open(1, premiumIndex),
  'GET /fapi/v1/fundingRate': open(1, fundingRates),
  'GET /dapi/v1/exchangeInfo': open(1, ({ now }) => ({ ...symbolsHead(now), symbols: [] })),
  'GET /eapi/v1/exchangeInfo': open(1, ({ now }) => ({
    ...symbolsHead(now),
    optionContracts: [],
    optionAssets: [],
    optionSymbols: [],
  })),
};

/** The price in the running minute, as the venue shows it now. */
export function livePrice(call: Call, series: string): Units {
  const openTime = Math.floor(call.now / MINUTE_MS) * MINUTE_MS;
  return call.venue.scenario.prices.candle(series, openTime, MINUTE_MS, call.now).close;
}

function open(weight: Endpoint['weight'], answer: Endpoint['answer']): Endpoint {
  return { security: 'none', weight, answer };
}

function klineWeight(params: URLSearchParams): number {
  const limit = Number(params.get('limit') ?? 500);
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1_000 ? 5 : 10;
}

function candles(call: Call, market: Market, source: 'spot' | 'futures' | 'mark'): Json {
  const intervalMs = INTERVALS_MS[required(call, 'interval')];
  if (intervalMs === undefined) throw refusal(400, -1120, 'Invalid interval.');
  const spot = source === 'spot';
  const limit = limitOf(call, 'limit', 500, spot ? 1_000 : 1_500, spot);
  const { startTime, endTime } = windowOf(call);
  const { prices } = call.venue.scenario;
  const from = Math.ceil(Math.max(startTime ?? 0, prices.firstCandle) / intervalMs) * intervalMs;
  const last = Math.floor(Math.min(endTime ?? call.now, call.now) / intervalMs) * intervalMs;
  const count = Math.max(0, (last - from) / intervalMs + 1);
  const first = startTime === null ? Math.max(0, count - limit) : 0;
  const openTimes = Array.from(
    { length: Math.min(limit, count - first) },
    (_, index) => from + (first + index) * intervalMs,
  );
  const series = source === 'mark' ? markSeries(market.symbol) : market.symbol;
  const rows = openTimes.map((openTime) =>
    candleRow(
      prices.candle(series, openTime, intervalMs, call.now),
      intervalMs,
      source === 'futures' ? market.tickDigits : 8,
      source === 'mark',
    ),
  );
  return cutPage(call, rows, 0, limit);
}

function candleRow(candle: Candle, intervalMs: number, digits: number, mark: boolean): Json {
  const { openTime, open: first, high, low, close, volume, trades } = candle;
  const quote = text(times(volume, close));
  return [
    openTime,
    text(first, digits),
    text(high, digits),
    text(low, digits),
    text(close, digits),
    mark ? '0' : text(volume),
    openTime + intervalMs - 1,
    mark ? '0' : quote,
    mark ? intervalMs / 1_000 : trades,
    mark ? '0' : text(volume / 2n),
    mark ? '0' : text(times(volume / 2n, close)),
    '0',
  ];
}

function symbolsHead(now: number): Record<string, Json> {
  return {
    timezone: 'UTC',
    serverTime: now,
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6_000 },
    ],
    exchangeFilters: [],
  };
}

function spotSymbols({ now, venue }: Call): Json {
  const markets = venue.scenario.markets.filter(({ perpetual }) => !perpetual);
  return { ...symbolsHead(now), symbols: markets.map(spotSymbol) };
}

function spotSymbol(market: Market): Json {
  return {
    symbol: symbolId(market),
    status: 'TRADING',
    baseAsset: market.base,
    baseAssetPrecision: 8,
    quoteAsset: market.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
    icebergAllowed: true,
    ocoAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      ...stepFilters(market, 8),
      {
        filterType: 'NOTIONAL',
        minNotional: '5.00000000',
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
  };
}

function futuresSymbols({ now, venue }: Call): Json {
  const markets = venue.scenario.markets.filter(({ perpetual }) => perpetual);
  return {
    ...symbolsHead(now),
    futuresType: 'U_MARGINED',
    assets: ['USDT', 'BNB', 'USDC'].map((asset) => ({
      asset,
      marginAvailable: true,
      autoAssetExchange: '-10000',
    })),
    symbols: markets.map(futuresSymbol),
  };
}

function futuresSymbol(market: Market): Json {
  return {
    symbol: symbolId(market),
    pair: symbolId(market),
    contractType: 'PERPETUAL',
    deliveryDate: NEVER_DELIVERED,
    onboardDate: 1_569_398_400_000,
    status: 'TRADING',
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset: market.base,
    quoteAsset: market.quote,
    marginAsset: market.quote,
    pricePrecision: market.tickDigits,
    quantityPrecision: market.lotDigits,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    triggerProtect: '0.0500',
    liquidationFee: '0.012500',
    marketTakeBound: '0.05',
    filters: [
      ...stepFilters(market, null),
      { filterType: 'MIN_NOTIONAL', notional: '5' },
      { filterType: 'MAX_NUM_ORDERS', limit: 200 },
    ],
    orderTypes: ['LIMIT', 'MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
  };
}

function stepFilters(market: Market, digits: 8 | null): Json[] {
  const tickSize = text(market.tick, digits ?? market.tickDigits);
  const stepSize = text(market.lot, digits ?? market.lotDigits);
  return [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '1000000.00000000', tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: '900000.00000000', stepSize },
  ];
}

function premiumIndex(call: Call): Json {
  const market = marketOf(call, true);
  const next = (Math.floor(call.now / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS;
  const index = text(livePrice(call, `${market.base}/${market.quote}`));
  return {
    symbol: symbolId(market),
    markPrice: text(livePrice(call, markSeries(market.symbol))),
    indexPrice: index,
    estimatedSettlePrice: index,
    lastFundingRate: text(call.venue.scenario.fundingRate(market.symbol, next)),
    interestRate: '0.00010000',
    nextFundingTime: next,
    time: call.now,
  };
}

function fundingRates(call: Call): Json {
  const market = marketOf(call, true);
  const limit = limitOf(call, 'limit', 100, 1_000);
  const window = windowOf(call);
  const { prices, fundingRate } = call.venue.scenario;
  const rows: Json[] = [];
  const oldest = Math.ceil(prices.firstCandle / FUNDING_INTERVAL_MS) + 1;
  for (let at = oldest * FUNDING_INTERVAL_MS; at <= call.now; at += FUNDING_INTERVAL_MS) {
    if (!within(window, at)) continue;
    rows.push({
      symbol: symbolId(market),
      fundingTime: at,
      fundingRate: text(fundingRate(market.symbol, at)),
      markPrice: text(prices.at(markSeries(market.symbol), at)),
    });
  }
  return cutPage(
    call,
    rows,
    window.startTime === null ? Math.max(0, rows.length - limit) : 0,
    limit,
  );
}
