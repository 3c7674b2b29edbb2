// The first number of an operator: how many final hours are not signed.

import type { VenueDepth } from '@track-record/store/operator';
import { minuteOf, tableOf, type Column } from './table.ts';

export function hoursLine(venues: readonly VenueDepth[]): string {
  const missing = sumOf(venues, ({ hoursMissing }) => hoursMissing);
  const behind = sumOf(venues, ({ accountsBehind }) => accountsBehind);
  const active = sumOf(venues, ({ active }) => active);
  const withheld = sumOf(venues, ({ hoursWithheld }) => hoursWithheld);
  const stopped = sumOf(venues, ({ stopped }) => stopped);
  return (
    `hours missing ${missing}, of ${behind} of ${active} active accounts; ` +
    `withheld ${withheld}, of ${stopped} stopped`
  );
}

export function venuesTable(venues: readonly VenueDepth[]): string {
  const columns: readonly Column<VenueDepth>[] = [
    { title: 'venue', of: ({ venue }) => venue },
    { title: 'final to', of: ({ finalTo }) => minuteOf(finalTo) },
    { title: 'active', of: ({ active }) => active, right: true },
    { title: 'behind', of: ({ accountsBehind }) => accountsBehind, right: true },
    { title: 'missing', of: ({ hoursMissing }) => hoursMissing, right: true },
    { title: 'stopped', of: ({ stopped }) => stopped, right: true },
    { title: 'withheld', of: ({ hoursWithheld }) => hoursWithheld, right: true },
  ];
  return tableOf(columns, venues, 'No account.');
}

/** Counts of rows are safe integers. */
export function sumOf(venues: readonly VenueDepth[], count: (venue: VenueDepth) => string): string {
  return String(venues.reduce((sum, venue) => sum + Number(count(venue)), 0));
}
