// What every venue connector offers, and nothing more: who the key belongs to, what happened in a
// window, what is held at one instant, and what things cost. Each answer is complete or a typed
// refusal (RecordError with a VENUE_ code); an empty list means "nothing happened", never "could
// not look".

import type {
  Anchor,
  Entry,
  EntryKind,
  Instrument,
  InstrumentKind,
  Mark,
  Price,
  Window,
} from '@track-record/ledger';
import type { Secret } from '@track-record/sealing/secret';

export const credentialFields = [
  'apiKey',
  'secret',
  'password',
  'walletAddress',
  'flexToken',
  'flexQueryId',
  'host',
  'port',
] as const;

export type CredentialField = (typeof credentialFields)[number];

/** Opened in `connect` only; the caller wipes them in its `finally`. */
export type VenueCredentials = ReadonlyMap<CredentialField, Secret>;

/**
 * Development only: every connection goes to this address in plain HTTP or TCP, real host in
 * `Host`.
 */
export interface Egress {
  readonly host: string;
  readonly port: number;
}

export interface VenueContext {
  readonly egress: Egress | null;
  /** Our clock, integer milliseconds UTC. */
  readonly now: () => number;
  /** Aborts when the job's deadline passes, its claim is lost, or the worker stops. */
  readonly signal: AbortSignal;
}

export interface VenueCapabilities {
  readonly venue: string;
  readonly title: string;
  readonly instruments: readonly InstrumentKind[];
  /** The kinds of entries this connector can prove complete. */
  readonly feeds: readonly EntryKind[];
  /** What crosses the perimeter unseen here; empty when every flow feed exists. */
  readonly unseen: readonly string[];
  /** The currency equity is reported in unless the owner chose another. */
  readonly quoteCurrency: string;
  /** An hour may be signed this long after its end; later entries are restatements. */
  readonly finalityLagMs: number;
  /** How far back the venue serves what a record needs; null when without limit. */
  readonly historyMs: number | null;
  readonly hosts: readonly string[];
  readonly credentials: readonly CredentialField[];
}

export interface Permissions {
  readonly read: boolean;
  readonly trade: boolean;
  readonly withdraw: boolean;
  /** null where the venue does not say. */
  readonly ipRestricted: boolean | null;
}

export interface VenueIdentity {
  /** The venue's own id of the account; never leaves the enclave in the clear. */
  readonly venueAccountId: string;
  /** From the venue, never from the user's text. */
  readonly paper: boolean;
  readonly permissions: Permissions;
}

export interface IgnoredRow {
  readonly id: string;
  readonly reason: string;
}

export interface Fetched {
  readonly entries: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly ignored: readonly IgnoredRow[];
  /**
   * What the connector learnt (symbols seen, page ids); opaque JSON, sealed, given back next time.
   */
  readonly cursor: string;
  readonly requests: number;
}

/**
 * Balances and positions at `anchor.asOf`, and the instant until which nothing may have happened.
 */
export interface Observation {
  readonly anchor: Anchor;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /**
   * The venue's time after the last read; an entry in [asOf, quietUntil] makes the anchor unusable.
   */
  readonly quietUntil: number;
}

export interface PriceRequest {
  readonly kind: 'asset' | 'mark';
  /** An asset for `asset`, an instrument id for `mark`. */
  readonly name: string;
  readonly currency: string;
  readonly at: number;
}

export interface PriceAnswer {
  readonly prices: readonly Price[];
  readonly marks: readonly Mark[];
}

export interface KeyedPrices {
  readonly currency: string;
  /** As `Venue.prices`. */
  readonly ask: (requests: readonly PriceRequest[]) => Promise<PriceAnswer>;
}

export interface VenueSession {
  readonly identify: () => Promise<VenueIdentity>;
  /** Every entry with `window.from <= at < window.to`. */
  readonly fetch: (window: Window, cursor: string | null) => Promise<Fetched>;
  readonly observe: () => Promise<Observation>;
  /** Where prices are only for holders of a key: asked while the session has it. */
  readonly quotes?: KeyedPrices;
  /** Forgets the credentials and closes sockets. */
  readonly close: () => Promise<void>;
}

export interface Venue {
  readonly capabilities: VenueCapabilities;
  readonly connect: (credentials: VenueCredentials, context: VenueContext) => Promise<VenueSession>;
  /** Public and keyless. A request that no source can answer is absent from the answer. */
  readonly prices: (
    requests: readonly PriceRequest[],
    context: VenueContext,
  ) => Promise<PriceAnswer>;
}
