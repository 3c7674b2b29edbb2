// A spot account valued on recorded BTCUSDT candles that travel through the real client, against
// returns worked out by hand. The files are read from VECTORS_DIR; exchanges/MANIFEST.md beside
// them names their origin.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { formatDecimal, priceRequests } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { computeHours } from '@track-record/returns';
import { loadVenues } from '@track-record/venues';

const ROOT = new URL('../../../../', import.meta.url);
const FOLDER = new URL(`${process.env['VECTORS_DIR'] ?? '../shared/vectors'}/`, ROOT);
const BINANCE = new URL('exchanges/binance/', FOLDER);
const NOW = Date.UTC(2020, 4, 2);

// In CI a missing folder fails the test; elsewhere it is left out.
const describeVectors =
  existsSync(BINANCE) || process.env['CI'] !== undefined ? describe : describe.skip;

/** 1 BTC and 1,000 USDT; half a bitcoin is sold at 23:30, 500 USDT arrive at midnight. */
const LEDGER = {
  format: 'track-record-ledger/1',
  account: { id: 'spot', venue: 'binance', reportingCurrency: 'USDT' },
  window: { from: '2020-04-30T22:00:00Z', to: '2020-05-01T03:00:00Z' },
  instruments: {},
  anchors: [
    { asOf: '2020-05-01T03:00:00Z', balances: { BTC: '0.5', USDT: '5825.67' }, positions: [] },
  ],
  entries: [
    {
      id: 'sale',
      at: '2020-04-30T23:30:00Z',
      kind: 'fill',
      postings: [
        { asset: 'BTC', amount: '-0.5' },
        { asset: 'USDT', amount: '4330.00' },
        { asset: 'USDT', amount: '-4.33', role: 'fee' },
      ],
    },
    {
      id: 'deposit',
      at: '2020-05-01T00:00:00Z',
      kind: 'flow',
      postings: [{ asset: 'USDT', amount: '500' }],
    },
  ],
  prices: [],
  marks: [],
};

/** Hour, BTC price at its end, equity that the return is over, equity at the end, return. */
const BY_HAND = `
  22  8759.77  1.0 x 8761.92 + 1000.00          9759.770  -0.000220243558644201
  23  8620.00  9759.77                          9635.670  -0.012715463581621288
  00  8707.51  0.5 x 8620.00 + 5325.67 + 500   10179.425   0.004316932181099029
  01  8662.61  10179.425                       10156.975  -0.002205429088578186
  02  8726.36  10156.975                       10188.850   0.003138237516583432`;

describeVectors('accepts', () => {
  test('a spot account on recorded candles earns what a pencil says', async () => {
    const server = await serveCandles();
    try {
      const document = parseLedgerDocument(LEDGER);
      const wanted = priceRequests(document).map((each) => ({ ...each, currency: 'USDT' }));
      const venue = (await loadVenues(['binance'])).get('binance');
      if (venue === undefined) throw new Error('no venue');
      const { prices } = await venue.prices(wanted, {
        egress: { host: '127.0.0.1', port: server.port },
        now: () => NOW,
        signal: new AbortController().signal,
      });
      const { hours } = computeHours({ ...document, prices });
      const rows = BY_HAND.trim()
        .split('\n')
        .map((line) => line.trim().split(/\s{2,}/));
      expect(
        hours.map((hour) => [
          new Date(hour.hour).toISOString().slice(11, 13),
          hour.navClose === null ? null : Number(formatDecimal(hour.navClose)).toFixed(3),
          hour.return === null ? null : formatDecimal(hour.return),
        ]),
      ).toEqual(rows.map(([at, , , close, hourly]) => [at, close, hourly]));
    } finally {
      await server.close();
    }
  });
});

async function serveCandles(): Promise<{ port: number; close: () => Promise<void> }> {
  const read = (name: string) => readFile(new URL(`${name}.json`, BINANCE), 'utf8');
  const info = await read('exchangeInfo.spot.25symbols');
  const recorded: unknown[][] = JSON.parse(await read('fetchOHLCV.spot.1h.2020-05.1000rows'));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://local');
    const [from, to] = ['startTime', 'endTime'].map((name) => Number(searchParams.get(name)));
    const page = recorded.filter(([at]) => Number(at) >= Number(from) && Number(at) <= Number(to));
    const answers: Record<string, string> = {
      '/api/v3/exchangeInfo': info,
      '/fapi/v1/exchangeInfo': '{"symbols":[]}',
      '/api/v3/time': `{"serverTime":${NOW}}`,
      '/api/v3/klines': JSON.stringify(page.slice(0, Number(searchParams.get('limit')))),
    };
    response.end(answers[pathname] ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    port: address.port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
