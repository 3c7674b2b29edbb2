// The signed hourly record: its fields, its one sequence of bytes, its hash and its signature. A
// statement carries ratios and words only: no amount, symbol or venue account id. It does not say
// whether the hours before it are whole; chain.ts does. Statements to parse come from the database
// or a file: untrusted.

import { RecordError } from '@track-record/errors';
import {
  absolute,
  compare,
  formatDecimal,
  multiply,
  parseDecimal,
  sign,
  type Decimal,
} from '@track-record/ledger';
import { encodeCanonical, isPlainObject, parseCanonical } from './canonical-json.ts';
import { labelledHash, statementLabels, type SigningKey } from './signing-key.ts';
import { toHex } from './text-bytes.ts';

export const STATEMENT_FORMAT = 'track-record-statement/1';
export const STATEMENT_METHOD = 'twr-cut-at-flows/1';
/** `previous` of the first statement of an account. */
export const NO_PREVIOUS = '0'.repeat(64);
export const HOUR_MS = 3_600_000;

/** Below this share of equity a residual is the venue's own rounding of balances. */
const RESIDUAL_NONE_MAX = parseDecimal('0.00000001');
/** Above this share the hour should have been quarantined: ten basis points. */
const RESIDUAL_DISCLOSED_MAX = parseDecimal('0.001');

const HASH = /^[0-9a-f]{64}$/;
/** A code word: no prose, so that no amount or symbol can be written into a reason. */
const REASON = /^[a-z][a-z_]{0,39}$/;
/** 18 decimals; minus zero is not a value. */
const RETURN = /^(?!-0\.0+$)-?(?:0|[1-9][0-9]{0,11})\.[0-9]{18}$/;
const COVERAGE = /^(?:0|1|0\.[0-9]{0,3}[1-9])$/;

export const hourStatuses = [
  'measured',
  'no_capital',
  'dust',
  'ruined',
  'unpriced',
  'flow_unvalued',
  'stale',
  'quarantined',
  'market_closed',
] as const;
export type HourStatus = (typeof hourStatuses)[number];

/** What reconciliation could not explain, as a share of equity: see `residualClass`. */
const residualClasses = ['none', 'disclosed', 'material', 'unknown'] as const;
type ResidualClass = (typeof residualClasses)[number];

export const provenances = ['observed', 'backfilled'] as const;

/** What the venue's key might do when the hour was read; null where the venue does not say. */
interface StatementPermissions {
  readonly read: boolean | null;
  readonly trade: boolean | null;
  readonly withdraw: boolean | null;
  readonly ipRestricted: boolean | null;
}

export interface StatementBody {
  readonly format: typeof STATEMENT_FORMAT;
  /** Keyed pseudonym, 32 hex digits. */
  readonly account: string;
  readonly venue: string;
  /** True for a demo or paper account, as the venue says. */
  readonly paper: boolean;
  /** Start of the hour, `2026-01-05T00:00:00Z`. */
  readonly hour: string;
  /** 0 at inception, then one more per statement of the account, restatements included. */
  readonly sequence: number;
  readonly status: HourStatus;
  /** A code word; null if and only if there is a return. */
  readonly reason: string | null;
  /** Time-weighted return with 18 decimals; a measured hour has one. */
  readonly return: string | null;
  /** Share of equity that could be priced, 0 to 1, at most 4 decimals. */
  readonly coverage: string;
  readonly residual: ResidualClass;
  readonly provenance: (typeof provenances)[number];
  readonly permissions: StatementPermissions;
  readonly method: typeof STATEMENT_METHOD;
  readonly reportingCurrency: string;
  /** When we read the venue, `2026-01-05T01:05:00.000Z`. */
  readonly observedAt: string;
  /** Hash of the statement this one corrects; null for an hour's first statement. */
  readonly restates: string | null;
  /** Hash of the account's statement before this one; NO_PREVIOUS at inception. */
  readonly previous: string;
  /** `keyId` of the signing key. */
  readonly keyId: string;
}

export interface SignedStatement {
  readonly bytes: Uint8Array;
  /** Hex SHA-256; the next statement's `previous`. */
  readonly hash: string;
  readonly signature: Uint8Array;
}

/** STATEMENT_MALFORMED, also for a body that names another key. */
export async function signStatement(
  body: StatementBody,
  key: SigningKey,
): Promise<SignedStatement> {
  const bytes = encodeStatement(body);
  if (body.keyId !== key.keyId) malformed('keyId');
  return { bytes, hash: await statementHash(bytes), signature: await key.sign(bytes) };
}

/** The canonical bytes of a body whose fields meet their rules. STATEMENT_MALFORMED. */
export function encodeStatement(body: StatementBody): Uint8Array<ArrayBuffer> {
  return encodeCanonical(parseBody(body));
}

