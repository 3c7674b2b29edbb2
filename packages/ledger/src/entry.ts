// What a ledger is made of: entries (signed changes), instruments, anchors (observed balances),
// prices and marks, each at an instant. Shapes only; `document.ts` reads and writes their JSON
// form. Every instant is integer milliseconds UTC. Windows are half-open: [from, to).

import type { Decimal } from './decimal.ts';

export const entryKinds = [
  'fill',
  'fee',
  'rebate',
  'funding',
  'interest',
  'dividend',
  'withholding',
  'reward',
  'airdrop',
  'conversion',
  'realised',
  'settlement',
  'transfer',
  'flow',
  'split',
  'adjustment',
] as const;

/**
 * `transfer` stays inside the perimeter; `flow` crosses it (in is plus); the rest is performance.
 */
export type EntryKind = (typeof entryKinds)[number];

/** One signed change of one asset's balance. */
export interface Posting {
  readonly asset: string;
  readonly amount: Decimal;
  /**
   * `fee`: a cost beside what moved. `transit` is never read from a document: it moves into or out
   * of what has left one wallet and not yet reached the other.
   */
  readonly role?: 'fee' | 'transit';
}

/** A change of a derivative or share position: signed contracts at a price. */
export interface PositionChange {
  readonly instrument: string;
  readonly contracts: Decimal;
  readonly price: Decimal;
}

/**
 * The ratio multiplies what is held. One without a finite decimal, such as 1:3, is written with at
 * least 15 digits.
 */
export interface Split {
  readonly instrument: string;
  readonly ratio: Decimal;
}

/** One event of one account. `id` is unique in the account and stable across fetches. */
export interface Entry {
  readonly id: string;
  readonly at: number;
  readonly kind: EntryKind;
  readonly postings: readonly Posting[];
  readonly position?: PositionChange;
  readonly split?: Split;
  /** The transaction both legs of a transfer share, where the venue tells it. */
  readonly txid?: string;
}

/** An entry, or several that act as one, whose postings are their sums. */
export interface Run extends Entry {
  /** One by one, and the least that may have been added to a balance among them. */
  readonly parts?: { readonly entries: readonly Entry[]; readonly lows: readonly Posting[] };
}

export const instrumentKinds = [
  'spot',
  'equity',
  'linear',
  'inverse',
  'future',
  'option',
  'fx',
] as const;

export type InstrumentKind = (typeof instrumentKinds)[number];

export interface Instrument {
  readonly kind: InstrumentKind;
  readonly base: string;
  readonly quote: string;
  /** The asset in which profit and loss are paid. */
  readonly settle: string;
  readonly contractSize: Decimal;
  /** Options and futures. */
  readonly multiplier?: Decimal;
  /** `posted`: the venue posts realised profit as entries; `derived`: the ledger computes it. */
  readonly realised: 'posted' | 'derived';
}

export interface AnchorPosition {
  readonly instrument: string;
  readonly contracts: Decimal;
  readonly entryPrice: Decimal;
}

/** Balances and positions as a venue reported them at one instant; an asset not listed is zero. */
export interface Anchor {
  readonly asOf: number;
  readonly balances: ReadonlyMap<string, Decimal>;
  readonly positions: readonly AnchorPosition[];
}

export interface Price {
  readonly asset: string;
  readonly currency: string;
  readonly at: number;
  readonly price: Decimal;
  /** The venue of a reference pair; absent where the account's own venue quotes. */
  readonly source?: string;
}

/** A pair that leads towards the reporting currency, by public candles of the venue it names. */
export type ReferencePair = Required<Omit<Price, 'at' | 'price'>>;

export interface Mark {
  readonly instrument: string;
  readonly at: number;
  readonly price: Decimal;
}

export interface LedgerAccount {
  readonly id: string;
  readonly venue: string;
  readonly reportingCurrency: string;
  /** The account's own venue is asked in the asset of the first one. */
  readonly references?: readonly ReferencePair[];
}

export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface LedgerDocument {
  readonly account: LedgerAccount;
  readonly window: Window;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly anchors: readonly Anchor[];
  readonly entries: readonly Entry[];
  readonly prices: readonly Price[];
  readonly marks: readonly Mark[];
}
