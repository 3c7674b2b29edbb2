// Interactive Brokers with a Gateway: what happened and what is held is told by the broker's own
// statements (../ibkr), and the Gateway gives the prices of the hours in between. Nobody but its
// owner knows who answers at a Gateway, so nothing it says is an entry, and each day closes at the
// broker's own prices (docs/decisions/0013-a-gateway-is-no-witness.md).

import { BlockList, isIPv4 } from 'node:net';
import { RecordError } from '@track-record/errors';
import { answerPrices, type CandleRun } from '../ccxt/prices.ts';
import type { Pair } from '../ccxt/markets.ts';
import type { Venue, VenueContext, VenueCredentials, VenueSession } from '../contract.ts';
import type { PriceAnswer, PriceRequest } from '../contract.ts';
import { closingPrices } from '../ibkr/closing.ts';
import { baseOf, holdingsOf } from '../ibkr/nav.ts';
import { readAccount, sessionOf, textOf, venue as flex, type Account } from '../ibkr/venue.ts';
import { openGateway, type Address, type Gateway } from './gateway.ts';
import { askBars, listedContract, pairContract, type Closes } from './bars.ts';
import { restatedMarks } from './restated.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Hours of one request: what it may cover of hourly bars is a month. */
const BARS_MAX = 20 * 24;
/** The longest weekend of the exchanges. */
const CARRIED_MS = 5 * DAY_MS;
/** Currencies are listed against each other in this order: EUR.USD, USD.CHF. */
const RANKS = ['EUR', 'GBP', 'AUD', 'NZD', 'USD', 'CAD', 'CHF'];
/** The worker's own machine and what clouds tell their machines about themselves. */
const REFUSED = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const) {
  REFUSED.addSubnet(net, bits);
}

export const venue: Venue = {
  capabilities: {
    ...flex.capabilities,
    venue: 'tws',
    title: 'Interactive Brokers: statements, and hourly prices of a TWS or IB Gateway',
    unseen: ['dividends and interest before they are paid'],
    credentials: ['flexToken', 'flexQueryId', 'host', 'port'],
  },
  connect: async (credentials, context) => {
    const address = addressOf(credentials, context);
    const account = await readAccount(credentials, context);
    return sessionWith(openGateway(address, context.signal), account);
  },
  prices: flex.prices,
};

function sessionWith(gateway: Gateway, account: Account): VenueSession {
  const { statement } = account;
  const told = sessionOf(account);
  return {
    ...told,
    identify: async () => {
      const identity = await told.identify();
      const accounts = await gateway.accounts();
      if (!accounts.includes(identity.venueAccountId)) {
        throw new RecordError('VENUE_SCOPE_MISSING', { place: 'host.account' });
      }
      // Nothing says whether its owner has set it to read only.
      return { ...identity, permissions: { ...identity.permissions, trade: true } };
    },
    quotes: {
      currency: baseOf(statement),
      ask: (requests) => askPrices(gateway, account, requests),
    },
    close: async () => gateway.close(),
  };
}

/** Of a day's end the broker's own; of the hours before, the Gateway's. */
async function askPrices(
  gateway: Gateway,
  { statement, told }: Account,
  requests: readonly PriceRequest[],
): Promise<PriceAnswer> {
  const { prices, marks } = closingPrices(statement);
  const own = new Set([
    ...prices.map(({ asset, at }) => `asset ${asset} ${at}`),
    ...marks.map(({ instrument, at }) => `mark ${instrument} ${at}`),
  ]);
  // Within an hour what is held has the price of the hour before.
  const asked = requests.filter(
    ({ kind, name, at }) => at % HOUR_MS === 0 && !own.has(`${kind} ${name} ${at}`),
  );
  const fetchCloses = async ({ kind, marketId, first, last }: CandleRun): Promise<Closes> => {
    const [base = '', quote] = marketId.split('.');
    const contract = kind === 'mark' ? listedContract(base) : pairContract(base, quote ?? '');
    const days = Math.ceil((last - first) / DAY_MS) + 1;
    return await gateway.ask(askBars(contract, kind === 'asset', last, days));
  };
  const contracts = [...told.instruments].map(
    ([id, instrument]) => [id, { id, symbol: id, instrument }] as const,
  );
  const answer = await answerPrices(asked, {
    markets: {
      pairs: new Map(asked.map(({ name, currency }) => [name, pairOf(name, currency)])),
      contracts: new Map(contracts),
    },
    pivots: [],
    rowsMax: BARS_MAX,
    fetchCloses,
  });
  const restated = await restatedMarks(told, holdingsOf(statement), async (marketId, last) => {
    const run = { kind: 'mark', marketId, intervalMs: HOUR_MS, first: last - CARRIED_MS, last };
    return await fetchCloses({ ...run, kind: 'mark' });
  });
  const isTold = new Set([
    ...own,
    ...answer.marks.map(({ instrument, at }) => `mark ${instrument} ${at}`),
  ]);
  const carried = restated.filter(({ instrument, at }) => !isTold.has(`mark ${instrument} ${at}`));
  return { prices: [...prices, ...answer.prices], marks: [...marks, ...answer.marks, ...carried] };
}

function pairOf(asset: string, currency: string): Pair {
  const rankOf = (name: string): number =>
    RANKS.includes(name) ? RANKS.indexOf(name) : RANKS.length;
  const [base, quote] = rankOf(asset) < rankOf(currency) ? [asset, currency] : [currency, asset];
  return { id: `${base}.${quote}`, base, quote, isActive: true };
}

function addressOf(credentials: VenueCredentials, { egress }: VenueContext): Address {
  const [host, port] = [textOf(credentials, 'host'), textOf(credentials, 'port')];
  // An address and no name: what a name leads to may change after it was looked at.
  if (!isIPv4(host) || !/^\d{2,5}$/.test(port) || Number(port) > 65_535) {
    throw new RecordError('VENUE_KEY_REJECTED', { place: 'host' });
  }
  if (REFUSED.check(host)) throw new RecordError('VENUE_HOST_REFUSED');
  return egress ?? { host, port: Number(port) };
}
