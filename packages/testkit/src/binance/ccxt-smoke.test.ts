// The real client library against the simulator: what ccxt sends is understood, what it gets it
// parses.

import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { plainText, text } from '../scenario/units.ts';
import { startBinanceSimulator } from './simulator.ts';
import type { BinanceSimulator } from './simulator.ts';

type Connected = (error: Error | null, socket: unknown) => void;

/** The part of ccxt's Exchange that is used here; testkit does not depend on ccxt. */
interface Client {
  fetchDispatcher: unknown;
  undiciModule: { Agent: new (options: object) => { close: () => Promise<void> } };
  loadFetchImplementation: () => Promise<void>;
  getDispatcherOptions: (external: boolean) => object;
  loadTimeDifference: () => Promise<unknown>;
  fetchBalance: (params?: object) => Promise<{ total: Record<string, string> }>;
  fetchMyTrades: (
    symbol: string,
    since: undefined,
    limit: number,
    params: object,
  ) => Promise<readonly { id: string; amount: string }[]>;
}

const scenario = buildScenario({ seed: 3, start: Date.UTC(2026, 7, 1), hours: 72, fills: 400 });
const clock = fakeClock(scenario.end + 1_000);
let venue: BinanceSimulator;
let client: Client;

beforeAll(async () => {
  // The client's clock goes on, so the venue's does too: it refuses what is a second ahead.
  const started = performance.now();
  const now = (): number => clock.now() + Math.floor(performance.now() - started);
  venue = await startBinanceSimulator({ scenario, now });
  const fromVenues = createRequire(new URL('../../../venues/package.json', import.meta.url));
  const source = join(dirname(fromVenues.resolve('ccxt')), '../js/src/binance.js');
  const loaded: { default: new (config: object) => Client } = await import(
    pathToFileURL(source).href
  );
  client = new loaded.default({
    ...scenario.credentials,
    number: String,
    enableRateLimit: false,
  });
  await client.loadFetchImplementation();
  // Production URLs stay; only the socket goes to the simulator, which reads the Host header.
  client.fetchDispatcher = new client.undiciModule.Agent({
    ...client.getDispatcherOptions(true),
    connect: (_: unknown, connected: Connected) => {
      const socket = connect(venue.port, '127.0.0.1', () => connected(null, socket));
      socket.once('error', (error) => connected(error, null));
    },
  });
  await client.loadTimeDifference();
});

afterAll(async () => venue.close());

describe('accepts', () => {
  test('balances of spot and funding, digit for digit', async () => {
    const book = scenario.readBook()(clock.now());
    for (const [wallet, params] of [
      ['spot', {}],
      ['funding', { type: 'funding' }],
    ] as const) {
      const { total } = await client.fetchBalance(params);
      const told = Object.entries(total).filter(([, amount]) => Number(amount) !== 0);
      const held = [...book.wallets[wallet]].filter(([, amount]) => amount !== 0n);
      const expected = held.map(([asset, amount]) => [asset, plainText(amount)]);
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected));
    }
  });

  test('trades by id, spot and futures', async () => {
    for (const market of ['BTC/USDT', 'BTC/USDT:USDT']) {
      const trades = await client.fetchMyTrades(market, undefined, 1_000, { fromId: 0 });
      const expected = scenario.events.flatMap((event) =>
        (event.kind === 'spot-fill' || event.kind === 'futures-fill') && event.market === market
          ? [[String(event.tradeId), Number(text(event.quantity))]]
          : [],
      );
      expect(trades.map(({ id, amount }) => [id, Number(amount)])).toEqual(expected);
      expect(expected.length).toBeGreaterThan(20);
    }
  });
});
