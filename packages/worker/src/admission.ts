// How many jobs a claim loop may begin. Where a venue is asked, all workers behind one address
// share what it allows: each job is charged what jobs have asked lately, before it is claimed, and
// the difference to what it did ask is settled with the next claim.

import { closeVenue, isHeld, takeTokens, type Database } from '@track-record/store';
import type { Kysely } from 'kysely';
import type { ClaimLoopOptions } from './claim-loop.ts';

export interface Admitting extends Pick<ClaimLoopOptions, 'admit' | 'unclaimed'> {
  /** Told what a job has asked of its venue; null when it ended without saying. */
  readonly settle: (requests: number | null) => void;
  /** The venue has told this worker to wait. */
  readonly close: (seconds: number) => Promise<void>;
}

/** For a queue whose jobs ask no venue. */
export function admitUnlessHeld(db: Kysely<Database>, queue: string): Admitting {
  return {
    admit: async (free) => ((await isHeld(db, queue)) ? 0 : free),
    unclaimed: () => undefined,
    settle: () => undefined,
    close: () => Promise.resolve(),
  };
}

export function admitByVenue(
  db: Kysely<Database>,
  place: { readonly queue: string; readonly venue: string; readonly egress: string },
  isBackfill: boolean,
): Admitting {
  let charged = 0;
  let unclaimed = 0;
  let settled = 0;
  let correction = 0;
  return {
    admit: async (jobs) => {
      const asked = { ...place, isBackfill, jobs, unclaimed, settled, correction };
      [unclaimed, settled, correction] = [0, 0, 0];
      const admitted = await takeTokens(db, asked);
      if (admitted.granted > 0) charged = admitted.charged;
      return admitted.granted;
    },
    unclaimed: (jobs) => {
      unclaimed += jobs;
    },
    settle: (requests) => {
      if (requests === null) return;
      settled += 1;
      correction += requests - charged;
    },
    close: (seconds) => closeVenue(db, place.venue, place.egress, seconds),
  };
}
