// One ccxt exchange, held so that it can do no harm: single-exchange import, digits kept,
// connections pinned, every throw a RecordError, one throttle per venue and egress address. The
// public instance holds no key and is shared by all accounts of a venue; a keyed instance belongs
// to one session and is emptied when that session closes. Answers are untrusted; rows.ts reads
// them.

import { createHash } from 'node:crypto';
import { RecordError } from '@track-record/errors';
import type { Exchange } from 'ccxt';
import type { VenueCapabilities, VenueContext, VenueCredentials } from '../contract.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { marketsOf, type CcxtMarket, type Listed, type Markets } from './markets.ts';
import type { Asked } from './pagers.ts';
import { refusalOfAnswer, refusalOfThrown, type RefusalTable } from './refusals.ts';
import { parseLosslessJson, parseRow } from './rows.ts';

/** Until headers arrive; the dispatcher bounds the body. */
const REQUEST_TIMEOUT_MS = 20_000;
/** New listings appear daily; a pair younger than this is not yet asked for. */
const MARKETS_AGE_MAX_MS = 6 * 3_600_000;
const UTF8 = new TextDecoder();

/** What a venue's folder tells the machinery. */
export interface CcxtVenue {
  /** ccxt's id: the name of its source file. */
  readonly id: string;
  readonly capabilities: VenueCapabilities;
  readonly options: Readonly<Record<string, unknown>>;
  /** Laid over ccxt's description of the exchange: methods that it lacks. */
  readonly described?: Readonly<Record<string, unknown>>;
  readonly refusals: RefusalTable;
  /** Instead of naming markets by ccxt's ids of their assets. */
  readonly listedOf?: (market: CcxtMarket) => Listed;
  /** The parameter that names the wallet: where a table leaves it empty, it is the session's. */
  readonly addressedAs?: string;
  /** A nonce that is not above the last one of its key is refused. */
  readonly countsNonces?: true;
  /** The permission that a method needs beyond what the first answer has proven. */
  readonly scopeOf?: (method: string) => string | null;
  /** The allowance that a request to one of ccxt's api groups and paths uses up. */
  readonly allowanceOf?: (api: string, path: string) => Allowance | null;
}

/** What a venue counts apart, where ccxt counts one sum for all. */
export interface Allowance {
  readonly name: string;
  /** What one of ccxt's units is worth here. */
  readonly scale?: number;
  /** Instead of ccxt's own, for what is the account's and must not use up the address's. */
  readonly accountCost?: number;
}

export interface CcxtClient {
  /** One of ccxt's implicit methods, which send one request and return the venue's own JSON. */
  readonly call: (method: string, parameters?: Asked) => Promise<unknown>;
  /** Requests sent so far. */
  readonly requestCount: () => number;
  /** Signs with the venue's clock from now on. */
  readonly setServerTime: (serverTime: number) => void;
  /** Whether a text is the key that signs here, or the wallet. */
  readonly isOurs: (name: string) => boolean;
  readonly close: () => Promise<void>;
}

interface Throttle {
  readonly throttle: (cost: number) => Promise<void>;
}

interface PublicClient {
  readonly exchange: Exchange;
  /** By allowance: what makes every instance wait. */
  readonly throttles: Map<string, Throttle>;
  /** The last nonce of each account. */
  readonly nonces: Map<string, number>;
  markets: Promise<Markets> | null;
  marketsAt: number;
}

const publicClients = new Map<string, Promise<PublicClient>>();

/** The markets of the venue and a client without a key. */
export async function openPublicClient(
  venue: CcxtVenue,
  context: VenueContext,
): Promise<{ client: CcxtClient; markets: Markets }> {
  const shared = await findPublicClient(venue, context);
  const client = boundClient(shared.exchange, venue, context, () => Promise.resolve());
  if (shared.markets === null || context.now() - shared.marketsAt > MARKETS_AGE_MAX_MS) {
    shared.marketsAt = context.now();
    shared.markets = loadMarkets(shared.exchange, venue);
  }
  try {
    return { client, markets: await shared.markets };
  } catch (error) {
    shared.markets = null;
    throw refusalOfThrown(error);
  }
}

/**
 * A client that signs. Its credentials are copied out of their Secrets here and dropped by `close`.
 */
