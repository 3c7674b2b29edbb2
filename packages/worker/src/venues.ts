// The venues as the routes see them: every question goes to the isolate of the venues, where the
// connectors are. What comes back has been read strictly there and is copied here.

import type { Venue, VenueCapabilities, VenueSession } from '@track-record/venues/contract';
import { startIsolate, type Isolate } from './isolate/isolate.ts';
import type { VenuesCalls, VenuesGiven } from './isolate/venues-calls.ts';
import type { WorkerOptions } from './worker.ts';

export interface Venues {
  readonly venues: ReadonlyMap<string, Venue>;
  readonly stop: () => Promise<void>;
}

/** Ten connectors and their markets, and the entries of a first synchronisation on top. */
const HEAP_SIZE_MB_MAX = 1_024;

/** VENUE_UNKNOWN when there is no connector for one that the configuration names. */
export async function startVenues({ config, log, onBug }: VenuesOptions): Promise<Venues> {
  const isDevelopment = config.ENCLAVE_MODE === 'development';
  const given: VenuesGiven = {
    venues: config.WORKER_VENUES,
    clockFile: isDevelopment ? (config.DEVELOPMENT_CLOCK_FILE ?? null) : null,
  };
  const isolate = startIsolate<VenuesCalls>({
    file: new URL('./isolate/venues-isolate.ts', import.meta.url),
    given: () => given,
    calls: {},
    heapSizeMbMax: HEAP_SIZE_MB_MAX,
    refusal: 'VENUE_UNAVAILABLE',
    onEnd: (error) => {
      log('isolate-ended', { place: 'venues' });
      onBug(error);
    },
  });
  try {
    const capabilities = await isolate.ask('capabilities', null);
    const visits = countFrom(1);
    const venues = capabilities.map(
      (each) => [each.venue, venueIn(isolate, each, visits)] as const,
    );
    return { venues: new Map(venues), stop: isolate.stop };
  } catch (error) {
    await isolate.stop();
    throw error;
  }
}

type VenuesOptions = Pick<WorkerOptions, 'config' | 'log' | 'onBug'>;

function venueIn(
  isolate: Isolate<VenuesCalls>,
  capabilities: VenueCapabilities,
  nextVisit: () => number,
): Venue {
  const { venue } = capabilities;
  /** Ends the visit's requests with the job that asks; returns what forgets the job again. */
  const follow = (visit: number, signal: AbortSignal): (() => void) => {
    // The visit then fails by itself, or with its isolate.
    const abort = (): void => void Promise.allSettled([isolate.ask('abort', visit)]);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    return () => signal.removeEventListener('abort', abort);
  };
  return {
    capabilities,
    prices: async (requests, { egress, signal }) => {
      const visit = nextVisit();
      const answer = isolate.ask('prices', { visit, venue, egress, requests });
      const forget = follow(visit, signal);
      return await answer.finally(forget);
    },
    connect: async (secrets, { egress, signal }) => {
      const visit = nextVisit();
      const credentials = [...secrets].map(
        ([field, secret]) => [field, secret.open((bytes) => new Uint8Array(bytes))] as const,
      );
      const moved = credentials.map(([, bytes]) => bytes.buffer);
      const opened = isolate.ask('open', { visit, venue, egress, credentials }, moved);
      const forget = follow(visit, signal);
      const close = async (): Promise<void> => {
        forget();
        await isolate.ask('close', visit);
      };
      try {
        return sessionIn(isolate, visit, (await opened).quotesIn, close);
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

function sessionIn(
  isolate: Isolate<VenuesCalls>,
  visit: number,
  quotesIn: string | null,
  close: () => Promise<void>,
): VenueSession {
  const session: VenueSession = {
    identify: () => isolate.ask('identify', visit),
    observe: () => isolate.ask('observe', visit),
    fetch: (window, cursor) => isolate.ask('fetch', { visit, window, cursor }),
    close,
  };
  if (quotesIn === null) return session;
  const ask: NonNullable<VenueSession['quotes']>['ask'] = (requests) =>
    isolate.ask('quotes', { visit, requests });
  return { ...session, quotes: { currency: quotesIn, ask } };
}

function countFrom(first: number): () => number {
  let next = first;
  return () => next++;
}
