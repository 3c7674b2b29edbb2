// What may be said about each hour: its return, or the reason why there is none. Pure: facts in, verdicts
// out. A number that could mislead is null, never zero (returns.md 1.4, 2.1; FORMATS.md names the states).

import assert from 'node:assert/strict';
import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  HOUR_MS,
  multiply,
  normalise,
  ONE,
  subtract,
  type Valuation,
  ZERO,
} from '@track-record/ledger';
import { type HourFacts, sumOrNull } from './hour-replay.ts';
import { type HoursPolicy, LARGE_FLOW_SHARE, RESIDUAL_SHARE } from './policy.ts';
import { RETURN_SCALE, TOTAL_LOSS } from './sub-periods.ts';

export type HourStatus =
  | 'measured'
  | 'no_capital'
  | 'dust'
  | 'ruined'
  | 'unpriced'
  | 'flow_unvalued'
  | 'stale'
  | 'quarantined'
  | 'market_closed';

export type HourReason =
  | 'equity_not_positive'
  | 'equity_below_minimum'
  | 'equity_lost'
  | 'asset_without_price'
  | 'large_flow_without_price'
  | 'price_carried_forward'
  | 'residual_above_bound'
  | 'balance_below_zero'
  | 'session_price_carried';

export interface Hour {
  /** The instant at which the hour begins. */
  readonly hour: number;
  readonly status: HourStatus;
  readonly reason: HourReason | null;
  /** Reporting currency; null while something held has no price. */
  readonly navOpen: Decimal | null;
  readonly navClose: Decimal | null;
  readonly flow: Decimal | null;
  /** navClose - navOpen - flow - residualValue. */
  readonly pnl: Decimal | null;
  /** Time-weighted, cut at every flow, RETURN_SCALE digits. */
  readonly return: Decimal | null;
  /** Parts of pnl, at the prices of their instants; negative is a cost. */
  readonly fees: Decimal | null;
  readonly funding: Decimal | null;
  readonly income: Decimal | null;
  /** The rest of pnl: realised, unrealised and revaluation together. */
  readonly trading: Decimal | null;
  /** Share of the holdings at the close that had a price of that instant; 1 when nothing is held. */
  readonly coverage: Decimal;
  /** Asset or instrument to what no entry explains. */
  readonly residual: ReadonlyMap<string, Decimal>;
  readonly residualValue: Decimal | null;
  /** Realised profit in `balances` that the ledger derived, because the venue does not post it. */
  readonly derived: ReadonlyMap<string, Decimal>;
  /** At the close. */
  readonly balances: ReadonlyMap<string, Decimal>;
}

interface Verdict {
  readonly status: HourStatus;
  readonly reason: HourReason | null;
  readonly return: Decimal | null;
}

const MS_PER_HOUR: Decimal = { mantissa: BigInt(HOUR_MS), scale: 0 };

/** Digits of the coverage share. */
const COVERAGE_SCALE = 6;

export function judgeHours(facts: readonly HourFacts[], policy: HoursPolicy): Hour[] {
  const quarantined = hoursInDoubt(facts, policy);
  return facts.map((fact, index) => judgeHour(fact, quarantined.has(index)));
}

/** The hours between the last anchor that was met and one that was missed by more than the bound. */
function hoursInDoubt(facts: readonly HourFacts[], policy: HoursPolicy): Set<number> {
  const inDoubt = new Set<number>();
  let lastGood = 0;
  for (const [index, fact] of facts.entries()) {
    for (const { asOf, empty, gross } of fact.checks) {
      if (!empty && !withinBound(gross, fact.close, policy)) {
        for (let hour = lastGood; hour <= index; hour += 1) inDoubt.add(hour);
      }
      lastGood = asOf < fact.start + HOUR_MS ? index : index + 1;
    }
  }
  return inDoubt;
}

function withinBound(gross: Decimal | null, close: Valuation, policy: HoursPolicy): boolean {
  if (gross === null) return false;
  if (compare(gross, policy.residualUnit) <= 0) return true;
  const { equity } = close;
  return equity !== null && compare(gross, absolute(multiply(equity, RESIDUAL_SHARE))) <= 0;
}

