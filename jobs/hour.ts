// Hours of the record: [h, h + 1 h) in milliseconds UTC, named by their start.

import type { VenueCapabilities } from '@track-record/venues/contract';

export const HOUR_MS = 3_600_000;

/** The earliest instant from which the venue still serves everything, an hour inside its floor. */
export function servedFrom(capabilities: VenueCapabilities, now: number): number {
  return capabilities.historyMs === null ? 0 : now - capabilities.historyMs + HOUR_MS;
}

export function startOfHour(at: number): number {
  return at - (at % HOUR_MS);
}

/** The end of the last hour whose entries the venue will no longer change at `now`. */
export function finalUntil(capabilities: VenueCapabilities, now: number): number {
  return startOfHour(now - capabilities.finalityLagMs);
}
