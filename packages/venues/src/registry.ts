// Every venue this build can connect to. A new venue is one folder and one line here.

import { RecordError } from '@track-record/errors';
import { binance } from './ccxt/binance/binance.ts';
import type { Venue } from './contract.ts';

export const venues: ReadonlyMap<string, Venue> = new Map(
  [binance].map((venue) => [venue.capabilities.venue, venue]),
);

/** VENUE_UNKNOWN when there is no connector for it. */
export function findVenue(id: string): Venue {
  const venue = venues.get(id);
  if (venue === undefined) throw new RecordError('VENUE_UNKNOWN');
  return venue;
}
