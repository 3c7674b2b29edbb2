// Payloads are untrusted: whoever reaches the queue's table may put anything there.

import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { connectAccountQueue } from './connect-account/queue.ts';
import { dispatchHourlyQueue } from './dispatch-hourly/queue.ts';
import { reaggregateAccountQueue } from './reaggregate-account/queue.ts';
import { syncAccountQueue } from './sync-account/queue.ts';

const accountId = '7f3c1e86-52b1-4a6f-9f3e-0d9f6a3b2c10';
const hour = '2026-01-05T13:00:00Z';
const syncQueue = syncAccountQueue('binance');
const ofAnAccount = [connectAccountQueue, reaggregateAccountQueue];

describe('accepts', () => {
  test('an account, and an hour by its start', () => {
    expect(syncQueue.parse({ accountId, hour })).toEqual({
      accountId,
      hour: Date.UTC(2026, 0, 5, 13),
    });
    for (const queue of ofAnAccount) expect(queue.parse({ accountId })).toEqual({ accountId });
    expect(dispatchHourlyQueue.parse({})).toEqual({});
  });
});

describe('refuses: PAYLOAD_INVALID', () => {
  const anywhere: readonly (readonly [string, unknown])[] = [
    ['nothing', null],
    ['text', 'sync'],
    ['a list', [accountId]],
    ['a number', 7],
    ['what the guard of the table leaves of text', { code: 'UNSAFE_PAYLOAD' }],
    ['ten megabytes', { accountId: 'x'.repeat(10_000_000) }],
    ['a secret beside it', { accountId, hour, apiKey: 'k' }],
    ['an account that is no id', { accountId: "'; drop table", hour }],
    ['an account twice', { accountId: [accountId, accountId], hour }],
  ];
  const everyQueue = [syncQueue, ...ofAnAccount];

  test.each(anywhere)('%s', (_name, data) => {
    for (const queue of everyQueue) expect(refusalOf(queue, data)).toBe('PAYLOAD_INVALID');
  });

  test.each<readonly [string, unknown]>([
    ['no hour', { accountId }],
    ['an hour as a number', { accountId, hour: Date.UTC(2026, 0, 5) }],
    ['half an hour', { accountId, hour: '2026-01-05T13:30:00Z' }],
    ['a millisecond past', { accountId, hour: '2026-01-05T13:00:00.001Z' }],
    ['a date', { accountId, hour: '2026-01-05' }],
    ['another zone', { accountId, hour: '2026-01-05T13:00:00+02:00' }],
    ['no such day', { accountId, hour: '2026-02-30T13:00:00Z' }],
    ['no account', { hour }],
  ])('of a synchronisation: %s', (_name, data) => {
    expect(refusalOf(syncQueue, data)).toBe('PAYLOAD_INVALID');
  });

  test('a dispatch with anything in it', () => {
    expect(refusalOf(dispatchHourlyQueue, { accountId })).toBe('PAYLOAD_INVALID');
    expect(refusalOf(dispatchHourlyQueue, null)).toBe('PAYLOAD_INVALID');
  });
});

describe('holds', () => {
  test('what a queue writes it also reads', () => {
    const payload = { accountId, hour: Date.UTC(2026, 0, 5, 13) };
    expect(syncQueue.parse(syncQueue.format(payload))).toEqual(payload);
    for (const queue of ofAnAccount) {
      expect(queue.parse(queue.format({ accountId }))).toEqual({ accountId });
    }
  });

  test('one job of a kind for an account, whatever its hour', () => {
    expect(syncQueue.keyOf({ accountId, hour: 0 })).toBe(syncQueue.keyOf({ accountId, hour: 1 }));
  });
});

function refusalOf({ parse }: { readonly parse: (data: unknown) => unknown }, data: unknown) {
  try {
    return parse(data);
  } catch (error) {
    return codeOf(error);
  }
}
