// What of a record leaves, and when: the policy that the owner chose and every statement signs, and
// the runs of hours that are told as one. Merging and delay hide; rounding does not
// (docs/LIMITATIONS.md). Values are the caller's; a policy in a statement to parse is untrusted.

import {
  add,
  formatDecimal,
  multiply,
  ONE,
  parseDecimal,
  round,
  subtract,
  type Decimal,
} from '@track-record/ledger';
import { counts, oneOf, withRules } from './field-rule.ts';
import type { StatementBody } from './statement.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RETURN_DIGITS = 6;
const PUBLIC_DIGITS = 4;
/** Twelve beyond those of an hourly return: a day of roundings does not reach the sixth. */
const GROWTH_DIGITS = 30;
/** A day, and thirty at most. */
const DELAY_HOURS_USUAL = 24;
const DELAY_HOURS_MAX = 720;
/** With fewer fills than these, an hour gives a trade away once its symbol is known. */
const FILLS_MIN = 3;
/** A run is told once it holds so many fills, or so many hours. */
const RUN_FILLS_MIN = 10;
const RUN_HOURS_MAX = 24;
/** The reason of an hour that is told with later ones. */
export const MERGED = 'merged';

/** Of the form that `isDisclosure` holds it to. */
export interface Disclosure {
  /** `hour` or `day`: returns are told by the hour, or by the UTC day. */
  readonly grid: string;
  /** How long after its UTC day an hour is released; 0: as soon as it is signed. */
  readonly delayHours: number;
  /** `merged` or `told`: whether an hour with a fill or two is told with later ones, or alone. */
  readonly thin: string;
  /** Decimals of the signed return, and of the one that is shown without a statement. */
  readonly digits: number;
  readonly publicDigits: number;
}

type Choice = { readonly [Name in 'grid' | 'delayHours' | 'thin']: Disclosure[Name] | null };

export const isDisclosure = withRules({
  grid: oneOf(['hour', 'day']),
  delayHours: counts(0, DELAY_HOURS_MAX),
  thin: oneOf(['merged', 'told']),
  digits: oneOf([RETURN_DIGITS]),
  publicDigits: oneOf([PUBLIC_DIGITS]),
});

/** Hours whose returns are told as one, as far as they have come. */
export interface Run {
  readonly hours: number;
  readonly fills: number;
  /**
   * Product of 1 + return over its measured hours, with digits to spare: exact, it would outgrow
   * what a row may hold.
   */
  readonly growth: Decimal;
  /** False while none of its hours is measured, which a correction may find. */
  readonly isMeasured: boolean;
}

export const NO_RUN: Run = { hours: 0, fills: 0, growth: ONE, isMeasured: false };

export interface RunHour {
  readonly hour: number;
  readonly return: Decimal | null;
  readonly fills: number;
}

/** What the statement of an hour tells. */
export type Told = Pick<StatementBody, 'return' | 'spans'> & { readonly run: Run };

/** An account's choice, as its untrusted row has it; null is what is usual. */
export function disclosureOf({ grid, delayHours, thin }: Choice): Disclosure {
  return {
    grid: grid ?? 'hour',
    delayHours: delayHours ?? DELAY_HOURS_USUAL,
    thin: thin ?? 'merged',
    digits: RETURN_DIGITS,
    publicDigits: PUBLIC_DIGITS,
  };
}

/** What was said of an hour before: when it was told, alone or with others; null is not yet. */
export type Earlier = Pick<StatementBody, 'reason' | 'spans'> & { readonly toldAt: number | null };

/** The hour at which each hour was told; those that are not told yet are absent. */
export function toldAtOf(
  stated: Iterable<Pick<StatementBody, 'hour' | 'return' | 'spans'>>,
): ReadonlyMap<number, number> {
  const toldAt = new Map<number, number>();
  for (const body of stated) {
    const last = Date.parse(body.hour);
    const count = body.return === null ? 0 : body.spans;
    for (let back = 0; back < count; back += 1) toldAt.set(last - back * HOUR_MS, last);
  }
  return toldAt;
}

/**
 * What is told at an hour after the ones in `run`. A correction tells where the statement that it
 * corrects did: hours that were told as one are not told apart later.
 */
export function tellHour(run: Run, hour: RunHour, disclosure: Disclosure, earlier?: Earlier): Told {
  const toldAt = earlier?.toldAt ?? null;
  const wasMerged = earlier?.reason === MERGED || (toldAt !== null && toldAt > hour.hour);
  if (run.hours === 0 && hour.return === null && !wasMerged) return { run, return: null, spans: 1 };
  const next = {
    hours: run.hours + 1,
    fills: run.fills + hour.fills,
    growth: hour.return === null ? run.growth : grown(run.growth, hour.return),
    isMeasured: run.isMeasured || hour.return !== null,
  };
  const ends =
    earlier === undefined
      ? endsRun(next, hour, disclosure)
      : toldAt === hour.hour || (run.hours === 0 && !wasMerged);
  if (!ends) return { run: next, return: null, spans: 1 };
  if (!next.isMeasured) return { run: NO_RUN, return: null, spans: 1 };
  const told = formatDecimal(round(subtract(next.growth, ONE), RETURN_DIGITS));
  return { run: NO_RUN, return: told, spans: toldAt === null ? next.hours : (earlier?.spans ?? 1) };
}

function grown(growth: Decimal, hourly: Decimal): Decimal {
  return round(multiply(growth, add(ONE, hourly)), GROWTH_DIGITS);
}

function endsRun(run: Run, { hour, fills }: RunHour, { grid, thin }: Disclosure): boolean {
  if (grid === 'day') return hour % DAY_MS === DAY_MS - HOUR_MS;
  if (thin === 'told') return true;
  if (run.hours === 1) return fills === 0 || fills >= FILLS_MIN;
  return run.fills >= RUN_FILLS_MIN || run.hours >= RUN_HOURS_MAX;
}

/** The instant, ms UTC, from which a statement may leave: with the rest of its UTC day. */
export function releaseAt({
  hour,
  disclosure,
}: Pick<StatementBody, 'hour' | 'disclosure'>): number {
  const at = Date.parse(hour);
  const { delayHours } = disclosure;
  return delayHours === 0 ? at + HOUR_MS : at - (at % DAY_MS) + DAY_MS + delayHours * HOUR_MS;
}

/** What is shown without the statement: its return with fewer decimals. */
export function publicReturn(told: string | null): string | null {
  return told === null ? null : formatDecimal(round(parseDecimal(told), PUBLIC_DIGITS));
}
