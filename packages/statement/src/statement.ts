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
import { isDisclosure, MERGED, type Disclosure } from './disclosure.ts';
import {
  counts,
  isBoolean,
  isHour,
  isInstant,
  matches,
  oneOf,
  orNull,
  withRules,
  type FieldRule,
} from './field-rule.ts';
import { labelledHash, statementLabels, type SigningKey } from './signing-key.ts';
import { toHex } from './text-bytes.ts';

export const STATEMENT_FORMAT = 'track-record-statement/2';
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
/** RETURN_DIGITS decimals; minus zero is not a value. */
const RETURN = /^(?!-0\.0+$)-?(?:0|[1-9][0-9]{0,11})\.[0-9]{6}$/;
/** 128 bits: nobody finds a return by trying the few there are under its hash. */
const PSEUDONYM = /^[0-9a-f]{32}$/;
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

/** An hour has a return of its own also where its prices were carried: the status says that. */
const PRICED: readonly HourStatus[] = ['measured', 'market_closed', 'stale'];

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

/** What else the owner ever connected, as of this statement: nothing is shown alone unseen. */
export interface OwnerCensus {
  /** Keyed pseudonym, 32 hex digits. */
  readonly pseudonym: string;
  /** Accounts the owner ever connected, this one included. */
  readonly connected: number;
  /** Those of them that are closed or were ruined. */
  readonly ended: number;
  /** Which of them this one is, in order of connection, from 1. */
  readonly ordinal: number;
  /** Records of the same venue account that were forgotten before this one began. */
  readonly restarts: number;
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
  /** The first hour of the record. */
  readonly since: string;
  /** 0 at inception, then one more per statement of the account, restatements included. */
  readonly sequence: number;
  readonly status: HourStatus;
  /** Why the hour has no return of its own here; null when it has. */
  readonly reason: string | null;
  /** Time-weighted, RETURN_DIGITS decimals, of the `spans` hours that end with this one. */
  readonly return: string | null;
  /** 1 unless hours were merged, and where there is no return. */
  readonly spans: number;
  /** Share of equity that could be priced, 0 to 1, at most 4 decimals. */
  readonly coverage: string;
  readonly residual: ResidualClass;
  readonly provenance: (typeof provenances)[number];
  readonly permissions: StatementPermissions;
  readonly method: typeof STATEMENT_METHOD;
  readonly reportingCurrency: string;
  readonly disclosure: Disclosure;
  readonly owner: OwnerCensus;
  /** 32 hex digits that only the worker can make: the hash says nothing before the release. */
  readonly salt: string;
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

export const isCensus = withRules({
  pseudonym: matches(PSEUDONYM),
  connected: counts(1),
  ended: counts(0),
  ordinal: counts(1),
  restarts: counts(0),
});
const flag = orNull(isBoolean);
const fieldRules: Readonly<Record<keyof StatementBody, FieldRule>> = {
  format: oneOf([STATEMENT_FORMAT]),
  account: matches(PSEUDONYM),
  venue: matches(/^[a-z0-9][a-z0-9-]{0,31}$/),
  paper: isBoolean,
  hour: isHour,
  since: isHour,
  sequence: counts(0),
  status: oneOf(hourStatuses),
  reason: orNull(matches(REASON)),
  return: orNull(matches(RETURN)),
  spans: counts(1),
  coverage: matches(COVERAGE),
  residual: oneOf(residualClasses),
  provenance: oneOf(provenances),
  permissions: withRules({ read: flag, trade: flag, withdraw: flag, ipRestricted: flag }),
  method: oneOf([STATEMENT_METHOD]),
  reportingCurrency: matches(/^[A-Z0-9]{2,12}$/),
  disclosure: isDisclosure,
  owner: isCensus,
  salt: matches(PSEUDONYM),
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
  const { status, reason, spans } = body;
  const hasReturn = body.return !== null;
  if (status === 'measured' && !hasReturn && reason !== MERGED) malformed('return');
  // What is told of merged hours may stand at one that has no return of its own, and says why.
  const ownReason = hasReturn && spans > 1 && status !== 'measured' && reason !== MERGED;
  if (hasReturn === (reason !== null) && !ownReason) malformed('reason');
  if (reason === MERGED && !PRICED.includes(status)) malformed('reason');
  if (!hasReturn && spans > 1) malformed('spans');
  if (body.sequence === 0 ? body.since !== body.hour : body.since > body.hour) malformed('since');
  const { connected, ended, ordinal, restarts } = body.owner;
  if (Math.max(ended, ordinal, restarts + 1) > connected) malformed('owner');
  // An hour is read after it ended; a statement about the future is a lie or a wrong clock.
  if (Date.parse(body.observedAt) < Date.parse(body.hour) + HOUR_MS) malformed('observedAt');
  return body;
}

function malformed(place: string): never {
  throw new RecordError('STATEMENT_MALFORMED', { place });
}
