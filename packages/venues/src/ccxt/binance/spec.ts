// Binance as the ccxt machinery sees it: hosts, options, the meaning of its codes, and what this
// connector can do. Codes: developers.binance.com, "Error codes" of spot and of USD-M futures, and
// HTTP return codes.

import type { Code } from '@track-record/errors';
import type { VenueCapabilities } from '../../contract.ts';
import type { CcxtVenue } from '../client.ts';
import { DAY_MS } from '../pagers.ts';

const HOSTS = ['api.binance.com', 'fapi.binance.com'] as const;

export const capabilities: VenueCapabilities = {
  venue: 'binance',
  title: 'Binance: spot, funding wallet and USD-M futures',
  instruments: ['spot', 'linear', 'future'],
  feeds: [
    'fill',
    'fee',
    'rebate',
    'funding',
    'interest',
    'dividend',
    'reward',
    'conversion',
    'realised',
    'settlement',
    'transfer',
    'flow',
  ],
  unseen: ['earn subscriptions', 'pay and P2P', 'card purchases', 'sub-account transfers'],
  quoteCurrency: 'USDT',
  // Fills and income appear within seconds; wallet records within minutes.
  finalityLagMs: 600_000,
  // A day less than the 90 that history.ts insists on, for the time between asking and answering.
  historyMs: 89 * DAY_MS,
  hosts: HOSTS,
  credentials: ['apiKey', 'secret'],
};

const CODES: ReadonlyMap<string, Code> = new Map<string, Code>([
  ['-1000', 'VENUE_UNAVAILABLE'],
  ['-1001', 'VENUE_UNAVAILABLE'],
  ['-1002', 'VENUE_SCOPE_MISSING'],
  ['-1003', 'VENUE_RATE_LIMITED'],
  ['-1004', 'VENUE_UNAVAILABLE'],
  ['-1006', 'VENUE_UNAVAILABLE'],
  ['-1007', 'VENUE_UNAVAILABLE'],
  // Servers overloaded; the request was not looked at.
  ['-1008', 'VENUE_UNAVAILABLE'],
  ['-1015', 'VENUE_RATE_LIMITED'],
  ['-1016', 'VENUE_MAINTENANCE'],
  ['-1021', 'VENUE_CLOCK_SKEW'],
  ['-1022', 'VENUE_KEY_REJECTED'],
  ['-1099', 'VENUE_KEY_REJECTED'],
  ['-2008', 'VENUE_KEY_REJECTED'],
  ['-2014', 'VENUE_KEY_REJECTED'],
  // Key, address or permission: Binance does not say which. docs/venues.md names all three.
  ['-2015', 'VENUE_KEY_REJECTED'],
  ['-2017', 'VENUE_KEY_REJECTED'],
  ['-3000', 'VENUE_UNAVAILABLE'],
  ['-3044', 'VENUE_UNAVAILABLE'],
  ['-3999', 'VENUE_SCOPE_MISSING'],
  ['-4005', 'VENUE_RATE_LIMITED'],
]);

export const binanceVenue: CcxtVenue = {
  id: 'binance',
  hosts: HOSTS,
  // Without these ccxt would load inverse markets, margin pairs and currencies as well.
  options: { fetchMarkets: { types: ['spot', 'linear'] }, fetchMargins: false },
  credentials: ['apiKey', 'secret'],
  refusals: {
    codeOf,
    byCode: CODES,
    // The web application firewall answers 403 in HTML to an address that asks too much.
    byStatus: new Map<number, Code>([[403, 'VENUE_RATE_LIMITED']]),
  },
  // 90,000 and 3,000 of an account's own 180,000 a minute and endpoint; ccxt takes them from the
  // address.
  keyLimits: new Map([
    ['sapiGetFiatOrders', { path: 'fiat/orders', perMinute: 2 }],
    ['sapiGetConvertTradeFlow', { path: 'convert/tradeFlow', perMinute: 60 }],
  ]),
  // 6,000 a minute, which ccxt states as 1,200; USD-M futures have 2,400 of their own.
  allowanceOf: (api) =>
    api.startsWith('fapi') ? { name: 'futures', scale: 0.5 } : { name: 'spot', scale: 1 },
};

/** `{"code":-2015,"msg":"…"}`; codes of success are 0, 200 and 000000. */
function codeOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('code' in answer)) return null;
  const { code } = answer;
  return typeof code === 'number' || typeof code === 'string' ? String(code) : null;
}
