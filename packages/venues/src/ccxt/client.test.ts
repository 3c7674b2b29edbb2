// The real ccxt client against a local server that misbehaves: what each failure becomes, and that
// nothing of it (key, secret, signature, URL, body, header) is in what is thrown.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RecordError, type Code } from '@track-record/errors';
import type { Secret } from '@track-record/sealing';
import type { VenueContext, VenueCredentials } from '../contract.ts';
import { connector as binanceVenue } from './binance/venue.ts';
import { openKeyedClient, openPublicClient, type CcxtVenue } from './client.ts';

const KEY = 'KEYMARKERq7Zs1aaaaaa';
const SECRET = 'SECRETMARKERx93Lkbbb';
const BODY = 'BODYMARKER55aa';
const NOW = Date.UTC(2026, 0, 10, 12);
const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = `<html><body>${BODY}</body></html>`;

let server: Server;
let listener: RequestListener;

beforeEach(async () => {
  server = createServer((request, response) => listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function context(signal = new AbortController().signal): VenueContext {
  const { port } = server.address() as AddressInfo;
  return { egress: { host: '127.0.0.1', port }, now: () => NOW, signal };
}

function credentials(apiKey = KEY, secret = SECRET): VenueCredentials {
  const secretOf = (text: string): Secret => {
    const open = <T>(read: (bytes: Uint8Array) => T): T => read(new TextEncoder().encode(text));
    return { open } as unknown as Secret;
  };
  return new Map([
    ['apiKey', secretOf(apiKey)],
    ['secret', secretOf(secret)],
  ]);
}

function replyWith(status: number, body: string | Uint8Array, headers = {}): void {
  listener = (_request, response) => {
    response.writeHead(status, { ...JSON_TYPE, ...headers });
    response.end(body);
  };
}

function errorBody(code: number): string {
  return JSON.stringify({ code, msg: `${BODY}, request ip: 203.0.113.7` });
}

async function refusalOf(attempt: Promise<unknown>): Promise<RecordError> {
  const caught: unknown = await attempt.then(
    () => new Error('It was not refused.'),
    (error: unknown) => error,
  );
  if (!(caught instanceof RecordError)) throw caught;
  return caught;
}

async function callWith(keys: VenueCredentials, method = 'privateGetAccount'): Promise<unknown> {
  const client = await openKeyedClient(binanceVenue, keys, context());
  try {
    return await client.call(method);
  } finally {
    await client.close();
  }
}

/** Everything a sink could make of an error. */
function tracesOf(error: unknown): string {
  const shown = inspect(error, { depth: 10, showHidden: true });
  return [String(error), JSON.stringify(error), shown, Error.isError(error) && error.stack].join();
}

describe('accepts', () => {
  test('an answer, signed with the clock of the venue, digits kept', async () => {
    let asked = new URLSearchParams();
    listener = (request, response) => {
      asked = new URL(request.url ?? '', 'http://local').searchParams;
      response.end('{"id": 940708407462087195, "amount": 0.10000000000000000000001}');
    };
    const client = await openKeyedClient(binanceVenue, credentials(), context());
    client.setServerTime(NOW - 7000);
    expect(await client.call('privateGetAccount')).toEqual({
      id: '940708407462087195',
      amount: '0.10000000000000000000001',
    });
    expect(asked.get('timestamp')).toBe(String(NOW - 7000));
    expect(asked.get('signature')).toMatch(/^[0-9a-f]{64}$/);
    await client.close();
  });

  test('the markets again after a failure: a refusal is not kept', async () => {
    replyWith(503, HTML);
    const first = await refusalOf(openPublicClient(binanceVenue, context()));
    expect(first.code).toBe('VENUE_UNAVAILABLE');
    replyWith(200, '{"symbols":[]}');
    const { markets } = await openPublicClient(binanceVenue, context());
    expect(markets.pairs.size).toBe(0);
  });
});

describe('refuses', () => {
  test.each<[string, number, Code, string]>([
    ['unknown key', 401, 'VENUE_KEY_REJECTED', errorBody(-2015)],
    ['malformed key', 401, 'VENUE_KEY_REJECTED', errorBody(-2014)],
    ['wrong signature', 400, 'VENUE_KEY_REJECTED', errorBody(-1022)],
    ['key id unknown', 401, 'VENUE_KEY_REJECTED', errorBody(-2008)],
    ['missing permission', 401, 'VENUE_SCOPE_MISSING', errorBody(-1002)],
    ['clock', 400, 'VENUE_CLOCK_SKEW', errorBody(-1021)],
    ['weight', 429, 'VENUE_RATE_LIMITED', errorBody(-1003)],
    ['weight without a body', 429, 'VENUE_RATE_LIMITED', ''],
    ['ban', 418, 'VENUE_RATE_LIMITED', errorBody(-1003)],
    ['firewall', 403, 'VENUE_RATE_LIMITED', HTML],
    ['region', 451, 'VENUE_GEO_BLOCKED', `{"code":0,"msg":"${BODY}"}`],
    ['overload', 503, 'VENUE_UNAVAILABLE', errorBody(-1008)],
    ['internal', 500, 'VENUE_UNAVAILABLE', HTML],
    ['gateway', 502, 'VENUE_UNAVAILABLE', HTML],
    ['shutting down', 503, 'VENUE_MAINTENANCE', errorBody(-1016)],
    ['HTML under 200', 200, 'VENUE_UNAVAILABLE', HTML],
    ['cut JSON under 200', 200, 'VENUE_UNAVAILABLE', `{"balances":[{"asset":"${BODY}"`],
    ['search window', 400, 'VENUE_UNEXPECTED_SHAPE', errorBody(-4166)],
    ['a code nobody knows', 400, 'VENUE_UNEXPECTED_SHAPE', errorBody(-98_765)],
    ['a redirect', 302, 'VENUE_UNAVAILABLE', ''],
  ])('%s (%d): %s', async (_name, status, code, body) => {
    replyWith(status, body, status === 302 ? { location: 'https://evil.example/' } : {});
    const refusal = await refusalOf(callWith(credentials()));
    expect(refusal.code).toBe(code);
    const traces = tracesOf(refusal);
    const secrets = [KEY, SECRET, BODY, 'signature=', 'https://', '203.0.113.7', 'evil.example'];
    expect(secrets.filter((secret) => traces.includes(secret))).toEqual([]);
  });

  test('a revoked key also after it has worked on the same client', async () => {
    replyWith(200, '{}');
    const client = await openKeyedClient(binanceVenue, credentials(), context());
    await client.call('privateGetAccount');
    replyWith(401, errorBody(-2015));
    const refusal = await refusalOf(client.call('privateGetAccount'));
    expect(refusal.code).toBe('VENUE_KEY_REJECTED');
    await client.close();
  });

  test('too many requests, with the seconds the venue asked for', async () => {
    replyWith(429, errorBody(-1003), { 'retry-after': '37' });
    expect((await refusalOf(callWith(credentials()))).retryAfterSeconds).toBe(37);
  });

  test.each<[string, VenueCredentials]>([
    ['no key at all', new Map()],
    ['a key that no header can carry', credentials('ключ')],
    ['a key with a line break', credentials('a\r\nHost: evil.example')],
    ['a broken private key', credentials(KEY, '-----BEGIN PRIVATE KEY-----\nBODYMARKER55aa')],
  ])('%s: VENUE_KEY_REJECTED', async (_name, keys) => {
    replyWith(200, '{}');
    const refusal = await refusalOf(callWith(keys));
    expect(refusal.code).toBe('VENUE_KEY_REJECTED');
    expect(tracesOf(refusal)).not.toContain(BODY);
  });

  test('a host outside the allow-list: VENUE_HOST_REFUSED', async () => {
    let reached = false;
    listener = () => {
      reached = true;
    };
    const refusal = await refusalOf(callWith(credentials(), 'dapiPrivateGetAccount'));
    expect([refusal.code, reached]).toEqual(['VENUE_HOST_REFUSED', false]);
  });

  test('a body larger than the cap: VENUE_UNEXPECTED_SHAPE', async () => {
    replyWith(200, Buffer.alloc(9_000_000, ' '));
    expect((await refusalOf(callWith(credentials()))).code).toBe('VENUE_UNEXPECTED_SHAPE');
  });

  test('a compressed body, which the cap could not bound: VENUE_UNEXPECTED_SHAPE', async () => {
    replyWith(200, gzipSync('{}'), { 'content-encoding': 'gzip' });
    expect((await refusalOf(callWith(credentials()))).code).toBe('VENUE_UNEXPECTED_SHAPE');
  });

  test('a body that stalls: VENUE_UNAVAILABLE', async () => {
    listener = (_request, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
      response.write('{"balances":');
    };
    expect((await refusalOf(callWith(credentials()))).code).toBe('VENUE_UNAVAILABLE');
  });

  test('a connection that is cut: VENUE_UNAVAILABLE', async () => {
    listener = (request) => request.socket.destroy();
    expect((await refusalOf(callWith(credentials()))).code).toBe('VENUE_UNAVAILABLE');
  });

  test('a call whose deadline passes while the venue is silent: VENUE_UNAVAILABLE', async () => {
    const deadline = new AbortController();
    listener = () => deadline.abort();
    const client = await openKeyedClient(binanceVenue, credentials(), context(deadline.signal));
    const refusal = await refusalOf(client.call('privateGetAccount'));
    expect(refusal.code).toBe('VENUE_UNAVAILABLE');
    await client.close();
  });
});

describe('holds', () => {
  test('a closed client can sign nothing more', async () => {
    replyWith(200, '{}');
    const client = await openKeyedClient(binanceVenue, credentials(), context());
    await client.close();
    expect((await refusalOf(client.call('privateGetAccount'))).code).toBe('VENUE_KEY_REJECTED');
    expect(inspect(client, { depth: 10, showHidden: true })).not.toContain(SECRET);
  });

  test('what an account may ask in a minute is counted over all its clients', async () => {
    replyWith(200, '{}');
    // Binance's minute is worth 1,200 of ccxt's units.
    const venue: CcxtVenue = {
      ...binanceVenue,
      allowanceOf: (_api, path) => ({ name: path, accountCost: 1200 }),
    };
    const end = new AbortController();
    const open = (key: string) => openKeyedClient(venue, credentials(key), context(end.signal));
    const [first, second, other] = [await open('one'), await open('one'), await open('other')];
    await first.call('sapiGetFiatOrders');
    await other.call('sapiGetFiatOrders');
    const late = refusalOf(second.call('sapiGetFiatOrders')).then(({ code }) => code);
    const soon = new Promise((resolve) => setTimeout(() => resolve('waits'), 300));
    expect(await Promise.race([late, soon])).toBe('waits');
    end.abort();
    expect(await late).toBe('VENUE_UNAVAILABLE');
    await Promise.all([first.close(), second.close(), other.close()]);
  });
});
