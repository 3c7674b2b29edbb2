// Who may ask: API key, clock, HMAC-SHA256 signature over the exact bytes of query and body
// (developers.binance.com, "Request security"), and how much: request weight per minute and pool,
// 429 when it is used up, 418 for a client that keeps asking.

import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Endpoint } from './call.ts';
import { missing, rateLimited, refusal } from './refusal.ts';

const RECV_WINDOW_USUAL_MS = 5_000;
const RECV_WINDOW_MAX_MS = 60_000;
/** A timestamp may be this far ahead of the venue's clock. */
const AHEAD_MAX_MS = 1_000;
const MINUTE_MS = 60_000;
const BAN_S = 120;

export interface Credentials {
  readonly apiKey: string;
  readonly secret: string;
}

export interface Limits {
  /** Weight per minute: spot, wallet by address, wallet by account, futures. */
  readonly api: number;
  readonly 'sapi-ip': number;
  readonly 'sapi-uid': number;
  readonly fapi: number;
  /** Requests after the first 429 of a minute that turn it into a ban. */
  readonly refusedBeforeBan: number;
}

export type Pool = 'api' | 'sapi-ip' | 'sapi-uid' | 'fapi';

export const REAL_LIMITS: Limits = {
  api: 6_000,
  'sapi-ip': 12_000,
  'sapi-uid': 180_000,
  fapi: 2_400,
  refusedBeforeBan: 20,
};

const HEADERS: Readonly<Record<Pool, string>> = {
  api: 'x-mbx-used-weight-1m',
  'sapi-ip': 'x-sapi-used-ip-weight-1m',
  'sapi-uid': 'x-sapi-used-uid-weight-1m',
  fapi: 'x-mbx-used-weight-1m',
};

export interface SignedRequest {
  readonly apiKey: string | undefined;
  readonly query: string;
  readonly body: string;
  readonly params: URLSearchParams;
}

export function checkSecurity(
  request: SignedRequest,
  security: Endpoint['security'],
  credentials: Credentials,
  now: number,
): void {
  if (security === 'none') return;
  const { apiKey, params } = request;
  if (apiKey === undefined || !/^[A-Za-z0-9]{16,128}$/.test(apiKey)) {
    throw refusal(401, -2014, 'API-key format invalid.');
  }
  if (security === 'signed') checkClock(params, now);
  if (apiKey !== credentials.apiKey) {
    throw refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.');
  }
  if (security === 'signed') checkSignature(request, credentials.secret);
}

function checkClock(params: URLSearchParams, now: number): void {
  const timestamp = params.get('timestamp') ?? '';
  if (!/^[0-9]{1,19}$/.test(timestamp)) throw missing('timestamp');
  if (params.get('signature') === null) throw missing('signature');
  const recvWindow = Number(params.get('recvWindow') ?? RECV_WINDOW_USUAL_MS);
  if (!(recvWindow > 0 && recvWindow <= RECV_WINDOW_MAX_MS)) {
    throw refusal(400, -1131, "Parameter 'recvWindow' must be less than 60000.");
  }
  const behind = now - Number(timestamp);
  if (behind > recvWindow) {
    throw refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
  }
  if (behind <= -AHEAD_MAX_MS) {
    const words = `Timestamp for this request was ${AHEAD_MAX_MS}ms ahead of the server's time.`;
    throw refusal(400, -1021, words);
  }
}

/**
 * The signed text is the query followed by the body, without a separator and without the signature.
 */
function checkSignature({ query, body, params }: SignedRequest, secret: string): void {
  const unsigned = (part: string): string =>
    part
      .split('&')
      .filter((pair) => !pair.startsWith('signature='))
      .join('&');
  const expected = createHmac('sha256', secret).update(unsigned(query) + unsigned(body));
  const given = Buffer.from(params.get('signature') ?? '', 'hex');
  const digest = expected.digest();
  if (given.length !== digest.length || !timingSafeEqual(given, digest)) {
    throw refusal(400, -1022, 'Signature for this request is not valid.');
  }
}

export interface WeightMeter {
  /** Counts a request and returns the headers that tell its pool's use; throws the 429 or 418. */
  readonly use: (pool: Pool, path: string, weight: number) => Record<string, string>;
}

export function weightMeter(limits: Limits, now: () => number): WeightMeter {
  const used = new Map<string, number>();
  let minute = 0;
  let refused = 0;
  let bannedUntil = 0;
  return {
    use: (pool, path, weight) => {
      const at = now();
      if (at < bannedUntil) throw rateLimited(418, Math.ceil((bannedUntil - at) / 1_000), at);
      if (Math.floor(at / MINUTE_MS) !== minute) {
        minute = Math.floor(at / MINUTE_MS);
        refused = 0;
        used.clear();
      }
      // "Each endpoint with UID limits has an independent 180000 per minute limit"; by address
      // alike.
      const name = pool === 'api' || pool === 'fapi' ? pool : path;
      const total = (used.get(name) ?? 0) + weight;
      used.set(name, total);
      if (total > limits[pool]) {
        refused += 1;
        if (refused > limits.refusedBeforeBan) {
          bannedUntil = at + BAN_S * 1_000;
          throw rateLimited(418, BAN_S, at);
        }
        throw rateLimited(429, Math.ceil(((minute + 1) * MINUTE_MS - at) / 1_000), at);
      }
      const headers = { [HEADERS[pool]]: String(total) };
      return pool === 'api' ? { ...headers, 'x-mbx-used-weight': String(total) } : headers;
    },
  };
}
