// What must hold for every ledger, on random ones: order, repetition and partition of the input
// never change a byte, money that only moves earns nothing, and what is missing is found.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  add,
  type Anchor,
  type Checkpoint,
  compare,
  type Decimal,
  divide,
  type Entry,
  type EntryKind,
  formatCheckpoint,
  HOUR_MS,
  type Instrument,
  type LedgerDocument,
  normalise,
  ONE,
  parseCheckpoint,
  parseDecimal,
  type Posting,
  sign,
  subtract,
  ZERO,
} from '@track-record/ledger';
import { disturb, inTwo, partOf } from '../../testkit/src/oracle/rearranged.ts';
import { computeHours, formatHoursReport, type HoursReport } from './index.ts';

const START = Date.UTC(2026, 0, 5);
const HOURS = 6;
const END = START + HOURS * HOUR_MS;
const RUNS = { numRuns: 150 };

const INSTRUMENTS: ReadonlyMap<string, Instrument> = new Map([
  ['LINEAR', perpetual('linear', 'USD', '0.01', 'derived')],
  ['POSTED', perpetual('linear', 'USD', '0.01', 'posted')],
  ['INVERSE', perpetual('inverse', 'BTC', '10', 'derived')],
]);

/** Enough of everything that no hour is dust and nothing is owed. */
const RICH: Anchor = {
  asOf: START,
  balances: new Map([
    ['USD', parseDecimal('1000000')],
    ['BTC', parseDecimal('1000')],
    ['ETH', parseDecimal('10000')],
  ]),
  positions: [
    { instrument: 'LINEAR', contracts: parseDecimal('3'), entryPrice: parseDecimal('101.5') },
    { instrument: 'INVERSE', contracts: parseDecimal('-2.5'), entryPrice: parseDecimal('97') },
  ],
};

interface Event {
  readonly ms: number;
  readonly kind: EntryKind;
  /** A fill of contracts instead of a change of the asset. */
  readonly contract: boolean;
  readonly asset: string;
  readonly instrument: string;
  /** In units of 1e-8. */
  readonly amount: number;
  /** In cents. */
  readonly price: number;
}

const event = fc.record<Event>({
  ms: fc.integer({ min: 0, max: HOURS * HOUR_MS - 1 }),
  kind: fc.constantFrom('fill', 'fee', 'funding', 'interest', 'transfer', 'flow'),
  contract: fc.boolean(),
  asset: fc.constantFrom('BTC', 'ETH', 'USD'),
  instrument: fc.constantFrom('LINEAR', 'POSTED', 'INVERSE'),
  amount: fc.integer({ min: -500_000_000, max: 500_000_000 }).filter((amount) => amount !== 0),
  price: fc.integer({ min: 90_00, max: 110_00 }),
});

const events = fc.array(event, { maxLength: 25 });
const prices = fc.infiniteStream(fc.integer({ min: 90_00, max: 110_00 }));

/** A complete ledger: opening anchor, a price of everything at every full hour and every flow. */
const ledgers = fc.tuple(events, prices).map(([list, series]) => ledgerOf(list, series));

