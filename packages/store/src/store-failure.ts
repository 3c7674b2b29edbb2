// Which failures of Postgres are expected, and as which code. Everything else is a bug in a query
// or a constraint doing its work, and passes through unchanged: an undefined column is never an
// empty answer.

import { isCode, RecordError } from '@track-record/errors';

/** SQLSTATEs of a database that is away, going away, out of resources, or refuses to let us in. */
const UNAVAILABLE_STATE = /^(08|28|53|57P|57014|58|3D000|55P03|25P03)/;
/** unique_violation, exclusion_violation, serialization_failure, deadlock_detected. */
const CONFLICT_STATES = new Set(['23505', '23P01', '40001', '40P01']);
/** Raised by the functions of schema `gateway`; the message is a code. */
const REFUSAL_STATE = 'TR000';
/** What the network and the resolver say. */
const UNAVAILABLE_ERRNOS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** pg gives these two no code. */
const UNAVAILABLE_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying|Client has encountered a connection error)/;

/**
 * For `catch (error) { throw storeFailure(error) }`. Throws `error` itself when it is no expected
 * failure.
 */
export function storeFailure(error: unknown): RecordError {
  if (error instanceof RecordError) return error;
  if (!Error.isError(error)) throw error;
  const state = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (state === REFUSAL_STATE && isCode(error.message)) {
    return new RecordError(error.message, { cause: error });
  }
  if (CONFLICT_STATES.has(state)) return new RecordError('STORE_CONFLICT', { cause: error });
  if (
    UNAVAILABLE_ERRNOS.has(state) ||
    UNAVAILABLE_STATE.test(state) ||
    UNAVAILABLE_MESSAGE.test(error.message)
  ) {
    return new RecordError('STORE_UNAVAILABLE', { cause: error });
  }
  throw error;
}