/** STATEMENT_MALFORMED: a field unknown, missing or malformed, or bytes not canonical. */
export function parseStatement(bytes: Uint8Array): StatementBody {
  return parseBody(parseCanonical(bytes));
}

export async function statementHash(bytes: Uint8Array): Promise<string> {
  return toHex(await labelledHash(statementLabels.hash, bytes));
}

/** `at` in ms UTC, any instant of the hour. */
export function formatHour(at: number): string {
  return new Date(at - (at % HOUR_MS)).toISOString().replace('.000Z', 'Z');
}

/** Rounded down, so that 1 means everything, to 4 digits: more would tell amounts apart. */
export function formatCoverage(coverage: Decimal): string {
  const tenThousandths = multiply(coverage, { mantissa: 10_000n, scale: 0 });
  const whole = tenThousandths.mantissa / 10n ** BigInt(tenThousandths.scale);
  const text = formatDecimal({ mantissa: whole, scale: 4 });
  return text.replace(/\.?0+$/, '');
}

/** The class of a residual against the hour's equity; null: it could not be valued. */
export function residualClass(value: Decimal | null, equity: Decimal | null): ResidualClass {
  if (value !== null && sign(value) === 0) return 'none';
  if (value === null || equity === null || sign(equity) <= 0) return 'unknown';
  const within = (share: Decimal): boolean =>
    compare(absolute(value), multiply(equity, share)) <= 0;
  if (within(RESIDUAL_NONE_MAX)) return 'none';
  return within(RESIDUAL_DISCLOSED_MAX) ? 'disclosed' : 'material';
}

type FieldRule = (value: unknown) => boolean;

const fieldRules: Readonly<Record<keyof StatementBody, FieldRule>> = {
  format: oneOf([STATEMENT_FORMAT]),
  account: matches(/^[0-9a-f]{32}$/),
  venue: matches(/^[a-z0-9][a-z0-9-]{0,31}$/),
  paper: isBoolean,
  hour: isInstant(/^[1-9][0-9]{3}-.+T[0-9]{2}:00:00Z$/, (text) => text.replace('Z', '.000Z')),
  sequence: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  status: oneOf(hourStatuses),
  reason: orNull(matches(REASON)),
  return: orNull(matches(RETURN)),
  coverage: matches(COVERAGE),
  residual: oneOf(residualClasses),
  provenance: oneOf(provenances),
  permissions: isPermissions,
  method: oneOf([STATEMENT_METHOD]),
  reportingCurrency: matches(/^[A-Z0-9]{2,12}$/),
  observedAt: isInstant(/^[1-9][0-9]{3}-.+Z$/, (text) => text),
  restates: orNull(matches(HASH)),
  previous: matches(HASH),
  keyId: matches(/^[0-9a-f]{16}$/),
};
const namedRules = Object.entries(fieldRules);

function parseBody(value: unknown): StatementBody {
  if (!isPlainObject(value)) return malformed('body');
  for (const [name, rule] of namedRules) {
    if (!Object.hasOwn(value, name) || !rule(value[name])) malformed(name);
  }
  if (Object.keys(value).length !== namedRules.length) malformed('body');
  const body = value as unknown as StatementBody;
  if (body.status === 'measured' && body.return === null) malformed('return');
  if ((body.return === null) !== (body.reason !== null)) malformed('reason');
  // An hour is read after it ended; a statement about the future is a lie or a wrong clock.
  if (Date.parse(body.observedAt) < Date.parse(body.hour) + HOUR_MS) malformed('observedAt');
  return body;
}

function malformed(place: string): never {
  throw new RecordError('STATEMENT_MALFORMED', { place });
}

function matches(pattern: RegExp): FieldRule {
  return (value) => typeof value === 'string' && pattern.test(value);
}

function oneOf(words: readonly string[]): FieldRule {
  return (value) => typeof value === 'string' && words.includes(value);
}

function orNull(rule: FieldRule): FieldRule {
  return (value) => value === null || rule(value);
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

/**
 * An instant of a year with four digits, which every language reads, that Date writes the same way
 * again: no 25th hour, no 30 February, no offset.
 */
function isInstant(form: RegExp, withMilliseconds: (text: string) => string): FieldRule {
  return (value) => {
    if (typeof value !== 'string' || !form.test(value)) return false;
    const at = Date.parse(value);
    return Number.isFinite(at) && new Date(at).toISOString() === withMilliseconds(value);
  };
}

function isPermissions(value: unknown): boolean {
  const names = ['read', 'trade', 'withdraw', 'ipRestricted'];
  return (
    isPlainObject(value) &&
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name) && orNull(isBoolean)(value[name]))
  );
}