describe('holds', () => {
  test('order and repetition of entries, prices, marks and anchors change no byte', () => {
    const property = fc.property(
      ledgers,
      fc.array(fc.nat(), { maxLength: 30 }),
      (ledger, picks) => {
        const shuffled: LedgerDocument = {
          ...ledger,
          entries: disturb(ledger.entries, picks),
          prices: disturb(ledger.prices, picks),
          marks: disturb(ledger.marks, picks),
          anchors: ledger.anchors.toReversed(),
        };
        expect(bytesOf(shuffled)).toBe(bytesOf(ledger));
      },
    );
    fc.assert(property, RUNS);
  });

  test('an entry in two parts changes no byte', () => {
    const property = fc.property(ledgers, (ledger) => {
      expect(bytesOf({ ...ledger, entries: ledger.entries.flatMap(inTwo) })).toBe(bytesOf(ledger));
    });
    fc.assert(property, RUNS);
  });

  test('from a checkpoint the later hours have the same bytes', () => {
    const hours = fc.integer({ min: 1, max: HOURS - 1 });
    const property = fc.property(ledgers, hours, (ledger, count) => {
      const middle = START + count * HOUR_MS;
      const whole = computeHours(ledger);
      const first = computeHours(partOf(ledger, START, middle));
      const opening = parseCheckpoint(formatCheckpoint(first.closing));
      const second = computeHours(partOf(ledger, middle, END), { opening });
      expect(hoursOf(first).concat(hoursOf(second))).toEqual(hoursOf(whole));
      expect(textOf(second.closing)).toBe(textOf(whole.closing));
    });
    fc.assert(property, RUNS);
  });

  test('the opening found backwards is the one the ledger began with', () => {
    const property = fc.property(ledgers, (ledger) => {
      const closing = anchorOf(computeHours(ledger).closing);
      const closingOnly = { ...ledger, anchors: [closing] };
      if (closesAPosition(ledger)) {
        const code = 'LEDGER_NOT_RECONCILED';
        expect(() => computeHours(closingOnly)).toThrow(expect.objectContaining({ code }));
      } else expect(returnsOf(closingOnly)).toEqual(returnsOf(ledger));
      const both = { ...ledger, anchors: [closing, ...ledger.anchors] };
      expect(returnsOf(both)).toEqual(returnsOf(ledger));
    });
    fc.assert(property, RUNS);
  });

  test('a complete ledger has no residual; without one entry, exactly that entry', () => {
    const property = fc.property(ledgers, fc.nat(), (ledger, pick) => {
      const { opening, closing } = computeHours(ledger);
      const complete = { ...ledger, anchors: [...ledger.anchors, anchorOf(closing)] };
      expect(residualOf(computeHours(complete))).toEqual({});
      // A derived posting follows from its fill, so what is missing is more than the fill itself.
      const spot = ledger.entries.filter((entry) => entry.position === undefined);
      const missing = spot[pick % spot.length];
      if (missing === undefined) return;
      const entries = ledger.entries.filter((entry) => entry !== missing);
      const forwards = computeHours({ ...complete, entries }, { opening });
      expect(residualOf(forwards)).toEqual(amountsOf(missing.postings));
      // From the last anchor backwards it is the first one that shows it, with the other sign.
      const backwards = computeHours({ ...complete, entries });
      expect(residualOf(backwards)).toEqual(amountsOf(missing.postings.map(reversed)));
    });
    fc.assert(property, RUNS);
  });

  test('deposits, withdrawals and transfers at flat prices earn nothing', () => {
    const moves = events.map((list) =>
      list.map((item): Event => {
        return { ...item, contract: false, kind: item.kind === 'transfer' ? 'transfer' : 'flow' };
      }),
    );
    const property = fc.property(moves, fc.integer({ min: 1, max: 1_000_000 }), (list, price) => {
      const flat = Array.from({ length: 1000 }, () => price);
      const ledger = ledgerOf(list.map(asCycle), flat.values());
      for (const hour of computeHours(ledger).hours) {
        expect(hour.status).toBe('measured');
        expect(sign(hour.return ?? ONE)).toBe(0);
        expect(sign(hour.pnl ?? ONE)).toBe(0);
      }
    });
    fc.assert(property, RUNS);
  });

  test('whatever moves inside the perimeter, and for however long, changes no hour', () => {
    const moves = fc.array(
      fc.record({
        asset: fc.constantFrom('BTC', 'ETH', 'USD'),
        amount: fc.integer({ min: 1, max: 50_000_000_000 }),
        leaves: fc.integer({ min: 0, max: HOURS * HOUR_MS - 1 }),
        arrives: fc.integer({ min: 0, max: HOURS * HOUR_MS - 1 }),
      }),
      { maxLength: 12 },
    );
    const still = ledgers.map((ledger) => ({
      ...ledger,
      entries: ledger.entries.filter(({ kind }) => kind !== 'transfer'),
    }));
    const property = fc.property(still, moves, (ledger, list) => {
      const legs = list.flatMap(({ asset, amount, leaves, arrives }, index): Entry[] => {
        const leg = (id: string, ms: number, mantissa: bigint): Entry => ({
          id: `${id}${index}`,
          at: START + ms,
          kind: 'transfer',
          postings: [{ asset, amount: { mantissa, scale: 8 } }],
        });
        return [
          leg('out', Math.min(leaves, arrives), -BigInt(amount)),
          leg('in', Math.max(leaves, arrives), BigInt(amount)),
        ];
      });
      const moved = computeHours({ ...ledger, entries: [...ledger.entries, ...legs] });
      expect(returnsOfReport(moved)).toEqual(returnsOf(ledger));
      expect(moved.hours.flatMap(({ flags }) => flags)).toEqual([]);
      expect(moved.closing.transit).toEqual([]);
    });
    fc.assert(property, RUNS);
  });

  test('all prices times a constant change no return', () => {
    const factors = fc.constantFrom('2', '0.1', '7.3', '1000');
    const property = fc.property(events, prices, factors, (list, series, factor) => {
      const inKind = list.filter(({ contract, asset }) => !contract && asset !== 'USD');
      const ledger = withoutCash(ledgerOf(inKind, series));
      const scaled = {
        ...ledger,
        prices: ledger.prices.map((price) => ({
          ...price,
          price: divide(price.price, divide(ONE, parseDecimal(factor), 30), 8),
        })),
      };
      // A division leaves 1e-30; what is compared has 18 digits.
      expect(returnsOf(scaled)).toEqual(returnsOf(ledger));
    });
    fc.assert(property, RUNS);
  });

  test('the parts of the profit sum to it, and the hours join', () => {
    const property = fc.property(ledgers, (ledger) => {
      const { hours } = computeHours(ledger);
      for (const [index, hour] of hours.entries()) {
        const { fees, funding, income, realised, unrealised, fx } = hour;
        const parts = [fees, funding, income, realised, unrealised, fx].map((part) => part ?? ONE);
        expect(compare(parts.reduce(add), hour.pnl ?? ONE)).toBe(0);
        const next = hours[index + 1];
        if (next !== undefined) expect(next.navOpen).toEqual(hour.navClose);
      }
    });
    fc.assert(property, RUNS);
  });
});

