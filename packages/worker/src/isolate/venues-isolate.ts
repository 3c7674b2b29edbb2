// The isolate of the venues: the connectors and the libraries that they bring. It has no database,
// no key and no environment; a session's credentials come with the question that opens it and are
// wiped when it closes. Whatever a venue's answer does to this thread, the record goes on.

import './lock.ts';
import assert from 'node:assert';
import { workerData } from 'node:worker_threads';
import { RecordError } from '@track-record/errors';
import { Secret } from '@track-record/sealing/secret';
import { loadVenues } from '@track-record/venues';
import type { Egress, Venue, VenueContext, VenueSession } from '@track-record/venues/contract';
import { fileClock, systemClock } from '../clock.ts';
import { serve } from './serve.ts';
import type { VenuesCalls, VenuesGiven } from './venues-calls.ts';

interface Visit {
  readonly context: VenueContext;
  readonly abort: () => void;
  session: VenueSession | null;
  secrets: readonly Secret[];
}

const given = parseGiven(workerData);
const now = given.clockFile === null ? systemClock : fileClock(given.clockFile);
const venues = await loadVenues(given.venues);
const visits = new Map<number, Visit>();

serve<VenuesCalls>({
  capabilities: async () => [...venues.values()].map(({ capabilities }) => capabilities),
  prices: async ({ visit, venue, egress, requests }) => {
    try {
      return await venueOf(venue).prices(requests, begin(visit, egress).context);
    } finally {
      visits.delete(visit);
    }
  },
  open: async ({ visit: id, venue, egress, credentials }) => {
    const visit = begin(id, egress);
    const fields = new Map(credentials.map(([field, bytes]) => [field, new Secret(bytes)]));
    visit.secrets = [...fields.values()];
    visit.session = await venueOf(venue).connect(fields, visit.context);
    return { quotesIn: visit.session.quotes?.currency ?? null };
  },
  identify: (visit) => sessionOf(visit).identify(),
  observe: (visit) => sessionOf(visit).observe(),
  fetch: ({ visit, window, cursor }) => sessionOf(visit).fetch(window, cursor),
  quotes: ({ visit, requests }) => {
    const { quotes } = sessionOf(visit);
    assert(quotes !== undefined);
    return quotes.ask(requests);
  },
  abort: async (visit) => {
    visits.get(visit)?.abort();
    return null;
  },
  close: async (id) => {
    const visit = visits.get(id);
    visits.delete(id);
    try {
      await visit?.session?.close();
    } finally {
      for (const secret of visit?.secrets ?? []) secret.wipe();
    }
    return null;
  },
});

function begin(id: number, egress: Egress | null): Visit {
  const ending = new AbortController();
  const context = { egress, now, signal: ending.signal };
  const visit: Visit = { context, abort: () => ending.abort(), session: null, secrets: [] };
  visits.set(id, visit);
  return visit;
}

function sessionOf(id: number): VenueSession {
  const session = visits.get(id)?.session;
  // The session was opened before this isolate was started again.
  if (session === undefined || session === null) throw new RecordError('VENUE_UNAVAILABLE');
  return session;
}

function venueOf(id: string): Venue {
  const venue = venues.get(id);
  if (venue === undefined) throw new RecordError('VENUE_UNKNOWN');
  return venue;
}

function parseGiven(value: unknown): VenuesGiven {
  return value as VenuesGiven;
}
