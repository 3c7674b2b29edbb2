// The JSON form of a report, `track-record-hours/1` (FORMATS.md). One spelling per number: no
// trailing zeros, but for the return, which always has its 18 digits.

import {
  type Decimal,
  formatDecimal,
  formatInstant,
  normalise,
  type Quote,
  sign,
} from '@track-record/ledger';
import type { HoursReport } from './hours.ts';
import type { Hour } from './hour.ts';

export const HOURS_FORMAT = 'track-record-hours/1';

/** Names the definition of the return; a change of the definition changes it. */
export const RETURN_METHOD = 'twr-cut-at-flows/1';

export function formatHoursReport(
  report: HoursReport,
  options: { readonly balances: boolean } = { balances: false },
): unknown {
  const { opening, hours } = report;
  return {
    format: HOURS_FORMAT,
    method: RETURN_METHOD,
    opening: { asOf: formatInstant(opening.asOf), balances: formatHeld(opening.balances) },
    hours: hours.map((hour) => formatHour(hour, options.balances)),
  };
}

function formatHour(hour: Hour, balances: boolean): unknown {
  return {
    hour: formatInstant(hour.hour),
    status: hour.status,
    reason: hour.reason,
    navOpen: formatOrNull(hour.navOpen),
    navClose: formatOrNull(hour.navClose),
    flow: formatOrNull(hour.flow),
    pnl: formatOrNull(hour.pnl),
    return: hour.return === null ? null : formatDecimal(hour.return),
    fees: formatOrNull(hour.fees),
    funding: formatOrNull(hour.funding),
    income: formatOrNull(hour.income),
    realised: formatOrNull(hour.realised),
    unrealised: formatOrNull(hour.unrealised),
    fx: formatOrNull(hour.fx),
    coverage: formatDecimal(hour.coverage),
    residual: formatNamed(hour.residual, formatExact),
    residualValue: formatOrNull(hour.residualValue),
    ...(hour.references.size === 0
      ? {}
      : { references: formatNamed(hour.references, formatQuote) }),
    ...(hour.flags.length === 0 ? {} : { flags: hour.flags }),
    ...(hour.derived.size === 0 ? {} : { derived: formatNamed(hour.derived, formatExact) }),
    ...(balances ? { balances: formatHeld(hour.balances) } : {}),
  };
}

/** An amount of zero is not held and not listed. */
function formatHeld(balances: ReadonlyMap<string, Decimal>): unknown {
  const held = new Map([...balances].filter(([, amount]) => sign(amount) !== 0));
  return formatNamed(held, formatExact);
}

/** In the order of the names. A residual of zero is listed: anchors that disagreed, or a cost. */
function formatNamed<T>(values: ReadonlyMap<string, T>, format: (value: T) => unknown): unknown {
  const sorted = [...values].sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, format(value)]));
}

function formatQuote({ price, at, source }: Quote): unknown {
  return { price: formatExact(price), at: formatInstant(at), source };
}

function formatOrNull(value: Decimal | null): string | null {
  return value === null ? null : formatExact(value);
}

function formatExact(value: Decimal): string {
  return formatDecimal(normalise(value));
}
