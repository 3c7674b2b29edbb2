// What the isolate of the venues may be asked, and what it is given at its start.

import type {
  CredentialField,
  Egress,
  Fetched,
  Observation,
  PriceAnswer,
  PriceRequest,
  VenueCapabilities,
  VenueIdentity,
} from '@track-record/venues/contract';
import type { Window } from '@track-record/ledger';

export interface VenuesGiven {
  readonly venues: readonly string[];
  /** Development: see clock.ts. */
  readonly clockFile: string | null;
}

/** A visit is one session, or one question for prices; whoever asks numbers it. */
export type VenuesCalls = {
  readonly capabilities: (given: null) => Promise<readonly VenueCapabilities[]>;
  readonly prices: (given: {
    readonly visit: number;
    readonly venue: string;
    readonly egress: Egress | null;
    readonly requests: readonly PriceRequest[];
  }) => Promise<PriceAnswer>;
  readonly open: (given: {
    readonly visit: number;
    readonly venue: string;
    readonly egress: Egress | null;
    readonly credentials: readonly (readonly [CredentialField, Uint8Array])[];
  }) => Promise<{ readonly quotesIn: string | null }>;
  readonly identify: (visit: number) => Promise<VenueIdentity>;
  readonly observe: (visit: number) => Promise<Observation>;
  readonly fetch: (given: {
    readonly visit: number;
    readonly window: Window;
    readonly cursor: string | null;
  }) => Promise<Fetched>;
  readonly quotes: (given: {
    readonly visit: number;
    readonly requests: readonly PriceRequest[];
  }) => Promise<PriceAnswer>;
  /** The visit's requests end at once; it must still be closed. */
  readonly abort: (visit: number) => Promise<null>;
  readonly close: (visit: number) => Promise<null>;
};
