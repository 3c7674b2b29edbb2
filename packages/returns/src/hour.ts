// What may be said about one hour: its return, or the reason why there is none. Pure: facts in,
// verdict out. A number that could mislead is null, never zero (returns.md 1.4, 2.1; FORMATS.md
// names the states).

import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  HOUR_MS,
  integer,
  multiply,
  type Quote,
  type Valuation,
} from '@track-record/ledger';
import { type HoursPolicy, LARGE_FLOW_SHARE } from './policy.ts';
import { RETURN_SCALE, type SubPeriods, type SubPeriodsResult, TOTAL_LOSS } from './sub-periods.ts';

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

/**
 * What is said beside a return. `counted_as_zero`: an airdrop without any price yet, or something
 * whose last price was zero. `transfer_unmatched`: a leg of a transfer was taken for a flow.
 */
export type HourFlag = 'counted_as_zero' | 'transfer_unmatched';

export interface Hour {
  /** The instant at which the hour begins. */
  readonly hour: number;
  readonly status: HourStatus;
  readonly reason: HourReason | null;
  /** Reporting currency; null while something held has no price. */
  readonly navOpen: Decimal | null;
  readonly navClose: Decimal | null;
  readonly flow: Decimal | null;
  /** navClose - navOpen - flow, less the residual where it was booked: it never counts. */
  readonly pnl: Decimal | null;
  /** Time-weighted, cut at every flow, RETURN_SCALE digits. */
  readonly return: Decimal | null;
  /** Parts of pnl, at the prices of their instants; negative is a cost. */
  readonly fees: Decimal | null;
  readonly funding: Decimal | null;
  readonly income: Decimal | null;
  /** Profit of closed contracts, posted or derived. */
  readonly realised: Decimal | null;
  /** What the rates of other currencies made of the cash in them. */
  readonly fx: Decimal | null;
  /** The rest of pnl, which prices made of everything else that was held or traded. */
  readonly unrealised: Decimal | null;
  /**
   * Share of the holdings at the close that had a price of that instant; 1 when nothing is held.
   */
  readonly coverage: Decimal;
  /** Asset or instrument to what the anchors in the hour show beyond the replay. */
  readonly residual: ReadonlyMap<string, Decimal>;
  readonly residualValue: Decimal | null;
  /** What the reference pairs said last, per asset: the rates of the close, and whose they are. */
  readonly references: ReadonlyMap<string, Quote>;
  /** Realised profit in `balances` that the ledger derived, because the venue does not post it. */
  readonly derived: ReadonlyMap<string, Decimal>;
  readonly flags: readonly HourFlag[];
  /** At the close; empty where the options left them out. */
  readonly balances: ReadonlyMap<string, Decimal>;
}

export interface ValuedFlow {
  readonly at: number;
  /** null: what moved had no price in the whole hour. */
  readonly value: Decimal | null;
}

interface HourFacts {
  readonly start: number;
  readonly open: Valuation;
  readonly close: Valuation;
  readonly flows: readonly ValuedFlow[];
  /** null when the equity before some flow was not known at its instant. */
  readonly subPeriods: SubPeriods | null;
  /** An asset went below zero that the account cannot owe: an entry is missing. */
  readonly overdrawn: boolean;
  readonly pnl: Decimal | null;
}

type Verdict = Pick<Hour, 'status' | 'reason' | 'return'>;

export function judge(facts: HourFacts, policy: HoursPolicy): Verdict {
  const { open, close, overdrawn } = facts;
  if (overdrawn) return none('quarantined', 'balance_below_zero');
  if (open.equity === null || close.equity === null) return none('unpriced', 'asset_without_price');
  const result = facts.subPeriods?.result() ?? approximate(facts, open.equity, policy);
  switch (result?.end) {
    case undefined:
      return none('flow_unvalued', 'large_flow_without_price');
    case 'ruined':
      return { status: 'ruined', reason: 'equity_lost', return: result.return };
    case 'dust':
      return none('dust', 'equity_below_minimum');
    case 'no_capital':
      return none('no_capital', 'equity_not_positive');
    case 'measured':
      return { ...priceAge(open, close), return: result.return };
  }
}

/** The hour as it is told when an anchor behind or before it was missed. */
export function quarantine(hour: Hour): Hour {
  return { ...hour, ...none('quarantined', 'residual_above_bound') };
}

/**
 * For flows whose instants have no prices: below a tenth of equity the Modified Dietz return, whose
 * error is bounded by the flow's share times the hour's return; from a tenth on nothing is said
 * (returns.md 1.4).
 */
function approximate(
  facts: HourFacts,
  open: Decimal,
  { dustEquity }: HoursPolicy,
): SubPeriodsResult | null {
  let moved = integer(0);
  let base = multiply(open, integer(HOUR_MS));
  for (const { at, value } of facts.flows) {
    if (value === null) return null;
    moved = add(moved, absolute(value));
    base = add(base, multiply(value, integer(facts.start + HOUR_MS - at)));
  }
  const large = compare(moved, multiply(open, LARGE_FLOW_SHARE)) >= 0;
  if (large || facts.pnl === null) return null;
  if (compare(open, dustEquity) < 0) return { end: 'dust', return: null };
  const change = divide(multiply(facts.pnl, integer(HOUR_MS)), base, RETURN_SCALE);
  if (compare(change, TOTAL_LOSS) <= 0) return { end: 'ruined', return: TOTAL_LOSS };
  return { end: 'measured', return: change };
}

/**
 * A carried price is used and said. That of the opening counts too: it is where the hour starts
 * from.
 */
function priceAge(open: Valuation, close: Valuation): Pick<Hour, 'status' | 'reason'> {
  if (open.holdings.stale + close.holdings.stale > 0) {
    return { status: 'stale', reason: 'price_carried_forward' };
  }
  if (close.holdings.closed > 0) {
    return { status: 'market_closed', reason: 'session_price_carried' };
  }
  return { status: 'measured', reason: null };
}

function none(status: HourStatus, reason: HourReason): Verdict {
  return { status, reason, return: null };
}
