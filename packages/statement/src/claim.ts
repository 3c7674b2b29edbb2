// A claim: that a record meets stated bounds over a period, signed by the enclave without the hours
// (docs/statement.md#claims). Bounds are coarse and periods long, so that asking again and again
// gives no hour away. Only hours that were released count. What is asked is untrusted.

import { RecordError } from '@track-record/errors';
import {
  add,
  compare,
  multiply,
  ONE,
  parseDecimal,
  round,
  subtract,
  ZERO,
  type Decimal,
} from '@track-record/ledger';
import { encodeCanonical, isPlainObject, parseCanonical } from './canonical-json.ts';
import type { Chain, ChainSubject } from './chain.ts';
import { MERGED } from './disclosure.ts';
import { counts, isBoolean, isHour, isInstant, matches, oneOf, withRules } from './field-rule.ts';
import type { SigningKey } from './signing-key.ts';
import { isCensus, type OwnerCensus } from './statement.ts';

const CLAIM_FORMAT = 'track-record-claim/1';
const DAY_MS = 86_400_000;
/** Ratios of fewer days say little (reference: thirty days for ratios). */
const DAYS_MIN = 30;
const DAYS_PER_YEAR = 365;
/** Digits that a product of returns keeps from one figure to the next. */
const DIGITS = 24;

/** What may be claimed, and in which direction. */
const comparisons = {
  total_return: 'above',
  sharpe_daily: 'above',
  max_drawdown: 'below',
  coverage: 'at_least',
} as const;
type Metric = keyof typeof comparisons;

export interface ClaimTerm {
  readonly metric: Metric;
  readonly comparison: (typeof comparisons)[Metric];
  /** A ratio with at most two decimals. */
  readonly threshold: string;
}

export interface ClaimRequest {
  /** Midnights UTC, half-open, as an hour is written. */
  readonly from: string;
  readonly to: string;
  readonly terms: readonly ClaimTerm[];
}

export interface ClaimBody extends ClaimRequest, ChainSubject {
  readonly format: typeof CLAIM_FORMAT;
  readonly owner: OwnerCensus;
  readonly hours: number;
  /** Of the hours: measured, read from history, and corrected since they were first stated. */
  readonly measured: number;
  readonly backfilled: number;
  readonly corrected: number;
  /** Hash of the last statement that was released, and how many there are up to it. */
  readonly head: string;
  readonly statements: number;
  readonly madeAt: string;
}

