// What a gateway does through the database: hand in sealed credentials, ask for work, end a
// connection, have an account forgotten, read what was released. It runs with the role `gateway`,
// which has eight functions and its views and nothing else; no code of the worker is in its
// import graph. Nothing it reads is verified here: `track-record verify` does that.

import type { Code } from '@track-record/errors';
import type { AccountStatus, HourlyReturn } from '@track-record/rpc/client';
import { Pool } from 'pg';
import { askOver, type Ask, type CallOptions, type Question, type WriteOptions } from './ask.ts';
import { parseText } from './query.ts';
import {
  checkMs,
  checkUuid,
  hourPages,
  parseClaimAnswer,
  parseStatus,
  readPages,
  statementPages,
  type Statement,
  type Window,
} from './released.ts';

/**
 * `pool` stays the caller's to end. Either logs in as a member of the role `gateway`. `deadlineMs`
 * bounds each call, all its attempts included; 10 seconds when left out.
 */
export type GatewayOptions = { readonly deadlineMs?: number } & (
  | { readonly databaseUrl: string }
  | { readonly pool: Pool }
);

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
  /** Absent: by the hour, a day later, thin hours merged. */
  readonly disclosure?: DisclosureChoice;
}

/** What of a record leaves, and when: docs/statement.md#disclosure. What is left out stays. */
export interface DisclosureChoice {
  readonly grid?: 'hour' | 'day';
  /** 0 to 720, from the end of an hour's UTC day; 0: each hour as soon as it is signed. */
  readonly delayHours?: number;
  /** An hour with a fill or two: merged with later ones, or told alone. */
  readonly thin?: 'merged' | 'told';
}

/** What is to be proved; untyped here, because the worker reads it. */
export interface ClaimRequest {
  /** Midnights UTC, `2026-01-05T00:00:00Z`, thirty days apart or more. */
  readonly from: string;
  readonly to: string;
  readonly terms: readonly {
    readonly metric: string;
    readonly comparison: string;
    readonly threshold: string;
  }[];
}

export interface ClaimAnswer {
  readonly signed: { readonly bytes: Uint8Array; readonly signature: Uint8Array } | null;
  /** Why there is none. */
  readonly code: Code | null;
}

/**
 * Each method throws RecordError: ARGUMENT_INVALID, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE and what it
 * names. A lost server is asked again where that does no harm: everywhere but in the two methods
 * that hand in credentials, and never within the caller's transaction.
 */
export interface Gateway {
  /**
   * Hands the account in; returns the id of the job that connects it. VENUE_UNKNOWN;
   * STORE_CONFLICT: the account was handed in before.
   */
  connectAccount(request: ConnectAccountRequest, options?: WriteOptions): Promise<string>;
  /**
   * Hands in new credentials of the same venue account, from `sealCredentials` under the account's
   * three names; returns the id of the job that tries them. The account keeps its record and its
   * old credentials until they are found good; when they are not, `status` says why until the next
   * job of the account has ended, as VENUE_ACCOUNT_CHANGED. Connects again what was disconnected.
   * KEY_UNKNOWN: the account was forgotten; STORE_CONFLICT: other credentials are being tried now.
   */
  rotateCredentials(
    accountId: string,
    sealedCredentials: Uint8Array,
    options?: WriteOptions,
  ): Promise<string>;
  /**
   * Asks for the record up to the hour that starts at `hourMs`, by default the last full one;
   * returns the id of the job, which may be one that already waits. ACCOUNT_PAUSED.
   */
  enqueueSync(accountId: string, hourMs?: number, options?: WriteOptions): Promise<string>;
  /**
   * Asks for every hour that is missing, among the hourly work instead of before it: for many
   * accounts at once, while nobody waits. Otherwise as `enqueueSync`.
   */
  enqueueBackfill(accountId: string, options?: WriteOptions): Promise<string>;
  /** Ends the connection and destroys the credentials; the record stays, and can go on. */
  disconnectAccount(accountId: string, options?: WriteOptions): Promise<void>;
  /**
   * Destroys the account's keys: nothing that is sealed for it opens again, and it is closed. What
   * was published of it stays, and a backup of the database forgets nothing.
   */
  forgetAccount(accountId: string, options?: WriteOptions): Promise<void>;
  /** Of hours that are not stated yet; every later statement says so. */
  changeDisclosure(
    accountId: string,
    disclosure: DisclosureChoice,
    options?: WriteOptions,
  ): Promise<void>;
  /**
   * Asks the worker to prove bounds of a record without its hours: docs/statement.md#claims.
   * `claimId` is a new UUID. Returns the job that answers. CLAIM_RATIONED; STORE_CONFLICT: the id
   * is another claim's.
   */
  requestClaim(
    claimId: string,
    accountId: string,
    claim: ClaimRequest,
    options?: WriteOptions,
  ): Promise<string>;
  /** Null when nobody asked; both absent while the worker has not answered. */
  claim(claimId: string, options?: CallOptions): Promise<ClaimAnswer | null>;
  /** Null when nobody has handed in such an account. */
  status(accountId: string, options?: CallOptions): Promise<AccountStatus | null>;
  /** Oldest first; a restated hour in its latest form. */
  hourlyReturns(
    accountId: string,
    window: Window,
    options?: CallOptions,
  ): AsyncIterable<HourlyReturn>;
  /** The chain, restatements included, by sequence. */
  statements(accountId: string, window: Window, options?: CallOptions): AsyncIterable<Statement>;
  close(): Promise<void>;
}

