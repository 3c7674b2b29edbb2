// What a gateway does: hand in sealed credentials, ask for a synchronisation, have an account
// forgotten, read what was released. It runs with the database role `gateway`, which has three
// functions and three views and nothing else; no code of the worker is in its import graph. Nothing
// it reads is verified here: `track-record verify` does that.

import type { AccountStatus, HourlyReturn } from '@track-record/rpc/client';
import { Pool } from 'pg';
import { parseText, queryOver, type CallerTransaction, type Query } from './query.ts';
import {
  checkMs,
  checkUuid,
  hourPages,
  parseStatus,
  readPages,
  statementPages,
  type Statement,
  type Window,
} from './released.ts';

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

/**
 * Each method throws RecordError: ARGUMENT_INVALID, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE and what it
 * names.
 */
export interface Gateway {
  /**
   * Hands the account in; returns the id of the job that connects it. With `within`, both commit or
   * vanish with the caller's transaction. VENUE_UNKNOWN; STORE_CONFLICT: the account was handed in
   * before.
   */
  connectAccount(request: ConnectAccountRequest, within?: CallerTransaction): Promise<string>;
  /**
   * Asks for the record up to the hour that starts at `hourMs`, by default the last full one;
   * returns the id of the job, which may be one that already waits. ACCOUNT_PAUSED.
   */
  enqueueSync(accountId: string, hourMs?: number, within?: CallerTransaction): Promise<string>;
  /**
   * Destroys the account's keys: nothing that is sealed for it opens again, and it is closed. What
   * was published of it stays, and a backup of the database forgets nothing.
   */
  forgetAccount(accountId: string, within?: CallerTransaction): Promise<void>;
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
    connectAccount: async (request, within) =>
      await queryJob(
        within === undefined ? query : queryOver(within),
        `select gateway.connect_account($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7)
           as job`,
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
    forgetAccount: async (accountId, within) => {
      const ask = within === undefined ? query : queryOver(within);
      await ask('select gateway.forget_account($1)', [checkUuid(accountId)]);
    },
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
