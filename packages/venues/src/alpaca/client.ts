// Alpaca's own client, held so that it can do no harm. It would take keys from the environment when
// one is missing, choose paper trading when not told, retry what is refused, and read money as
// floating point: so keys and environment are always given, connections lead to its hosts only, and
// refusals and answers are read here. The part of the package without sockets is loaded. Answers
// are untrusted.

import assert from 'node:assert/strict';
import { Alpaca } from '@alpacahq/alpaca-trade-api/rest';
import { RecordError } from '@track-record/errors';
import * as undici from 'undici';
import { createDispatcher } from '../ccxt/dispatcher.ts';
import { codesOf, refusalOfAnswer, refusalOfThrown, type RefusalTable } from '../ccxt/refusals.ts';
import { parseLosslessJson } from '../ccxt/rows.ts';
import type { CredentialField, VenueContext, VenueCredentials } from '../contract.ts';

const DATA_HOST = 'data.alpaca.markets';
export const HOSTS = ['api.alpaca.markets', 'paper-api.alpaca.markets', DATA_HOST];
/** For a request with its body; a full page takes a second or two. */
const timeoutMs = 30_000;
const UTF8 = new TextDecoder();

const IDENTITY = ['accept-encoding', 'identity'];

/** 403 is told apart by the host: its codes are one for several causes, or are missing. */
const refusals: RefusalTable = {
  codeIn: 'code',
  byCode: codesOf([
    ['VENUE_KEY_REJECTED', '40110000'],
    ['VENUE_RATE_LIMITED', '42910000'],
    ['VENUE_UNEXPECTED_SHAPE', '40010000, 40010001, 40410000, 42210000'],
  ]),
};

/** One request through the client, and the venue's own JSON with every digit. */
export type Call = (
  ask: (alpaca: Alpaca) => Promise<{ readonly raw: Response }>,
) => Promise<unknown>;
export type FetchApi = (url: string, init: RequestInit) => Promise<Response>;

export interface AlpacaClient {
  readonly call: Call;
  readonly requestCount: () => number;
  readonly close: () => Promise<void>;
}

/** `paper`: which of the two environments is asked; a key is known to one of them only. */
export function openClient(
  credentials: VenueCredentials,
  paper: boolean,
  context: VenueContext,
): AlpacaClient {
  const dispatcher = createDispatcher(undici, new Set(HOSTS), context.egress, 'pages');
  assert(dispatcher instanceof undici.Agent);
  let requests = 0;
  const fetchApi: FetchApi = async (url, init) => {
    requests += 1;
    const { statusCode, headers, body } = await undici.request(url, {
      dispatcher,
      signal: AbortSignal.any([context.signal, ...(init.signal ? [init.signal] : [])]),
      // Compressed, a body would pass the size cap and grow afterwards.
      headers: [...Object.entries(init.headers ?? {}), IDENTITY].flat(),
    });
    const text = await body.text();
    if (statusCode !== 200) throw refusalOf(url, statusCode, headers['retry-after'], text);
    return new Response(text);
  };
  return {
    call: callerOf(open(credentials, 'apiKey'), open(credentials, 'secret'), paper, fetchApi),
    requestCount: () => requests,
    close: () => dispatcher.destroy(),
  };
}

export function callerOf(keyId: string, secret: string, paper: boolean, fetchApi: FetchApi): Call {
  const own = { userAgent: 'track-record', retry: false, timeoutMs } as const;
  const alpaca = new Alpaca({ keyId, secret, paper, fetchApi, ...own });
  return async (ask) => {
    try {
      const json = parseLosslessJson(await (await ask(alpaca)).raw.text());
      // HTML or a cut body under status 200 comes from a proxy, not from the API.
      if (json === undefined) throw new RecordError('VENUE_UNAVAILABLE');
      return json;
    } catch (thrown) {
      // The client wraps what the connection threw.
      const cause = Error.isError(thrown) && Error.isError(thrown.cause) ? thrown.cause : thrown;
      const isLate = Error.isError(cause) && /^(Abort|Timeout)Error$/.test(cause.name);
      throw isLate ? new RecordError('VENUE_UNAVAILABLE') : refusalOfThrown(cause);
    }
  };
}

function refusalOf(url: string, status: number, retryAfter: unknown, text: string): RecordError {
  const json = parseLosslessJson(text);
  const headers = { 'Retry-After': retryAfter };
  const known = refusalOfAnswer(refusals, { status, headers, json, isEmpty: text === '' });
  if (known !== null) return known;
  if (status !== 403) return new RecordError('VENUE_UNEXPECTED_SHAPE');
  // To trading an unknown key; to market data a plan without the feed.
  const isData = new URL(url).hostname === DATA_HOST;
  return new RecordError(isData ? 'VENUE_SCOPE_MISSING' : 'VENUE_KEY_REJECTED');
}

/** Never empty: for an empty text the client would look into the environment. */
function open(credentials: VenueCredentials, field: CredentialField): string {
  const text = credentials.get(field)?.open((bytes) => UTF8.decode(bytes)) ?? '';
  if (text === '') throw new RecordError('VENUE_KEY_REJECTED', { place: field });
  return text;
}
