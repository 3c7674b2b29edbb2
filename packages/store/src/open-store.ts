// One pool of connections to Postgres, with the limits and the reading of types that every query
// relies on.

import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database } from './rows.ts';

/**
 * The longest statement is one page of segments or statements; a minute means that the database is
 * ill.
 */
const STATEMENT_TIMEOUT_MS = 60_000;
/** No transaction waits for a venue; one left open holds back vacuum for every table. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** A writer of the same account ends within one transaction. */
const LOCK_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;

export interface StoreOptions {
  readonly connectionsMax: number;
  /** Act as this role: for development and tests, whose URL is a superuser's. */
  readonly role?: RoleName;
}

/** The three roles that the migrations make; their rights are tested by trying. */
export const roleNames = ['enclave_worker', 'gateway', 'operator'] as const;

export type RoleName = (typeof roleNames)[number];

export interface Store {
  readonly db: Kysely<Database>;
  readonly close: () => Promise<void>;
}

/** Connects at the first query; STORE_UNAVAILABLE shows there. */
export function openStore(url: string, options: StoreOptions): Store {
  const role = options.role === undefined ? '' : ` -c role=${options.role}`;
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connectionsMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    options: `-c TimeZone=UTC -c DateStyle=ISO${role}`,
    types: { getTypeParser: typeParser },
  });
  // The pool drops an idle connection that breaks and opens another; without a listener it would
  // end the process. What matters shows as the failure of the next query.
  pool.on('error', () => undefined);
  // The same for a connection in use that breaks between two queries of a transaction.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('connect', prepareQueries);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return { db, close: () => db.destroy() };
}

/** A numeric stays text; an instant becomes ms UTC; what is a bigint here counts rows: exact. */
const typeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === pg.types.builtins.TIMESTAMPTZ) return (text: string) => Date.parse(text);
  if (oid === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(oid, format);
};

/** Names by text: what a room asks is a closed list of texts. */
const names = new Map<string, string>();

/** Lets the server parse and plan a query once for each connection instead of each time. */
function prepareQueries(client: pg.PoolClient): void {
  const query = client.query.bind(client);
  const prepared = (text: string, values: unknown[] = []): Promise<pg.QueryResult> => {
    const name = names.get(text) ?? `query-${names.size}`;
    names.set(text, name);
    return query({ text, values, ...(values.length === 0 ? {} : { name }) });
  };
  Object.assign(client, { query: prepared });
}
