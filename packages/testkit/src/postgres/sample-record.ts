// Rows of an account that never was: enough for a test of the database to fill every table.

import { createHash, randomUUID } from 'node:crypto';
import type { HourlyReturnRow, NewAccount, StatementRow } from '@track-record/store';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 2026-01-05T00:00:00Z. */
export const SAMPLE_HOUR = 1_767_571_200_000;

export function sampleAccount(change: Partial<NewAccount> = {}): NewAccount {
  const accountId = change.accountId ?? randomUUID();
  return {
    accountId,
    ownerId: randomUUID(),
    venue: 'binance',
    reportingCurrency: 'USDT',
    historyFrom: SAMPLE_HOUR,
    connectedAt: SAMPLE_HOUR + 1,
    allowTradingKey: false,
    venueAccountHash: sampleHash(accountId).toString('hex'),
    grid: null,
    delayHours: null,
    thin: null,
    ...change,
  };
}

/** Linked statements of consecutive hours, numbered from 0. */
export function sampleStatements(accountId: string, count: number): StatementRow[] {
  return Array.from({ length: count }, (_, sequence) => ({
    accountId,
    sequence,
    hour: SAMPLE_HOUR + sequence * HOUR_MS,
    body: Buffer.from(`{"sequence":${sequence}}`),
    hash: sampleHash(`${accountId}/${sequence}`),
    previous: sequence === 0 ? null : sampleHash(`${accountId}/${sequence - 1}`),
    signature: Buffer.alloc(64, sequence),
    keyId: 'k1',
    restates: null,
    releaseAt: SAMPLE_HOUR + 2 * DAY_MS,
  }));
}

export function sampleReturn(statement: StatementRow): HourlyReturnRow {
  return {
    accountId: statement.accountId,
    hour: statement.hour,
    sequence: statement.sequence,
    status: 'measured',
    reason: null,
    return: '0.0100',
    coverage: '1',
    provenance: 'observed',
  };
}

function sampleHash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