function ledgerOf(list: readonly Event[], series: Iterator<number>): LedgerDocument {
  const entries = list.map(entryOf);
  const flows = entries.filter(({ kind }) => kind === 'flow').map(({ at }) => at);
  const boundaries = Array.from({ length: HOURS + 1 }, (_, hour) => START + hour * HOUR_MS);
  const instants = [...new Set([...boundaries, ...flows])];
  const next = (): Decimal => ({ mantissa: BigInt(Number(series.next().value)), scale: 2 });
  return {
    account: { id: 'a', venue: 'v', reportingCurrency: 'USD' },
    window: { from: START, to: END },
    instruments: INSTRUMENTS,
    anchors: [RICH],
    entries,
    prices: instants.flatMap((at) =>
      ['BTC', 'ETH'].map((asset) => ({ asset, currency: 'USD', at, price: next() })),
    ),
    marks: instants.flatMap((at) =>
      [...INSTRUMENTS.keys()].map((instrument) => ({ instrument, at, price: next() })),
    ),
  };
}

function entryOf(
  { ms, kind, contract, asset, instrument, amount, price }: Event,
  index: number,
): Entry {
  const quantity: Decimal = { mantissa: BigInt(amount), scale: 8 };
  const common = { id: `e${index}`, at: START + ms };
  if (contract) {
    return {
      ...common,
      kind: 'fill',
      postings: [{ asset: 'ETH', amount: parseDecimal('-0.001'), role: 'fee' }],
      position: { instrument, contracts: quantity, price: { mantissa: BigInt(price), scale: 2 } },
    };
  }
  return { ...common, kind, postings: [{ asset, amount: quantity }] };
}

