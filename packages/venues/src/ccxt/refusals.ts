// What a failed call means: anything that ccxt, undici or the venue throws becomes one RecordError.
// The venue's own code and the HTTP status are looked up before ccxt's classes, which file
// permanent failures as transient and the reverse (venues.md section 4). Nothing of what was thrown
// is kept, not even as a cause: messages carry URLs with signatures, and bodies echo addresses and
// keys.

import { RecordError, type Code } from '@track-record/errors';
import { valueAt, type Path } from './rows.ts';

export interface RefusalTable {
  /** Where the venue's own code stands in an answer. */
  readonly codeIn: Path;
  /** By the venue's code, or by HTTP status and code where one code means several things. */
  readonly byCode: ReadonlyMap<string, Code>;
  readonly byStatus?: ReadonlyMap<number, Code>;
}

/** From `[our code, the venue's codes that mean it, separated by commas]`. */
export function codesOf(
  table: readonly (readonly [code: Code, venueCodes: string])[],
): RefusalTable['byCode'] {
  const pairs = table.flatMap(([code, list]) =>
    list.split(', ').map((each) => [each, code] as const),
  );
  return new Map(pairs);
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** What the body parsed to; undefined when it is not JSON. */
  readonly json: unknown;
  readonly isEmpty: boolean;
}

const STATUS_CODES: ReadonlyMap<number, Code> = new Map<number, Code>([
  [401, 'VENUE_KEY_REJECTED'],
  [418, 'VENUE_RATE_LIMITED'],
  [429, 'VENUE_RATE_LIMITED'],
  [451, 'VENUE_GEO_BLOCKED'],
]);

/** ccxt's error classes, nearest first along the prototype chain of what was thrown. */
const CLASS_CODES: ReadonlyMap<string, Code> = new Map<string, Code>([
  ['OnMaintenance', 'VENUE_MAINTENANCE'],
  ['RateLimitExceeded', 'VENUE_RATE_LIMITED'],
  ['DDoSProtection', 'VENUE_RATE_LIMITED'],
  ['InvalidNonce', 'VENUE_CLOCK_SKEW'],
  ['PermissionDenied', 'VENUE_SCOPE_MISSING'],
  ['AuthenticationError', 'VENUE_KEY_REJECTED'],
  ['RestrictedLocation', 'VENUE_GEO_BLOCKED'],
  ['OperationFailed', 'VENUE_UNAVAILABLE'],
]);

/** Codes that undici and node put on errors of the connection itself. */
const TOO_LARGE = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
/** undici refuses a header value that is not Latin-1: only the key is ours to be so. */
const MALFORMED_HEADER = 'UND_ERR_INVALID_ARG';
const CONNECTION = /^(UND_ERR_|HPE_|ERR_SSL_|ERR_TLS_|E[A-Z_]+$|CERT_)/;

/** The refusal that an answer of the venue is, or null when it is none. */
export function refusalOfAnswer(table: RefusalTable, answer: Answer): RecordError | null {
  const venueCode = String(valueAt(answer.json, table.codeIn));
  const code =
    table.byCode.get(`${answer.status} ${venueCode}`) ??
    table.byCode.get(venueCode) ??
    table.byStatus?.get(answer.status) ??
    STATUS_CODES.get(answer.status);
  if (code !== undefined) return new RecordError(code, retryAfter(answer.headers));
  // A page of HTML or a cut body under status 200 comes from a proxy or a failing edge, not from
  // the API.
  const isForeign = answer.json === undefined && !answer.isEmpty;
  return isForeign || answer.status >= 500 ? new RecordError('VENUE_UNAVAILABLE') : null;
}

/** The refusal that something thrown by a call is. */
export function refusalOfThrown(thrown: unknown): RecordError {
  if (thrown instanceof RecordError) return thrown;
  const code = errorCodeOf(thrown);
  if (code === TOO_LARGE) return new RecordError('VENUE_UNEXPECTED_SHAPE');
  if (code === MALFORMED_HEADER) return new RecordError('VENUE_KEY_REJECTED');
  for (const name of classNames(thrown)) {
    const known = CLASS_CODES.get(name);
    if (known !== undefined) return new RecordError(known);
  }
  return new RecordError(CONNECTION.test(code) ? 'VENUE_UNAVAILABLE' : 'VENUE_UNEXPECTED_SHAPE');
}

function retryAfter(headers: Answer['headers']): { retryAfterSeconds?: number } {
  const value = headers['Retry-After'];
  return typeof value === 'string' && /^[0-9]{1,7}$/.test(value)
    ? { retryAfterSeconds: Number(value) }
    : {};
}

function errorCodeOf(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : '';
  return typeof code === 'string' ? code : '';
}

function classNames(thrown: unknown): readonly string[] {
  const names: string[] = [];
  let prototype: unknown = thrown instanceof Object ? Object.getPrototypeOf(thrown) : null;
  while (prototype instanceof Object) {
    names.push(prototype.constructor.name);
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}