export async function openKeyedClient(
  venue: CcxtVenue,
  credentials: VenueCredentials,
  context: VenueContext,
): Promise<CcxtClient> {
  const shared = await findPublicClient(venue, context);
  const exchange = await createExchange(venue, context);
  const dispatcher = pin(exchange, venue, context, 'pages');
  const fields = venue.capabilities.credentials;
  for (const field of fields) {
    const secret = credentials.get(field);
    if (secret === undefined) throw new RecordError('VENUE_KEY_REJECTED', { place: field });
    Reflect.set(
      exchange,
      field,
      secret.open((bytes) => UTF8.decode(bytes)),
    );
  }
  const [first = 'apiKey'] = fields;
  const account = String(credentials.get(first)?.open(digestOf));
  shareAllowances(exchange, venue, shared.throttles, account);
  if (venue.countsNonces === true) serialiseNonces(exchange, shared.nonces, account);
  return boundClient(exchange, venue, context, async () => {
    for (const field of fields) Reflect.set(exchange, field, '');
    exchange.last_request_headers = {};
    exchange.last_request_url = '';
    await dispatcher.destroy();
  });
}

/** A client whose every request is answered with `body`, as if the venue had just sent it. */
export async function openRecordedClient(
  venue: CcxtVenue,
  body: string,
  context: VenueContext,
): Promise<CcxtClient> {
  const exchange = await createExchange(venue, context, () => Promise.resolve(new Response(body)));
  // Signing needs something to sign with; nothing is sent.
  for (const field of venue.capabilities.credentials) Reflect.set(exchange, field, 'recorded');
  return boundClient(exchange, venue, context, () => Promise.resolve());
}

function findPublicClient(venue: CcxtVenue, context: VenueContext): Promise<PublicClient> {
  const { egress } = context;
  const key = `${venue.id} ${egress === null ? '' : `${egress.host}:${egress.port}`}`;
  const known = publicClients.get(key);
  if (known !== undefined) return known;
  const opened = openPublicExchange(venue, context);
  publicClients.set(key, opened);
  return opened;
}

async function openPublicExchange(venue: CcxtVenue, context: VenueContext): Promise<PublicClient> {
  const exchange = await createExchange(venue, context);
  const throttles = new Map<string, Throttle>();
  shareAllowances(exchange, venue, throttles, '');
  pin(exchange, venue, context, 'markets');
  return { exchange, throttles, nonces: new Map(), markets: null, marketsAt: 0 };
}

/** Makes `exchange` wait where every instance of this venue and address, or account, waits. */
function shareAllowances(
  exchange: Exchange,
  venue: CcxtVenue,
  throttles: Map<string, Throttle>,
  account: string,
): void {
  const costOf = exchange.calculateRateLimiterCost.bind(exchange);
  let waiting = '';
  exchange.calculateRateLimiterCost = (api, method, path, ...rest) => {
    const allowance = venue.allowanceOf?.(String(api), String(path)) ?? { name: '' };
    const { name, scale = 1, accountCost } = allowance;
    waiting = accountCost === undefined ? name : `${account} ${name}`;
    // With `number: String` ccxt computes costs as text, which its throttle would append.
    return accountCost ?? Number(costOf(api, method, path, ...rest)) * scale;
  };
  // ccxt asks for the cost and then waits, in one turn of the event loop: the name is its own.
  exchange.throttle = (cost: number) => {
    const known = throttles.get(waiting);
    if (known === undefined) exchange.initThrottler();
    const throttle: Throttle = known ?? exchange.throttler;
    throttles.set(waiting, throttle);
    return throttle.throttle(cost);
  };
}

/** Ascending for all clients of one key, though their clocks differ or stand still. */
function serialiseNonces(exchange: Exchange, nonces: Map<string, number>, account: string): void {
  const nonceOf = exchange.nonce.bind(exchange);
  exchange.nonce = () => {
    const last = nonces.get(account);
    const nonce = last === undefined ? nonceOf() : Math.max(nonceOf(), last + 1);
    nonces.set(account, nonce);
    return nonce;
  };
}

function pin(
  exchange: Exchange,
  { capabilities }: CcxtVenue,
  { egress }: VenueContext,
  bounds: 'pages' | 'markets',
): Dispatcher {
  const dispatcher = createDispatcher(
    exchange.undiciModule,
    new Set(capabilities.hosts),
    egress,
    bounds,
  );
  exchange.fetchDispatcher = dispatcher;
  return dispatcher;
}

async function loadMarkets(exchange: Exchange, { listedOf }: CcxtVenue): Promise<Markets> {
  // Reloading is explicit: ccxt caches a rejected promise otherwise.
  return marketsOf(await exchange.loadMarkets(true), listedOf);
}

