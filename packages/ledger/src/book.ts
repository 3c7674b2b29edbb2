// The running state of one account: a balance per asset and a position per instrument, changed by
// one entry at a time. Exact: a balance has the finest scale its asset has shown. It knows nothing
// of prices and hours.

import assert from 'node:assert/strict';
import { add, type Decimal, normalise, sign, subtract, ZERO } from './decimal.ts';
import type { Entry, Instrument, Posting, Split } from './entry.ts';
import { applyFill, FLAT, type Position, splitInto } from './position.ts';
import type { OpenTransfer } from './transfers.ts';

export interface BookState {
  readonly balances: ReadonlyMap<string, Decimal>;
  readonly positions: ReadonlyMap<string, Position>;
  /** Part of equity and of no balance. */
  readonly transit?: readonly OpenTransfer[];
}

/** Realised profit that the ledger computed because the venue does not post it. */
export type DerivedPosting = Posting;

export class Book {
  readonly balances = new Map<string, Decimal>();
  readonly positions = new Map<string, Position>();
  /** What has left one wallet and not yet reached the other: equity, and no balance. */
  readonly transit = new Map<string, Decimal>();
  /** Assets that went below zero since the reader last cleared this. */
  readonly overdrawn = new Set<string>();
  /** Shares held as balances and currencies of the foreign exchange market: priced in sessions. */
  readonly closingAssets = new Set<string>();
  readonly #instruments: ReadonlyMap<string, Instrument>;

  constructor(instruments: ReadonlyMap<string, Instrument>, state: BookState) {
    this.#instruments = instruments;
    for (const { kind, base, quote } of instruments.values()) {
      if (kind === 'equity' || kind === 'fx') this.closingAssets.add(base);
      if (kind === 'fx') this.closingAssets.add(quote);
    }
    for (const [asset, balance] of state.balances) this.post(asset, balance);
    for (const [name, position] of state.positions) this.positions.set(name, position);
    for (const { asset, amount } of state.transit ?? []) addAmount(this.transit, asset, amount);
  }

  /** Applies one entry; the answer is the realised posting it derived, or null. */
  apply(entry: Entry): DerivedPosting | null {
    for (const { asset, amount, role } of entry.postings) {
      if (role === 'transit') addAmount(this.transit, asset, amount);
      else this.post(asset, amount);
    }
    if (entry.split !== undefined) this.#split(entry.split);
    if (entry.position === undefined) return null;
    const instrument = this.instrument(entry.position.instrument);
    const before = this.positions.get(entry.position.instrument) ?? FLAT;
    const { position, realised } = applyFill(before, instrument, entry.position);
    this.positions.set(entry.position.instrument, position);
    if (sign(realised) === 0) return null;
    this.post(instrument.settle, realised);
    return { asset: instrument.settle, amount: realised };
  }

  post(asset: string, amount: Decimal): void {
    const total = addAmount(this.balances, asset, amount);
    if (total.mantissa < 0n) this.overdrawn.add(asset);
  }

  /** A change of a position that no fill explains. */
  adjust(name: string, change: Position): void {
    const position = this.positions.get(name) ?? FLAT;
    this.positions.set(name, {
      contracts: add(position.contracts, change.contracts),
      cost: add(position.cost, change.cost),
      unposted: position.unposted,
    });
  }

  balance(asset: string): Decimal {
    return this.balances.get(asset) ?? ZERO;
  }

  /** The document was checked to define every instrument it names. */
  instrument(name: string): Instrument {
    const instrument = this.#instruments.get(name);
    assert(instrument !== undefined, 'an instrument that the document does not define');
    return instrument;
  }

  /** What is held, one spelling per number, names in order: the same state has the same bytes. */
  state(): BookState {
    const balances = new Map<string, Decimal>();
    for (const asset of [...this.balances.keys()].sort()) {
      const balance = this.balance(asset);
      if (sign(balance) !== 0) balances.set(asset, normalise(balance));
    }
    const positions = new Map<string, Position>();
    for (const name of [...this.positions.keys()].sort()) {
      const { contracts, cost, unposted } = this.positions.get(name) ?? FLAT;
      if (sign(contracts) === 0 && sign(unposted) === 0) continue;
      positions.set(name, {
        contracts: normalise(contracts),
        cost: normalise(cost),
        unposted: normalise(unposted),
      });
    }
    return { balances, positions };
  }

  /** No cash. Shares may be held as a position or as a balance of the base asset. */
  #split(split: Split): void {
    const position = this.positions.get(split.instrument);
    if (position !== undefined) {
      const contracts = normalise(splitInto(position.contracts, split.ratio));
      this.positions.set(split.instrument, { ...position, contracts });
    }
    const { base, kind } = this.instrument(split.instrument);
    const shares = this.balance(base);
    if (kind === 'equity' && sign(shares) !== 0) {
      this.post(base, subtract(splitInto(shares, split.ratio), shares));
    }
  }
}

/** The total of `name` after the change. */
export function addAmount(totals: Map<string, Decimal>, name: string, amount: Decimal): Decimal {
  const total = add(totals.get(name) ?? ZERO, amount);
  totals.set(name, total);
  return total;
}