function judgeHour(fact: HourFacts, inDoubt: boolean): Hour {
  const navOpen = fact.open.equity;
  const navClose = fact.close.equity;
  const flow = sumOrNull(fact.flows.map((part) => part.value));
  const { residualValue } = fact;
  let pnl: Decimal | null = null;
  if (navOpen !== null && navClose !== null && flow !== null && residualValue !== null) {
    pnl = subtract(subtract(subtract(navClose, navOpen), flow), residualValue);
    // The gains of the sub-periods were summed on their own way: every flow was cut exactly once.
    if (fact.subPeriods !== null) assert(compare(fact.subPeriods.gain(), pnl) === 0, 'identity');
  }
  const { fees, funding, income } = fact.totals;
  const parts = sumOrNull([fees, funding, income]);
  return {
    hour: fact.start,
    ...judge(fact, inDoubt, flow, pnl),
    navOpen,
    navClose,
    flow,
    pnl,
    fees,
    funding,
    income,
    trading: pnl === null || parts === null ? null : subtract(pnl, parts),
    coverage: coverageOf(fact.close),
    residual: fact.residual,
    residualValue,
    derived: fact.derived,
    balances: new Map(fact.balances),
  };
}

function judge(
  fact: HourFacts,
  inDoubt: boolean,
  flow: Decimal | null,
  pnl: Decimal | null,
): Verdict {
  if (inDoubt) return none('quarantined', 'residual_above_bound');
  if (fact.overdrawn) return none('quarantined', 'balance_below_zero');
  if (fact.open.equity === null || fact.close.equity === null) {
    return none('unpriced', 'asset_without_price');
  }
  const measured = fact.subPeriods?.result() ?? approximate(fact, flow, pnl);
  switch (measured.end) {
    case 'ruined':
      return { status: 'ruined', reason: 'equity_lost', return: measured.return };
    case 'dust':
      return none('dust', 'equity_below_minimum');
    case 'no_capital':
      return none('no_capital', 'equity_not_positive');
    case 'flow_unvalued':
      return none('flow_unvalued', 'large_flow_without_price');
    case 'measured':
      return withPriceAge(fact, measured.return);
  }
}

/**
 * For flows whose instants have no prices: below a tenth of equity the Modified Dietz return, whose error is
 * bounded by the flow's share times the hour's return; from a tenth on nothing is said (returns.md 1.4).
 */
function approximate(
  fact: HourFacts,
  flow: Decimal | null,
  pnl: Decimal | null,
): { end: 'flow_unvalued' | 'measured' | 'ruined'; return: Decimal | null } {
  const unknown = { end: 'flow_unvalued', return: null } as const;
  const open = fact.open.equity;
  if (flow === null || pnl === null || open === null) return unknown;
  let gross = ZERO;
  let base = multiply(open, MS_PER_HOUR);
  for (const { at, value } of fact.flows) {
    if (value === null) return unknown;
    gross = add(gross, absolute(value));
    const remainingMs = { mantissa: BigInt(fact.start + HOUR_MS - at), scale: 0 };
    base = add(base, multiply(value, remainingMs));
  }
  if (compare(gross, multiply(open, LARGE_FLOW_SHARE)) >= 0) return unknown;
  const change = divide(multiply(pnl, MS_PER_HOUR), base, RETURN_SCALE);
  if (compare(change, TOTAL_LOSS) <= 0) return { end: 'ruined', return: TOTAL_LOSS };
  return { end: 'measured', return: change };
}

/** A carried price is used and said. The open's price counts too: it is where the hour starts from. */
function withPriceAge(fact: HourFacts, measured: Decimal | null): Verdict {
  if (fact.open.stale + fact.close.stale > 0) {
    return { status: 'stale', reason: 'price_carried_forward', return: measured };
  }
  if (fact.close.closed > 0) {
    return { status: 'market_closed', reason: 'session_price_carried', return: measured };
  }
  return { status: 'measured', reason: null, return: measured };
}

function coverageOf({ holdings, stale, unpriced }: Valuation): Decimal {
  if (holdings === 0) return ONE;
  const priced = { mantissa: BigInt(holdings - stale - unpriced), scale: 0 };
  return normalise(divide(priced, { mantissa: BigInt(holdings), scale: 0 }, COVERAGE_SCALE));
}

function none(status: HourStatus, reason: HourReason): Verdict {
  return { status, reason, return: null };
}