async function createExchange(
  venue: CcxtVenue,
  context: VenueContext,
  answer?: () => Promise<Response>,
): Promise<Exchange> {
  // By file path: the package's entry point would load a hundred exchanges (toolchain.md section
  // 6b).
  const source = new URL(`./src/${venue.id}.js`, import.meta.resolve('ccxt')).href;
  const ExchangeClass = parseExchangeClass(await import(source));
  const exchange = new ExchangeClass({
    number: String,
    timeout: REQUEST_TIMEOUT_MS,
    // Counts as venues count: a minute's allowance at once, rather than evenly spaced calls.
    rateLimiterAlgorithm: 'rollingWindow',
    enableLastHttpResponse: false,
    enableLastResponseHeaders: false,
    // A compressed body would pass the size cap and grow afterwards.
    headers: { 'Accept-Encoding': 'identity' },
    options: { ...venue.options },
    ...venue.described,
  });
  // ccxt would ask for currencies with the key, which a narrow read-only key may not.
  exchange.has['fetchCurrencies'] = false;
  exchange.milliseconds = context.now;
  exchange.parseJson = parseLosslessJson;
  // Packages of these names, if somebody put them there, would see every request.
  exchange.loadProxyModules = () => Promise.resolve();
  if (answer !== undefined) exchange.fetchImplementation = answer;
  await exchange.loadFetchImplementation();
  exchange.zlibModule = refusingInflate;
  guard(exchange, venue);
  return exchange;
}

/** Puts our own reading of failures in front of ccxt's. */
function guard(exchange: Exchange, venue: CcxtVenue): void {
  const sign = exchange.sign.bind(exchange);
  const handleErrors = exchange.handleErrors.bind(exchange);
  exchange.sign = (...request) => {
    try {
      return sign(...request);
    } catch (error) {
      // A malformed secret makes the signature functions throw plain errors of many kinds.
      throw Error.isError(error) ? new RecordError('VENUE_KEY_REJECTED') : error;
    }
  };
  exchange.handleErrors = (status, text, url, method, headers, body, json, ...rest) => {
    const isEmpty = body === '';
    const refusal = refusalOfAnswer(venue.refusals, { status, headers, json, isEmpty });
    if (refusal !== null) throw refusal;
    return handleErrors(status, text, url, method, headers, body, json, ...rest);
  };
}

function boundClient(
  exchange: Exchange,
  { scopeOf, addressedAs = '' }: CcxtVenue,
  context: VenueContext,
  close: () => Promise<void>,
): CcxtClient {
  let requests = 0;
  return {
    requestCount: () => requests,
    isOurs: (name) =>
      name === (addressedAs === '' ? exchange.apiKey : exchange.walletAddress.toLowerCase()),
    setServerTime: (serverTime) => {
      const behind = context.now() - serverTime;
      exchange.options['timeDifference'] = behind;
      // ccxt's own reads the host's clock.
      exchange.seconds = () => Math.floor((context.now() - behind) / 1000);
    },
    call: async (method, parameters = {}) => {
      requests += 1;
      const isAddressed = parameters[addressedAs] === '';
      const address = isAddressed ? { [addressedAs]: exchange.walletAddress } : {};
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const abort = (): void => reject(new RecordError('VENUE_UNAVAILABLE'));
      context.signal.addEventListener('abort', abort, { once: true });
      if (context.signal.aborted) abort();
      try {
        return await Promise.race([
          aborted,
          parseMethod(exchange, method)({ ...parameters, ...address }),
        ]);
      } catch (error) {
        const refusal = refusalOfThrown(error);
        const place = scopeOf?.(method) ?? null;
        const isScope = place !== null && refusal.code === 'VENUE_KEY_REJECTED';
        throw isScope ? new RecordError('VENUE_SCOPE_MISSING', { place }) : refusal;
      } finally {
        context.signal.removeEventListener('abort', abort);
      }
    },
    close,
  };
}

/** Tells accounts apart in memory without keeping their keys. */
function digestOf(apiKey: Uint8Array): string {
  return createHash('sha256').update(apiKey).digest('hex');
}

/** Asked for identity, a server that compresses anyway is not read: the size would be unbounded. */
const refusingInflate = {
  createGunzip: refuseCompressed,
  createBrotliDecompress: refuseCompressed,
  createInflate: refuseCompressed,
};

function refuseCompressed(): never {
  throw new RecordError('VENUE_UNEXPECTED_SHAPE', { place: 'content-encoding' });
}

function parseExchangeClass(module: unknown): new (config: object) => Exchange {
  const { default: found } = parseRow(module, 'module');
  if (typeof found !== 'function') throw new Error('ccxt has no such exchange.');
  return found as new (config: object) => Exchange;
}

function parseMethod(exchange: Exchange, name: string): (parameters: Asked) => Promise<unknown> {
  const method: unknown = Reflect.get(exchange, name);
  if (typeof method !== 'function') throw new Error('ccxt has no such method.');
  return method.bind(exchange) as (parameters: Asked) => Promise<unknown>;
}
