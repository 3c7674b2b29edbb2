// What a gateway does: hand in sealed credentials, ask for a synchronisation, read what was released. It runs
// with the database role `gateway`, which has two functions and three views and nothing else; no code of the
// worker is in its import graph. Nothing it reads is verified here: `track-record verify` does that.

import { RecordError } from '@track-record/errors';
import type { AccountStatus, HourlyReturn } from '@track-record/rpc/client';
import { Pool } from 'pg';
import {
  orNull,
  parseBytes,
  parseCode,
  parseInteger,
  parseText,
  parseWord,
  queryOver,
  type CallerTransaction,
  type Query,
  type Row,
} from './query.ts';
import { sealCredentials } from './seal-credentials.ts';

/** Read page by page, so that memory stays at one page. `$4` is the key of the last row, `$5` the size. */
interface Pages<T> {
  readonly sql: string;
  readonly size: number;
  readonly parse: (row: Row) => T;
  readonly keyOf: (item: T) => number;
}

const IN_WINDOW = `account_id = $1
  and hour >= to_timestamp($2::float8 / 1000) and hour < to_timestamp($3::float8 / 1000)`;

const hourPages: Pages<HourlyReturn> = {
  sql: `select extract(epoch from hour)::bigint * 1000 as hour_ms, status, reason, return::text, coverage::text,
      provenance, sequence, hash
    from released.hourly_return join released.statement using (account_id, hour, sequence)
    where ${IN_WINDOW} and hour > coalesce(to_timestamp($4::float8 / 1000), '-infinity')
    order by hour limit $5`,
  size: 1000,
  parse: parseHour,
  keyOf: (hour) => hour.hourMs,
};

const statementPages: Pages<Statement> = {
  sql: `select sequence, extract(epoch from hour)::bigint * 1000 as hour_ms, body, hash, previous, signature
    from released.statement where ${IN_WINDOW} and sequence > coalesce($4::bigint, -1)
    order by sequence limit $5`,
  size: 200,
  parse: parseStatement,
  keyOf: (statement) => statement.sequence,
};

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

/** `pool` stays the caller's to end. Either logs in as a member of the role `gateway`. */
export type GatewayOptions = { readonly databaseUrl: string } | { readonly pool: Pool };

export interface ConnectAccountRequest {
  /** Made by the gateway, once per connection: a lower-case UUID. */
  readonly accountId: string;
  readonly ownerId: string;
  readonly venue: string;
  /** From `sealCredentials`, under the same three names. */
  readonly sealedCredentials: Uint8Array;
  /** Absent: the venue's own quote currency. */
  readonly reportingCurrency?: string;
  /** First hour of the record, milliseconds UTC. */
  readonly historyFrom: number;
  /** Whether the owner accepts a key that may trade. Absent: such a key is refused. */
  readonly allowTradingKey?: boolean;
}

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

/** Each method throws RecordError: ARGUMENT_INVALID, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE and what it names. */
export interface Gateway {
  readonly sealCredentials: typeof sealCredentials;
  /**
   * Hands the account in; returns the id of the job that connects it. With `within`, both commit or vanish
   * with the caller's transaction. VENUE_UNKNOWN; STORE_CONFLICT: the account was handed in before.
   */
  connectAccount(request: ConnectAccountRequest, within?: CallerTransaction): Promise<string>;
  /**
   * Asks for the record up to the hour that starts at `hourMs`, by default the last full one; returns the id
   * of the job, which may be one that already waits. ACCOUNT_PAUSED.
   */
  enqueueSync(accountId: string, hourMs?: number, within?: CallerTransaction): Promise<string>;
  /** Null when nobody has handed in such an account. */
  status(accountId: string): Promise<AccountStatus | null>;
  /** Oldest first; a restated hour in its latest form. */
  hourlyReturns(accountId: string, window: Window): AsyncIterable<HourlyReturn>;
  /** The chain, restatements included, by sequence. */
  statements(accountId: string, window: Window): AsyncIterable<Statement>;
  close(): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const pool = 'pool' in options ? options.pool : openPool(options.databaseUrl);
  const query = queryOver(pool);
  return {
    sealCredentials,
    connectAccount: async (request, within) =>
      await queryJob(
        within === undefined ? query : queryOver(within),
        'select gateway.connect_account($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7) as job',
        [
          checkUuid(request.accountId),
          checkUuid(request.ownerId),
          request.venue,
          Buffer.from(request.sealedCredentials),
          request.reportingCurrency ?? null,
          checkMs(request.historyFrom),
          request.allowTradingKey ?? false,
        ],
      ),
    enqueueSync: async (accountId, hourMs, within) =>
      await queryJob(
        within === undefined ? query : queryOver(within),
        'select gateway.enqueue_sync($1, to_timestamp($2::float8 / 1000)) as job',
        [checkUuid(accountId), hourMs === undefined ? null : checkMs(hourMs)],
      ),
    status: async (accountId) => {
      const [row] = await query(
        `select account_id, coalesce(state, 'refused') as state, coalesce(state_code, code) as code,
           extract(epoch from last_hour)::bigint * 1000 as last_hour_ms, hours_missing, syncing
         from released.account_status where account_id = $1`,
        [checkUuid(accountId)],
      );
      return row === undefined ? null : parseStatus(row);
    },
    hourlyReturns: (accountId, window) => readPages(query, hourPages, accountId, window),
    statements: (accountId, window) => readPages(query, statementPages, accountId, window),
    close: async () => {
      if (!('pool' in options)) await pool.end();
    },
  };
}

function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString });
  // The pool drops an idle connection that fails, and the next query opens another.
  pool.on('error', () => undefined);
  return pool;
}

async function queryJob(query: Query, text: string, values: readonly unknown[]): Promise<string> {
  const [row] = await query(text, values);
  return parseText(row?.['job']);
}

async function* readPages<T>(
  query: Query,
  source: Pages<T>,
  accountId: string,
  { fromMs, toMs }: Window,
): AsyncGenerator<T> {
  const window = [checkUuid(accountId), checkMs(fromMs), checkMs(toMs)];
  let last: number | null = null;
  for (;;) {
    const page = (await query(source.sql, [...window, last, source.size])).map(source.parse);
    yield* page;
    const final = page.at(-1);
    if (final === undefined || page.length < source.size) return;
    last = source.keyOf(final);
  }
}

function parseStatus(row: Row): AccountStatus {
  return {
    accountId: parseText(row['account_id']),
    state: parseWord(ACCOUNT_STATES, row['state']),
    lastHourMs: orNull(parseInteger, row['last_hour_ms']),
    hoursMissing: parseInteger(row['hours_missing']),
    code: orNull(parseCode, row['code']),
    syncing: row['syncing'] === true,
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

function checkUuid(text: string): string {
  if (!UUID.test(text)) throw new RecordError('ARGUMENT_INVALID');
  return text;
}

function checkMs(ms: number): number {
  if (!Number.isInteger(ms) || ms < 0 || ms > END_OF_TIME_MS) {
    throw new RecordError('ARGUMENT_INVALID');
  }
  return ms;
}
