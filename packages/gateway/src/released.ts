// The released rows, page by page, as the views promise them. Rows are untrusted: one of another
// form is STORE_ROW_UNTRUSTED, and whether a record is authentic is for `track-record verify` to
// say.

import { RecordError } from '@track-record/errors';
import { backfillOf, type AccountStatus, type HourlyReturn } from '@track-record/rpc/client';
import type { Ask, CallOptions } from './ask.ts';
import type { ClaimAnswer } from './gateway.ts';
import {
  orNull,
  parseBytes,
  parseCode,
  parseInteger,
  parseText,
  parseWord,
  type Row,
} from './query.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The year 10000. */
const END_OF_TIME_MS = 253_402_300_800_000;
const ACCOUNT_STATES = [
  'connecting',
  'refused',
  'active',
  'paused',
  'quarantined',
  'closed',
] as const satisfies readonly AccountStatus['state'][];
const HOUR_STATUSES = [
  'measured',
  'no_capital',
  'dust',
  'ruined',
  'unpriced',
  'flow_unvalued',
  'stale',
  'quarantined',
  'market_closed',
] as const satisfies readonly HourlyReturn['status'][];
const PROVENANCES = [
  'observed',
  'backfilled',
] as const satisfies readonly HourlyReturn['provenance'][];

export interface Statement {
  readonly sequence: number;
  readonly hourMs: number;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  readonly previous: Uint8Array | null;
  readonly signature: Uint8Array;
}

/** Half-open: [fromMs, toMs), milliseconds UTC. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Read page by page, so that memory stays at one page. `$4` is the key of the last row, `$5` the
 * size.
 */
interface Pages<T> {
  readonly sql: string;
  readonly size: number;
  readonly parse: (row: Row) => T;
  readonly keyOf: (item: T) => number;
}

const IN_WINDOW = `account_id = $1
  and hour >= to_timestamp($2::float8 / 1000) and hour < to_timestamp($3::float8 / 1000)`;

export const hourPages: Pages<HourlyReturn> = {
  sql: `select extract(epoch from hour)::bigint * 1000 as hour_ms, status, reason, return::text,
      coverage::text, provenance, sequence, hash
    from released.hourly_return join released.statement using (account_id, hour, sequence)
    where ${IN_WINDOW} and hour > coalesce(to_timestamp($4::float8 / 1000), '-infinity')
    order by hour limit $5`,
  size: 1000,
  parse: parseHour,
  keyOf: (hour) => hour.hourMs,
};

export const statementPages: Pages<Statement> = {
  sql: `select sequence, extract(epoch from hour)::bigint * 1000 as hour_ms, body, hash, previous,
      signature
    from released.statement where ${IN_WINDOW} and sequence > coalesce($4::bigint, -1)
    order by sequence limit $5`,
  size: 200,
  parse: parseStatement,
  keyOf: (statement) => statement.sequence,
};

export async function* readPages<T>(
  ask: Ask,
  source: Pages<T>,
  accountId: string,
  { fromMs, toMs }: Window,
  options?: CallOptions,
): AsyncGenerator<T> {
  const window = [checkMs(fromMs), checkMs(toMs)];
  let last: number | null = null;
  for (;;) {
    const values = [checkUuid(accountId), ...window, last, source.size] as const;
    const rows = await ask({ text: source.sql, values, isRepeatable: true }, options);
    const page = rows.map(source.parse);
    yield* page;
    const final = page.at(-1);
    if (final === undefined || page.length < source.size) return;
    last = source.keyOf(final);
  }
}

export function parseClaimAnswer(row: Row): ClaimAnswer {
  const { body } = row;
  const signed =
    body === null ? null : { bytes: parseBytes(body), signature: parseBytes(row['signature']) };
  return { signed, code: orNull(parseCode, row['code']) };
}

export function parseStatus(row: Row): AccountStatus {
  const hoursMissing = parseInteger(row['hours_missing']);
  return {
    accountId: parseText(row['account_id']),
    state: parseWord(ACCOUNT_STATES, row['state']),
    lastHourMs: orNull(parseInteger, row['last_hour_ms']),
    hoursMissing,
    code: orNull(parseCode, row['code']),
    syncing: row['syncing'] === true,
    coverage: orNull(parseText, row['coverage']),
    queuePosition: orNull(parseInteger, row['queue_position']),
    backfill: backfillOf(orNull(parseInteger, row['hours_due']), hoursMissing),
  };
}

function parseHour(row: Row): HourlyReturn {
  return {
    hourMs: parseInteger(row['hour_ms']),
    status: parseWord(HOUR_STATUSES, row['status']),
    reason: orNull(parseText, row['reason']),
    hourlyReturn: orNull(parseText, row['return']),
    coverage: parseText(row['coverage']),
    provenance: parseWord(PROVENANCES, row['provenance']),
    sequence: parseInteger(row['sequence']),
    statementHash: parseBytes(row['hash']),
  };
}

function parseStatement(row: Row): Statement {
  return {
    sequence: parseInteger(row['sequence']),
    hourMs: parseInteger(row['hour_ms']),
    body: parseBytes(row['body']),
    hash: parseBytes(row['hash']),
    previous: orNull(parseBytes, row['previous']),
    signature: parseBytes(row['signature']),
  };
}

export function checkUuid(text: string): string {
  if (!UUID.test(text)) throw new RecordError('ARGUMENT_INVALID');
  return text;
}

export function checkMs(ms: number): number {
  if (!Number.isInteger(ms) || ms < 0 || ms > END_OF_TIME_MS) {
    throw new RecordError('ARGUMENT_INVALID');
  }
  return ms;
}
