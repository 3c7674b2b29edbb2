// What a route is given: the rooms it calls, and the worker's clock, randomness and claim. A route
// reads nothing from anywhere else, so that a test can decide all of it.

import type { MasterKey, RandomBytes, RecordRoot } from '@track-record/sealing';
import type { IntakeKeyPair } from '@track-record/sealing/intake';
import type { SigningKey } from '@track-record/statement';
import type { Database } from '@track-record/store';
import type { Egress, Venue, VenueContext } from '@track-record/venues/contract';
import type { Kysely, RawBuilder, Transaction } from 'kysely';
import type { QueueDefinition } from './queue.ts';

/** The steps of a route at which a crash test may kill the worker. */
export const routeSteps = [
  'loaded',
  'opened',
  'fetched',
  'priced',
  'computed',
  'signed',
  'written',
  'committed',
] as const;

export type RouteStep = (typeof routeSteps)[number];

export interface RouteContext {
  readonly db: Kysely<Database>;
  readonly master: MasterKey;
  readonly root: RecordRoot;
  readonly intake: IntakeKeyPair;
  readonly signingKey: SigningKey;
  readonly venues: ReadonlyMap<string, Venue>;
  /** Development only: where every venue's connections go. */
  readonly egress: Egress | null;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly random: RandomBytes;
  /** Aborts when the claim is lost, the deadline passes or the worker stops. */
  readonly signal: AbortSignal;
  /** Completes the claimed job in the transaction that holds its results, or JOB_CLAIM_LOST. */
  readonly settle: (trx: Transaction<Database>, output: RouteOutput) => Promise<void>;
  /** The same as a statement, which returns a row if the claim holds. */
  readonly settling: (output: RouteOutput) => RawBuilder<unknown>;
  /** Adds jobs in the transaction; a key that already has a job keeps it. */
  readonly enqueue: <Payload extends object>(
    trx: Transaction<Database>,
    queue: QueueDefinition<Payload>,
    payloads: readonly Payload[],
  ) => Promise<void>;
  /** Told how many requests a venue was sent. */
  readonly asked: (requests: number) => void;
  readonly step: (step: RouteStep) => void;
}

/** What a finished job leaves in the queue: counts only. */
export interface RouteOutput {
  readonly hours: number;
}

export function venueContext(context: RouteContext): VenueContext {
  return { egress: context.egress, now: context.now, signal: context.signal };
}

/** Ends a job that found everything done already. */
export async function settleUnchanged(context: RouteContext): Promise<void> {
  await context.db.transaction().execute((trx) => context.settle(trx, { hours: 0 }));
}