export interface SignedClaim {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** CLAIM_MALFORMED, CLAIM_PERIOD_UNKNOWN, CLAIM_NOT_MET. */
export async function signClaim(
  chain: Chain,
  request: { readonly from: string; readonly to: string; readonly terms: readonly unknown[] },
  madeAt: number,
  key: SigningKey,
): Promise<SignedClaim> {
  const { from, to, terms } = request;
  const bodies = chain.hours.map(({ body }) => body);
  const within = bodies.filter(({ hour }) => hour >= from && hour < to);
  const last = bodies.reduce((one, other) => (other.sequence > one.sequence ? other : one));
  const body = parseClaim({
    ...chain.subject,
    format: CLAIM_FORMAT,
    owner: last.owner,
    from,
    to,
    terms,
    hours: within.length,
    measured: within.filter(({ status }) => status === 'measured').length,
    backfilled: within.filter(({ provenance }) => provenance === 'backfilled').length,
    corrected: within.filter(({ restates }) => restates !== null).length,
    head: chain.head,
    statements: last.sequence + 1,
    madeAt: new Date(madeAt).toISOString(),
  });
  const told = within.flatMap(({ hour, return: each, spans }, index) =>
    each === null ? [] : [{ hour, told: each, spans, index }],
  );
  // A run that reaches over an edge of the period tells hours that are not in it.
  const [first] = told;
  const isCut = first === undefined || first.spans > first.index + 1;
  const rest = within.slice(within.findLastIndex((each) => each.return !== null));
  const isOpen = rest.some(({ reason }) => reason === MERGED);
  if (from < chain.from || isCut || isOpen) throw new RecordError('CLAIM_PERIOD_UNKNOWN');
  const figures = figuresOf(told);
  if (!body.terms.every((term) => isMet(term, body, figures)))
    throw new RecordError('CLAIM_NOT_MET');
  const bytes = encodeCanonical(body);
  return { bytes, signature: await key.signClaim(bytes) };
}

/** CLAIM_MALFORMED. */
export function parseClaimBytes(bytes: Uint8Array): ClaimBody {
  return parseClaim(parseCanonical(bytes));
}

/**
 * The whole; each point of wealth with the highest before it; and the UTC days, each compounded
 * from what was told in it.
 */
function figuresOf(told: readonly { readonly hour: string; readonly told: string }[]) {
  let wealth = ONE;
  let peak = ONE;
  const path = told.map((each) => {
    wealth = round(multiply(wealth, add(ONE, parseDecimal(each.told))), DIGITS);
    if (compare(wealth, peak) > 0) peak = wealth;
    return [wealth, peak] as const;
  });
  const days = [...Map.groupBy(told, ({ hour }) => hour.slice(0, 'YYYY-MM-DD'.length)).values()];
  return {
    total: subtract(wealth, ONE),
    path,
    days: days.map((hours) => {
      const factors = hours.map((each) => add(ONE, parseDecimal(each.told)));
      return round(subtract(factors.reduce(multiply, ONE), ONE), DIGITS);
    }),
  };
}

function isMet(
  { metric, threshold }: ClaimTerm,
  { hours, measured }: ClaimBody,
  { total, path, days }: ReturnType<typeof figuresOf>,
): boolean {
  const bound = parseDecimal(threshold);
  switch (metric) {
    case 'total_return':
      return compare(total, bound) > 0;
    case 'sharpe_daily':
      return isSharpeAbove(days, bound);
    case 'max_drawdown':
      return path.every(
        ([wealth, peak]) => compare(wealth, multiply(peak, subtract(ONE, bound))) > 0,
      );
    case 'coverage':
      return compare(whole(measured), multiply(whole(hours), bound)) >= 0;
  }
}

/**
 * mean / deviation * sqrt(365) over `bound`, which is not negative, without a root or a quotient:
 * with sums S of n returns and Q of their squares, S^2 * 365 * (n - 1) > bound^2 * n * (n*Q - S^2).
 */
function isSharpeAbove(days: readonly Decimal[], bound: Decimal): boolean {
  const count = whole(days.length);
  const sum = days.reduce(add, ZERO);
  const squares = days.map((day) => multiply(day, day)).reduce(add, ZERO);
  const spread = subtract(multiply(count, squares), multiply(sum, sum));
  const scaled = multiply(multiply(sum, sum), whole(DAYS_PER_YEAR * (days.length - 1)));
  const bounded = multiply(multiply(multiply(bound, bound), count), spread);
  const isDefined = days.length >= DAYS_MIN && compare(spread, ZERO) > 0;
  return isDefined && compare(sum, ZERO) > 0 && compare(scaled, bounded) > 0;
}

function whole(count: number): Decimal {
  return { mantissa: BigInt(count), scale: 0 };
}

const isMidnight = matches(/^[0-9-]{10}T00:00:00Z$/);
const isThreshold = matches(/^(?!-0$)-?(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,2})?$/);

const isClaim = withRules({
  format: oneOf([CLAIM_FORMAT]),
  account: matches(/^[0-9a-f]{32}$/),
  venue: matches(/^[a-z0-9][a-z0-9-]{0,31}$/),
  paper: isBoolean,
  since: isHour,
  reportingCurrency: matches(/^[A-Z0-9]{2,12}$/),
  keyId: matches(/^[0-9a-f]{16}$/),
  owner: isCensus,
  from: (value) => isHour(value) && isMidnight(value),
  to: (value) => isHour(value) && isMidnight(value),
  terms: isTerms,
  hours: counts(1),
  measured: counts(1),
  backfilled: counts(0),
  corrected: counts(0),
  head: matches(/^[0-9a-f]{64}$/),
  statements: counts(1),
  madeAt: isInstant(/^[1-9][0-9]{3}-.+Z$/, (text) => text),
});

function parseClaim(value: unknown): ClaimBody {
  if (!isClaim(value)) throw new RecordError('CLAIM_MALFORMED');
  const body = value as ClaimBody;
  const days = (Date.parse(body.to) - Date.parse(body.from)) / DAY_MS;
  if (days < DAYS_MIN || body.hours !== days * 24) throw new RecordError('CLAIM_PERIOD_UNKNOWN');
  return body;
}

/** Each metric once, in its own direction; only a total return may be bounded below zero. */
function isTerms(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const terms: readonly unknown[] = value;
  const metrics = new Set(terms.map((term) => (isPlainObject(term) ? term['metric'] : null)));
  return metrics.size === terms.length && terms.every(isTerm);
}

function isTerm(term: unknown): boolean {
  if (!isPlainObject(term) || Object.keys(term).length !== 3 || !isThreshold(term['threshold'])) {
    return false;
  }
  const { metric, comparison, threshold } = term;
  const expected = Object.entries(comparisons).find(([name]) => name === metric)?.[1];
  const isNegative = typeof threshold === 'string' && threshold.startsWith('-');
  return (
    expected !== undefined && comparison === expected && (!isNegative || metric === 'total_return')
  );
}
