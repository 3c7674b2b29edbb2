// The JSON form of a report, `track-record-hours/1` (FORMATS.md). One spelling per number: no
// trailing zeros, but for the return, which always has its 18 digits.

import type { Decimal, Quote } from '@track-record/ledger';
import { formatDecimal, formatInstant, normalise } from '@track-record/ledger';
import type { HoursReport } from './hours.ts';
import type { Hour } from './hour.ts';
import type { TallyClass } from './tally.ts';

export const HOURS_FORMAT = 'track-record-hours/1';

/** Names the definition of the return; a change of the definition changes it. */
export const RETURN_METHOD = 'twr-cut-at-flows/1';

/** In the reporting currency. */
type Money = TallyClass | 'navOpen' | 'navClose' | 'flow' | 'pnl' | 'unrealised' | 'residualValue';

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

export function formatHour(hour: Hour, balances: boolean): Readonly<Record<string, unknown>> {
  const { references, flags, derived } = hour;
  const money = (...names: Money[]): object =>
    Object.fromEntries(names.map((name) => [name, formatOrNull(hour[name])]));
  return {
    hour: formatInstant(hour.hour),
    status: hour.status,
    reason: hour.reason,
    ...money('navOpen', 'navClose', 'flow', 'pnl'),
    return: hour.return === null ? null : formatDecimal(hour.return),
    ...money('fees', 'funding', 'income', 'realised', 'unrealised', 'fx'),
    coverage: formatDecimal(hour.coverage),
    residual: formatNamed(hour.residual, formatExact),
    ...money('residualValue'),
    ...(references.size === 0 ? {} : { references: formatNamed(references, formatQuote) }),
    ...(flags.length === 0 ? {} : { flags }),
    ...(derived.size === 0 ? {} : { derived: formatNamed(derived, formatExact) }),
    ...(balances ? { balances: formatHeld(hour.balances) } : {}),
  };
}

/** An amount of zero is not held and not listed. */
function formatHeld(balances: ReadonlyMap<string, Decimal>): unknown {
  const held = new Map([...balances].filter(([, amount]) => amount.mantissa !== 0n));
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
