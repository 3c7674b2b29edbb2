// The Binance connector: one account's spot, funding and USD-M futures wallets as one perimeter.
// Everything that Binance answers is untrusted and read strictly; see entries.ts, holdings.ts,
// history.ts.

import type { Decimal } from '@track-record/ledger';
import type {
  Observation,
  PriceAnswer,
  PriceRequest,
  Venue,
  VenueContext,
  VenueCredentials,
  VenueSession,
} from '../../contract.ts';
import { openKeyedClient, openPublicClient, type CcxtClient } from '../client.ts';
import { instrumentsOf, type Markets } from '../markets.ts';
import { answerPrices, HOUR_MS, type CandleRun } from '../prices.ts';
import { readCloses } from './candles.ts';
import { fetchHistory, QUOTES } from './history.ts';
import { fetchHoldings, fetchIdentity, fetchServerTimes, readServerTime } from './holdings.ts';
import { binanceVenue, capabilities } from './spec.ts';

/** The smaller of the page limits of klines (1000) and markPriceKlines (1500). */
const CANDLES_MAX = 1000;

export const binance: Venue = { capabilities, connect, prices };

async function connect(
  credentials: VenueCredentials,
  context: VenueContext,
): Promise<VenueSession> {
  const client = await openKeyedClient(binanceVenue, credentials, context);
  try {
    const { markets } = await openPublicClient(binanceVenue, context);
    const serverTime = readServerTime(await client.call('publicGetTime'));
    client.setServerTime(serverTime);
    const ahead = serverTime - context.now();
    return {
      identify: () => fetchIdentity(client),
      observe: () => observe(client, markets),
      fetch: (window, cursor) =>
        fetchHistory(client, markets, window, cursor, context.now() + ahead),
      close: client.close,
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/**
 * Balances are true at `asOf` if nothing happened until `quietUntil`; both are the venue's own
 * times.
 */
async function observe(client: CcxtClient, markets: Markets): Promise<Observation> {
  const [asOf] = await fetchServerTimes(client);
  const { balances, positions } = await fetchHoldings(client, markets);
  const [, quietUntil] = await fetchServerTimes(client);
  const names = positions.map(({ instrument }) => instrument);
  return {
    anchor: { asOf, balances, positions },
    instruments: instrumentsOf(markets.contracts.values(), names),
    quietUntil,
  };
}

async function prices(
  requests: readonly PriceRequest[],
  context: VenueContext,
): Promise<PriceAnswer> {
  const { client, markets } = await openPublicClient(binanceVenue, context);
  const now = readServerTime(await client.call('publicGetTime'));
  return await answerPrices(
    // A candle that ends later is not finished, whatever it says.
    requests.filter(({ at }) => at <= now),
    {
      markets,
      pivots: [...QUOTES],
      rowsMax: CANDLES_MAX,
      fetchCloses: (run) => fetchCloses(client, run),
    },
  );
}

async function fetchCloses(
  client: CcxtClient,
  run: CandleRun,
): Promise<ReadonlyMap<number, Decimal>> {
  const method = run.kind === 'asset' ? 'publicGetKlines' : 'fapiPublicGetMarkPriceKlines';
  const answer = await client.call(method, {
    symbol: run.marketId,
    interval: run.intervalMs === HOUR_MS ? '1h' : '1m',
    startTime: run.first - run.intervalMs,
    endTime: run.last - 1,
    limit: CANDLES_MAX,
  });
  return readCloses(answer);
}