const DEADLINE_MS = 10_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { deadlineMs = DEADLINE_MS } = options;
  const pool = 'pool' in options ? options.pool : openPool(options.databaseUrl, deadlineMs);
  const ask = askOver(pool, deadlineMs);
  return {
    ...hand(ask),
    enqueueSync: async (accountId, hourMs, within) =>
      await askJob(
        ask,
        'gateway.enqueue_sync($1, to_timestamp($2::float8 / 1000))',
        [checkUuid(accountId), hourMs === undefined ? null : checkMs(hourMs)],
        within,
      ),
    enqueueBackfill: async (accountId, within) =>
      await askJob(ask, 'gateway.enqueue_backfill($1)', [checkUuid(accountId)], within),
    disconnectAccount: async (accountId, within) => {
      await ask(ending('gateway.disconnect_account($1)', accountId), within);
    },
    forgetAccount: async (accountId, within) => {
      await ask(ending('gateway.forget_account($1)', accountId), within);
    },
    changeDisclosure: async (accountId, disclosure, within) => {
      const { values, ...asked } = ending('gateway.change_disclosure($1, $2)', accountId);
      await ask({ ...asked, values: [...values, disclosure] }, within);
    },
    requestClaim: async (claimId, accountId, claim, within) =>
      await askJob(
        ask,
        'gateway.request_claim($2, $1, $3)',
        [checkUuid(accountId), checkUuid(claimId), claim],
        within,
        false,
      ),
    claim: async (claimId, signal) => {
      const text = 'select body, signature, code from released.claim where claim_id = $1';
      const values = [checkUuid(claimId)] as const;
      const [row] = await ask({ text, values, isRepeatable: true }, signal);
      return row === undefined ? null : parseClaimAnswer(row);
    },
    status: async (accountId, signal) => {
      const values = [checkUuid(accountId)] as const;
      const [row] = await ask({ text: STATUS, values, isRepeatable: true }, signal);
      return row === undefined ? null : parseStatus(row);
    },
    hourlyReturns: (accountId, window, signal) =>
      readPages(ask, hourPages, accountId, window, signal),
    statements: (accountId, window, signal) =>
      readPages(ask, statementPages, accountId, window, signal),
    close: async () => {
      if (!('pool' in options)) await pool.end();
    },
  };
}

const STATUS = `
  select account_id, coalesce(state, 'refused') as state, coalesce(state_code, code) as code,
    extract(epoch from last_hour)::bigint * 1000 as last_hour_ms, hours_missing, syncing,
    hours_due, coverage::text, queue_position
  from released.account_status where account_id = $1`;

/** What hands in credentials: asked once, since a second time may meet the first. */
function hand(ask: Ask): Pick<Gateway, 'connectAccount' | 'rotateCredentials'> {
  return {
    connectAccount: async (request, options) =>
      await askJob(
        ask,
        'gateway.connect_account($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7, $8)',
        [
          checkUuid(request.accountId),
          checkUuid(request.ownerId),
          request.venue,
          Buffer.from(request.sealedCredentials),
          request.reportingCurrency ?? null,
          checkMs(request.historyFrom),
          request.allowTradingKey ?? false,
          request.disclosure ?? null,
        ],
        options,
        false,
      ),
    rotateCredentials: async (accountId, sealedCredentials, options) =>
      await askJob(
        ask,
        'gateway.rotate_credentials($1, $2)',
        [checkUuid(accountId), Buffer.from(sealedCredentials)],
        options,
        false,
      ),
  };
}

function openPool(connectionString: string, deadlineMs: number): Pool {
  // The server gives up a question when we have.
  const pool = new Pool({ connectionString, statement_timeout: deadlineMs });
  // The pool drops an idle connection that fails, and the next query opens another.
  pool.on('error', () => undefined);
  return pool;
}

async function askJob(
  ask: Ask,
  call: string,
  values: Question['values'],
  options?: WriteOptions,
  isRepeatable = true,
): Promise<string> {
  const [row] = await ask({ text: `select ${call} as job`, values, isRepeatable }, options);
  return parseText(row?.['job']);
}

function ending(call: string, accountId: string): Question {
  return { text: `select ${call}`, values: [checkUuid(accountId)], isRepeatable: true };
}
