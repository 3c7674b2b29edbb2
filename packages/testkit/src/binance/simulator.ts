// A Binance that answers on this machine: one plain-HTTP server that tells spot and wallet, USD-M,
// COIN-M and options apart by the Host header, knows one account (the scenario's), and shows only
// what has happened by its clock. Checks keys, signatures, clocks, windows and weights as the real
// one does. For tests and the demo; it is outside the trusted base.

import type { IncomingMessage } from 'node:http';

import type { Scenario } from '../scenario/build-scenario.ts';
import { hash32 } from '../scenario/random.ts';
import type { Endpoint, Permissions, Venue } from './call.ts';
import { faultSwitch, Refusal, refuseByFault } from '../simulator/faults.ts';
import type { Fault, Faults } from '../simulator/faults.ts';
import { toJson } from '../simulator/json.ts';
import { startVenueServer } from '../simulator/server.ts';
import type { Answer, Simulator } from '../simulator/server.ts';
import { futuresEndpoints } from './futures.ts';
import { REAL_LIMITS, checkSecurity, weightMeter } from './gate.ts';
import type { Credentials, Limits, Pool, WeightMeter } from './gate.ts';
import { marketEndpoints } from './market-feeds.ts';
import { faultWords, refusal } from './refusal.ts';
import { movementEndpoints } from './movements.ts';
import { spotEndpoints } from './spot.ts';

/** A key as careful owners make it: reading only, bound to an address. */
const READ_ONLY: Permissions = {
  ipRestrict: true,
  enableReading: true,
  enableWithdrawals: false,
  enableInternalTransfer: false,
  permitsUniversalTransfer: false,
  enableSpotAndMarginTrading: false,
  enableFutures: false,
  enableMargin: false,
  enableVanillaOptions: false,
  enablePortfolioMarginTrading: false,
};
const HOSTS: Readonly<Record<string, RegExp>> = {
  'api.binance.com': /^\/(api|sapi)\//,
  'fapi.binance.com': /^\/fapi\//,
  'dapi.binance.com': /^\/dapi\//,
  'eapi.binance.com': /^\/eapi\//,
};
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries({
    ...marketEndpoints,
    ...spotEndpoints,
    ...movementEndpoints,
    ...futuresEndpoints,
  }),
);
const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' };

export interface BinanceSimulatorOptions {
  readonly scenario: Scenario;
  /** The venue's clock, milliseconds UTC. */
  readonly now: () => number;
  /** The one key that is known; the scenario's own unless given. */
  readonly credentials?: Credentials;
  readonly permissions?: Partial<Permissions>;
  readonly limits?: Partial<Limits>;
  /** Weights refill with this clock: the machine's own, because they bound real traffic. */
  readonly limitClock?: () => number;
  readonly faults?: readonly Fault[];
  readonly port?: number;
}

export interface BinanceSimulator extends Simulator {
  readonly setPermissions: (change: Partial<Permissions>) => void;
}

interface Desk {
  readonly venue: Venue;
  readonly faults: Faults;
  readonly requests: Map<string, number>;
  readonly meter: WeightMeter;
  readonly credentials: Credentials;
  readonly now: () => number;
}

export async function startBinanceSimulator(
  options: BinanceSimulatorOptions,
): Promise<BinanceSimulator> {
  const { scenario, now } = options;
  let permissions: Permissions = { ...READ_ONLY, ...options.permissions };
  const desk: Desk = {
    venue: {
      scenario,
      permissions: () => permissions,
      uid: 100_000_000 + (hash32(scenario.start, scenario.events.length) % 900_000_000),
      bookAt: scenario.readBook(),
      pastBookAt: scenario.readBook(),
    },
    faults: faultSwitch(options.faults ?? []),
    requests: new Map(),
    meter: weightMeter({ ...REAL_LIMITS, ...options.limits }, options.limitClock ?? Date.now),
    credentials: options.credentials ?? scenario.credentials,
    now,
  };
  const server = await startVenueServer(options.port, (request, body) =>
    answer(desk, request, body),
  );
  return {
    port: server.port,
    requests: desk.requests,
    faults: desk.faults,
    setPermissions: (change) => {
      permissions = { ...permissions, ...change };
    },
    close: server.close,
  };
}

function answer(desk: Desk, request: IncomingMessage, body: string): Answer {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const name = `${request.method} ${path}`;
  desk.requests.set(name, (desk.requests.get(name) ?? 0) + 1);
  const { venue, meter, credentials } = desk;
  const now = desk.now();
  const faults = desk.faults.take(name, query);
  let headers: Record<string, string> = { ...JSON_TYPE };
  try {
    refuseByFault(faults, faultWords, now);
    const endpoint = endpointAt(request.headers.host ?? '', path, name);
    const params = new URLSearchParams([query, body].filter((part) => part !== '').join('&'));
    const weight = typeof endpoint.weight === 'number' ? endpoint.weight : endpoint.weight(params);
    headers = { ...headers, ...meter.use(endpoint.pool ?? poolOf(path), path, weight) };
    const apiKey = single(request.headers['x-mbx-apikey']);
    checkSecurity({ apiKey, query, body, params }, endpoint.security, credentials, now);
    if (endpoint.security === 'signed' && !venue.permissions().enableReading) {
      throw refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.');
    }
    const json = endpoint.answer({ venue, now, params, faults });
    return { status: 200, headers, body: toJson(json), faults };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      status: error.status,
      headers: { ...headers, ...error.headers },
      body: error.body,
      faults,
    };
  }
}

function endpointAt(host: string, path: string, name: string): Endpoint {
  const endpoint = ENDPOINTS.get(name);
  if (endpoint === undefined || HOSTS[host]?.test(path) !== true) {
    throw new Refusal(404, '<html><body>Not found</body></html>', { 'content-type': 'text/html' });
  }
  return endpoint;
}

function poolOf(path: string): Pool {
  if (path.startsWith('/sapi/')) return 'sapi-ip';
  return path.startsWith('/api/') ? 'api' : 'fapi';
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
