import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { UsageError, type Verb } from '../verb.ts';
import { venuesFetch } from './venues-fetch.ts';
import { venuesRead } from './venues-read.ts';

const DEPOSITS = JSON.stringify([
  { id: '1', amount: '0.50000000', coin: 'IOTA', status: 1, insertTime: 1_599_620_082_000 },
  { id: '2', amount: 0.001, coin: 'BNB', status: 0, insertTime: 1_661_493_146_000 },
]);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'venues-verbs-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

afterEach(() => {
  delete process.env['ENCLAVE_MODE'];
});

async function fileOf(text: string): Promise<string> {
  const path = join(folder, 'input.json');
  await writeFile(path, text);
  return path;
}

async function run(verb: Verb, options: Record<string, string>): Promise<unknown> {
  const input = { options, positionals: [], stdin: Readable.from([]), progress: () => undefined };
  return (await verb.run(input)).document;
}

async function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then(
    () => 'accepted',
    (error: unknown) => error,
  );
}

describe('accepts', () => {
  test('a recorded answer as ledger entries, digits as written', async () => {
    const payload = await fileOf(DEPOSITS);
    const document = await run(venuesRead, { venue: 'binance', feed: 'deposits', payload });
    expect(document).toEqual({
      entries: [
        {
          id: 'deposit.1',
          at: '2020-09-09T02:54:42Z',
          kind: 'flow',
          postings: [{ asset: 'IOTA', amount: '0.50000000' }],
        },
      ],
      ignored: [{ id: 'deposit.2', reason: 'pending' }],
    });
  });

  test('only the parts that the feed yields', async () => {
    const body = '{"enableReading":true,"enableWithdrawals":false,"ipRestrict":true}';
    const payload = await fileOf(body);
    expect(await run(venuesRead, { venue: 'binance', feed: 'permissions', payload })).toEqual({
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: true },
    });
  });
});

describe('refuses', () => {
  test.each<[string, Verb, Record<string, string>]>([
    ['a read without a venue', venuesRead, { feed: 'fills', payload: 'x' }],
    ['a read of no such feed', venuesRead, { venue: 'binance', feed: 'x', payload: 'x' }],
    ['a fetch without credentials', venuesFetch, { venue: 'binance' }],
    ['a fetch without a time', venuesFetch, { venue: 'binance', credentials: 'x' }],
  ])('%s: bad usage', async (_name, verb, options) => {
    expect(await failureOf(run(verb, options))).toBeInstanceOf(UsageError);
  });

  test.each<[string, string, Record<string, string>]>([
    ['VENUE_UNKNOWN', DEPOSITS, { venue: 'nowhere' }],
    ['VENUE_FEED_UNSUPPORTED', DEPOSITS, { feed: 'flex' }],
    ['VENUE_UNEXPECTED_SHAPE', '[{"id":"1"}]', {}],
    ['ARGUMENT_INVALID', DEPOSITS, { payload: '/nowhere/at/all.json' }],
  ])('a recorded answer: %s', async (code, body, options) => {
    const payload = await fileOf(body);
    const read = run(venuesRead, { venue: 'binance', feed: 'deposits', payload, ...options });
    expect(codeOf(await failureOf(read))).toBe(code);
  });

  test('credentials that are not JSON, without a word of them', async () => {
    const credentials = await fileOf('{"apiKey": "KEYMARKERq7Zs1", secret}');
    const from = '2026-01-05T00:00:00Z';
    const failure = await failureOf(
      run(venuesFetch, { venue: 'binance', credentials, from, to: from }),
    );
    expect(failure).toEqual(new RecordError('ARGUMENT_INVALID', { place: 'credentials' }));
    expect(inspect(failure, { depth: 10 })).not.toContain('KEYMARKER');
  });
});

describe('holds', () => {
  test('no development egress beside a production configuration', async () => {
    process.env['ENCLAVE_MODE'] = 'production';
    const from = '2026-01-05T00:00:00Z';
    const options = { venue: 'binance', credentials: 'x', from, to: from, egress: '127.0.0.1:9' };
    expect(codeOf(await failureOf(run(venuesFetch, options)))).toBe('CONFIG_INVALID');
  });
});
