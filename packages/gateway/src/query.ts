// One way to ask Postgres, whether through the kit's own pool or inside a transaction of the
// caller's, and one way to read what it says: a refusal of our SQL functions is its code, a lost
// server is STORE_UNAVAILABLE, and a row of another form than the views promise is
// STORE_ROW_UNTRUSTED.

import { codes, RecordError, type Code } from '@track-record/errors';
import { CompiledQuery, type Kysely } from 'kysely';

export type Row = Readonly<Record<string, unknown>>;
export type Query = (text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * Whatever asks within a transaction that its caller began: a Kysely transaction over any schema, a
 * client of pg, or a function of two lines over another library, with `$1` for its parameters.
 */
export type CallerTransaction = Executor | KyselyTransaction;
type KyselyTransaction = Pick<Kysely<unknown>, 'executeQuery'>;

export interface Executor {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly Row[] }>;
}

/** Raised by the functions of schema `gateway`; the message is a code. */
const REFUSAL_STATE = 'TR000';
/** unique_violation, serialization_failure, deadlock_detected. */
const CONFLICT_STATE = /^(23505|40001|40P01)$/;
/**
 * Connection, authorisation, resources, shutdown and system failures; network errors start with E.
 */
const UNAVAILABLE_STATE = /^(08|28|53|57|58|3D000|E[A-Z])/;

export function queryOver(connection: CallerTransaction): Query {
  return async (text, values) => {
    try {
      if (!('query' in connection)) {
        const query = CompiledQuery.raw(text, [...values]);
        return (await connection.executeQuery<Row>(query)).rows;
      }
      return (await connection.query(text, [...values])).rows;
    } catch (error) {
      throw failureOf(error);
    }
  };
}

/**
 * Postgres errors carry row values in their details: only their code goes on, the rest is the
 * cause.
 */
function failureOf(error: unknown): unknown {
  if (!Error.isError(error)) return error;
  const state = 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (state === REFUSAL_STATE && isCode(error.message)) {
    return new RecordError(error.message, { cause: error });
  }
  if (state === null || UNAVAILABLE_STATE.test(state)) {
    // pg gives no code to a connection that ended under a query or did not come in time.
    return new RecordError('STORE_UNAVAILABLE', { cause: error });
  }
  return CONFLICT_STATE.test(state) ? new RecordError('STORE_CONFLICT', { cause: error }) : error;
}

export function parseCode(value: unknown): Code {
  return isCode(value) ? value : refuse();
}

export function parseText(value: unknown): string {
  return typeof value === 'string' ? value : refuse();
}

/** One of a closed list of words. */
export function parseWord<Word extends string>(words: readonly Word[], value: unknown): Word {
  return words.find((word) => word === value) ?? refuse();
}

export function parseBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : refuse();
}

/** A bigint or integer column; pg reads the first as a string. */
export function parseInteger(value: unknown): number {
  const result = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof result === 'number' && Number.isSafeInteger(result) ? result : refuse();
}

export function orNull<T>(parse: (value: unknown) => T, value: unknown): T | null {
  return value === null ? null : parse(value);
}

function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(codes, value);
}

function refuse(): never {
  throw new RecordError('STORE_ROW_UNTRUSTED');
}
