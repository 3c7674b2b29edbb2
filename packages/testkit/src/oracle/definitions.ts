// The definitions of the oracle that need no ledger: what a fill does to a position, what contracts
// gain, how stretches link, and the order of entries (returns.md 1.4 and 2).

import { Decimal } from 'decimal.js';
import type { EntryJson, InstrumentJson } from './ledger-json.ts';

export const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_EVEN });

/** Digits of a return, and the least equity a return is measured on: returns.md 1.4 and 6. */
const RETURN_DIGITS = 18;
const DUST = new Exact(10);

export interface Verdict {
  readonly status: 'measured' | 'dust' | 'no_capital' | 'ruined' | 'quarantined';
  readonly return: Decimal | null;
}

export interface Holding {
  readonly contracts: Decimal;
  /** Average, harmonic for inverse contracts; 0 where nothing is held. */
  readonly entryPrice: Decimal;
}

/** One stretch between two cuts. */
export interface Stretch {
  readonly base: Decimal;
  readonly end: Decimal;
}

/** Average price in; average price stays on the way out; beyond zero the rest opens anew. */
export function traded(
  { contracts: held, entryPrice }: Holding,
  contracts: Decimal,
  price: Decimal,
  harmonic: boolean,
): { holding: Holding; closed: Decimal; entryPrice: Decimal } {
  const sum = held.plus(contracts);
  if (held.isZero() || held.isNegative() === contracts.isNegative()) {
    const average = harmonic
      ? sum.div(
          held.isZero() ? contracts.div(price) : held.div(entryPrice).plus(contracts.div(price)),
        )
      : held.times(entryPrice).plus(contracts.times(price)).div(sum);
    return { holding: { contracts: sum, entryPrice: average }, closed: new Exact(0), entryPrice };
  }
  if (sum.isZero() || sum.isNegative() === held.isNegative()) {
    const kept = sum.isZero() ? new Exact(0) : entryPrice;
    return { holding: { contracts: sum, entryPrice: kept }, closed: contracts.neg(), entryPrice };
  }
  return { holding: { contracts: sum, entryPrice: price }, closed: held, entryPrice };
}

/** What `contracts` earned between two prices; negative contracts are short. */
export function gain(
  instrument: InstrumentJson,
  contracts: Decimal,
  entry: Decimal,
  exit: Decimal,
): Decimal {
  if (contracts.isZero()) return new Exact(0);
  const size = contracts.times(sizeOf(instrument));
  if (!paysInCoin(instrument)) return size.times(exit.minus(entry));
  return size.times(new Exact(1).div(entry).minus(new Exact(1).div(exit)));
}

export function judge(stretches: readonly Stretch[]): Verdict {
  const measured = stretches.filter(({ base }) => base.gte(DUST));
  if (measured.some(({ end }) => end.lte(0))) return { status: 'ruined', return: new Exact(-1) };
  if (measured.length > 0) {
    const growth = measured.reduce((product, { base, end }) => product.times(end).div(base), one());
    return { status: 'measured', return: growth.minus(1).toDecimalPlaces(RETURN_DIGITS) };
  }
  const some = stretches.some(({ base }) => base.gt(0));
  return { status: some ? 'dust' : 'no_capital', return: null };
}

/** Within a millisecond inflows, then everything else, then outflows; then by id. */
export function inOrder(left: EntryJson, right: EntryJson): number {
  if (at(left) !== at(right)) return at(left) - at(right);
  if (phaseOf(left) !== phaseOf(right)) return phaseOf(left) - phaseOf(right);
  return left.id < right.id ? -1 : 1;
}

export function phaseOf(entry: EntryJson): 0 | 1 | 2 {
  if (entry.kind !== 'flow') return 1;
  const amounts = entry.postings.filter(({ role }) => role !== 'fee').map(({ amount }) => amount);
  const moved = [...amounts, entry.position?.contracts ?? '0'];
  return moved.some((amount) => amount.startsWith('-')) ? 2 : 0;
}

export function at(entry: EntryJson): number {
  return Date.parse(entry.at);
}

export function sumOf({ postings }: EntryJson): Decimal {
  return total(postings.filter(({ role }) => role !== 'fee').map((p) => new Exact(p.amount)));
}

export function sizeOf({ contractSize, multiplier }: InstrumentJson): Decimal {
  return new Exact(contractSize ?? '1').times(multiplier ?? '1');
}

export function paysInCoin({ kind, base, settle }: InstrumentJson): boolean {
  return kind === 'inverse' || (kind === 'future' && settle === base);
}

export function isPaidInFull({ kind }: InstrumentJson): boolean {
  return kind === 'equity' || kind === 'option';
}

export function plus(map: Map<string, Decimal>, name: string, amount: Decimal): void {
  map.set(name, (map.get(name) ?? new Exact(0)).plus(amount));
}

export function total(parts: readonly Decimal[]): Decimal {
  return parts.reduce((sum, part) => sum.plus(part), new Exact(0));
}

export function one(): Decimal {
  return new Exact(1);
}
