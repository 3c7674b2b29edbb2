// The shape of `track-record-ledger/1` as JSON (FORMATS.md), for those that must not use the
// ledger's own types.

export interface PostingJson {
  readonly asset: string;
  readonly amount: string;
  readonly role?: 'fee';
}

export interface EntryJson {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly postings: readonly PostingJson[];
  readonly position?: {
    readonly instrument: string;
    readonly contracts: string;
    readonly price: string;
  };
  readonly split?: { readonly instrument: string; readonly ratio: string };
  readonly txid?: string;
}

export interface InstrumentJson {
  readonly kind: string;
  readonly base: string;
  readonly quote: string;
  readonly settle: string;
  readonly contractSize?: string;
  readonly multiplier?: string;
  readonly realised?: 'posted' | 'derived';
}

export interface AnchorJson {
  readonly asOf: string;
  readonly balances: Readonly<Record<string, string>>;
  readonly positions: readonly {
    readonly instrument: string;
    readonly contracts: string;
    readonly entryPrice: string;
  }[];
}

export interface LedgerJson {
  readonly format: 'track-record-ledger/1';
  readonly account: {
    readonly id: string;
    readonly venue: string;
    readonly reportingCurrency: string;
    readonly references?: readonly {
      readonly asset: string;
      readonly currency: string;
      readonly source: string;
    }[];
  };
  readonly window: { readonly from: string; readonly to: string };
  readonly instruments: Readonly<Record<string, InstrumentJson>>;
  readonly anchors: readonly AnchorJson[];
  readonly entries: readonly EntryJson[];
  readonly prices: readonly {
    readonly asset: string;
    readonly currency: string;
    readonly at: string;
    readonly price: string;
    readonly source?: string;
  }[];
  readonly marks: readonly {
    readonly instrument: string;
    readonly at: string;
    readonly price: string;
  }[];
}