/** A transfer there and back: the legs are in one entry and sum to nothing. */
function asCycle(item: Event): Event {
  return item.kind === 'transfer' ? { ...item, amount: 0 } : item;
}

/** What a venue would show: contracts and their average price with all the digits there are. */
function anchorOf(closing: Checkpoint): Anchor {
  const positions = [...closing.positions].map(([instrument, { contracts, cost }]) => {
    const { kind, contractSize } = INSTRUMENTS.get(instrument) ?? perpetual('linear', '', '1');
    const size = sign(contracts) === 0 ? ONE : divide(contracts, divide(ONE, contractSize, 9), 40);
    const entryPrice =
      kind === 'inverse' ? divide(size, subtract(ZERO, cost), 40) : divide(cost, size, 40);
    return { instrument, contracts, entryPrice };
  });
  const held = positions.filter(({ contracts }) => sign(contracts) !== 0);
  return { asOf: closing.asOf, balances: closing.balances, positions: held };
}

/** True when a position of the opening is closed or turned: its entry price leaves no trace. */
function closesAPosition(ledger: LedgerDocument): boolean {
  return RICH.positions.some(({ instrument, contracts }) => {
    let held = contracts;
    const fills = ledger.entries
      .filter(({ position }) => position?.instrument === instrument)
      .toSorted((left, right) => left.at - right.at);
    return fills.some(({ position }) => {
      held = add(held, position?.contracts ?? ZERO);
      return sign(held) !== sign(contracts);
    });
  });
}

function withoutCash(ledger: LedgerDocument): LedgerDocument {
  const balances = new Map([...RICH.balances].filter(([asset]) => asset !== 'USD'));
  return { ...ledger, anchors: [{ ...RICH, balances, positions: [] }] };
}

function perpetual(
  kind: 'linear' | 'inverse',
  settle: string,
  size: string,
  realised: Instrument['realised'] = 'derived',
): Instrument {
  const contractSize = parseDecimal(size);
  return { kind, base: 'BTC', quote: 'USD', settle, contractSize, realised };
}

function bytesOf(ledger: LedgerDocument): string {
  return JSON.stringify(formatHoursReport(computeHours(ledger), { balances: true }));
}

function textOf(checkpoint: Checkpoint): string {
  return JSON.stringify(formatCheckpoint(checkpoint));
}

function hoursOf(report: HoursReport): unknown[] {
  const { hours } = formatHoursReport(report, { balances: true }) as { hours: unknown[] };
  return hours.map((hour) => JSON.stringify(hour));
}

function returnsOf(ledger: LedgerDocument): unknown[] {
  return returnsOfReport(computeHours(ledger));
}

function returnsOfReport({ opening, hours }: HoursReport): unknown[] {
  return [opening.balances, ...hours.map((hour) => [hour.status, hour.return])];
}

function residualOf(report: HoursReport): Record<string, string> {
  return amountsOf(
    report.hours.flatMap(({ residual }) =>
      [...residual].map(([asset, amount]) => ({ asset, amount })),
    ),
  );
}

function reversed(posting: Posting): Posting {
  return { ...posting, amount: subtract(ZERO, posting.amount) };
}

function amountsOf(postings: readonly Posting[]): Record<string, string> {
  const sums: Record<string, Decimal> = {};
  for (const { asset, amount } of postings) sums[asset] = add(sums[asset] ?? ZERO, amount);
  return Object.fromEntries(
    Object.entries(sums)
      .map(([asset, amount]) => [asset, normalise(amount)] as const)
      .filter(([, amount]) => sign(amount) !== 0)
      .map(([asset, amount]) => [asset, `${amount.mantissa}e-${amount.scale}`]),
  );
}
