// `parse-fills.ts ours|ccxt RUNS`: reads the same made-up pages of fills with one of the two, in a
// process of its own, and answers how many fills it read.

import { readPayload } from '@track-record/venues/payload';
import ccxt from 'ccxt';
import { measure } from '../measure.ts';

const PAGES = 40;
const ROWS = 1_000;
const START = Date.UTC(2026, 0, 5);
const MARKET = {
  id: 'BTCUSDT',
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  baseId: 'BTC',
  quoteId: 'USDT',
  type: 'spot',
  spot: true,
  active: true,
};

const [engine, runs] = process.argv.slice(2);
const pages = Array.from({ length: PAGES }, (_, page) => pageOf(page));
const context = {
  egress: null,
  now: () => START,
  signal: new AbortController().signal,
};

await measure(Number(runs), engine === 'ours' ? readOurs : readTheirs);

async function readOurs(): Promise<number> {
  let count = 0;
  for (const body of pages) {
    const request = { feed: 'fills', market: 'spot', symbol: 'BTC/USDT' } as const;
    const { entries = [] } = await readPayload('binance', request, body, context);
    count += entries.length;
  }
  return count;
}

/** As a program does that asks ccxt: a client whose requests are answered with the page. */
async function readTheirs(): Promise<number> {
  let count = 0;
  for (const body of pages) {
    const exchange = new ccxt.binance({
      apiKey: 'recorded',
      secret: 'recorded',
      enableRateLimit: false,
    });
    exchange.setMarkets([MARKET]);
    exchange.fetchImplementation = async () => new Response(body);
    count += (await exchange.fetchMyTrades('BTC/USDT')).length;
  }
  return count;
}

function pageOf(page: number): string {
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const id = page * ROWS + row;
    const price = (40_000 + (id % 9_973) / 100).toFixed(8);
    const quantity = (0.001 + (id % 101) / 10_000).toFixed(8);
    return {
      symbol: 'BTCUSDT',
      id: 1_000_000 + id,
      orderId: 5_000_000 + id,
      orderListId: -1,
      price,
      qty: quantity,
      quoteQty: (Number(price) * Number(quantity)).toFixed(8),
      commission: '0.00001000',
      commissionAsset: 'BNB',
      time: START + id * 1_000,
      isBuyer: id % 2 === 0,
      isMaker: false,
      isBestMatch: true,
    };
  });
  return JSON.stringify(rows);
}
