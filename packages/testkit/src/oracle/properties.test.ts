// What must hold for ledgers of every kind of instrument: how they were cut, ordered and repeated
// never changes a byte, money that only moves earns nothing, and what is missing is found.

import { describe, expect, test } from '@jest/globals';
import {
  add,
  assetsThatMayBeOwed,
  type Decimal,
  type Entry,
  formatCheckpoint,
  formatDecimal,
  HOUR_MS,
  type LedgerDocument,
  multiply,
  normalise,
  ONE,
  parseCheckpoint,
  parseDecimal,
  sign,
  ZERO,
} from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { computeHours, formatHoursReport, type HoursReport } from '@track-record/returns';
import fc from 'fast-check';
import { withClosing } from './closing-anchor.ts';
import { randomLedgers } from './random-ledger.ts';
import { disturb, inTwo, partOf } from './rearranged.ts';

const RUNS = { numRuns: 100 };

const jsonLedgers = randomLedgers.map(({ ledger }) => ledger);
const ledgers = jsonLedgers.map((ledger) => parseLedgerDocument(ledger));

/**
 * Where no pair is used backwards, so that every value has a finite number of digits and none is
 * rounded.
 */
const finiteLedgers = ledgers.filter(({ account }) => account.reportingCurrency !== 'EUR');

describe('holds', () => {
  test('splitting and merging: an entry in two parts changes no byte', () => {
    const property = fc.property(finiteLedgers, (ledger) => {
      expect(bytesOf({ ...ledger, entries: ledger.entries.flatMap(inParts) })).toBe(
        bytesOf(ledger),
      );
    });
    fc.assert(property, RUNS);
  });

  test('reordering and duplicating: neither changes a byte', () => {
    const property = fc.property(
      ledgers,
      fc.array(fc.nat(), { maxLength: 30 }),
      (ledger, picks) => {
        const disturbed = {
          ...ledger,
          entries: disturb(ledger.entries, picks),
          prices: disturb(ledger.prices, picks),
          marks: disturb(ledger.marks, picks),
          anchors: disturb(ledger.anchors, picks),
        };
        expect(bytesOf(disturbed)).toBe(bytesOf(ledger));
      },
    );
    fc.assert(property, RUNS);
  });

  test('replaying: cut anywhere, and continued from sealed checkpoints, not a byte', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    const property = fc.property(ledgers, cuts, (ledger, picks) => {
      const { from, to } = ledger.window;
      const ends = [...picks.toSorted((a, b) => a - b).map((hour) => from + hour * HOUR_MS), to];
      const whole = computeHours(ledger);
      const hours: unknown[] = [];
      let opening = whole.opening;
      let start = from;
      // An asset that is lent in the last hour may be owed in the first, as the whole knows.
      const mayBeOwed = assetsThatMayBeOwed(ledger, null);
      for (const end of ends) {
        const part = computeHours(
          { ...partOf(ledger, start, end), anchors: [] },
          { opening, mayBeOwed },
        );
        hours.push(...hoursOf(part));
        // What is sealed between two hours is text.
        opening = parseCheckpoint(JSON.parse(JSON.stringify(formatCheckpoint(part.closing))));
        start = end;
      }
      expect(hours).toEqual(hoursOf(whole));
      expect(formatCheckpoint(opening)).toEqual(formatCheckpoint(whole.closing));
    });
    fc.assert(property, RUNS);
  });

  test('scaling: all prices in a currency of which nothing is held, times a constant', () => {
    const foreign = ledgers.filter(({ account }) => account.references !== undefined);
    const policy = { dustEquity: ZERO, residualUnit: ZERO };
    const factors = fc.constantFrom('2', '0.001', '7.3', '1000000');
    const property = fc.property(foreign, factors, (ledger, factor) => {
      const scaled = ledger.prices.map((price) =>
        price.source === undefined
          ? price
          : { ...price, price: multiply(price.price, parseDecimal(factor)) },
      );
      const told = ({ hours }: HoursReport): unknown =>
        hours.map((hour) => [hour.status, hour.return]);
      const other = computeHours({ ...ledger, prices: scaled }, { policy });
      expect(told(other)).toEqual(told(computeHours(ledger, { policy })));
    });
    fc.assert(property, RUNS);
  });

  test('random internal transfers at flat prices earn nothing, and cost what they cost', () => {
    const property = fc.property(finiteLedgers, (ledger) => {
      const moved = flat({ ...ledger, entries: ledger.entries.filter(isTransfer) });
      for (const hour of computeHours(moved).hours) {
        expect(plain(hour.flow)).toBe('0');
        expect(plain(hour.pnl)).toBe(plain(hour.fees));
        if (sign(hour.fees ?? ONE) === 0) expect(sign(hour.return ?? ZERO)).toBe(0);
      }
    });
    fc.assert(property, RUNS);
  });

  test('random deposits and withdrawals at flat prices earn nothing', () => {
    const property = fc.property(finiteLedgers, (ledger) => {
      const flows = ledger.entries.filter(({ kind }) => kind === 'flow').map(withoutFees);
      for (const hour of computeHours(flat({ ...ledger, entries: flows })).hours) {
        expect(plain(hour.pnl)).toBe('0');
        expect(sign(hour.return ?? ZERO)).toBe(0);
      }
    });
    fc.assert(property, RUNS);
  });

  test('a complete ledger has no residual; without one entry, exactly that entry', () => {
    const property = fc.property(jsonLedgers, fc.nat(), (json, pick) => {
      const complete = { ...json, entries: json.entries.filter(({ kind }) => kind !== 'split') };
      const { opening, closing } = computeHours(parseLedgerDocument(complete));
      const shown = parseLedgerDocument(withClosing(complete));
      // To the digit: profit in a coin has no end, and a venue may round it otherwise.
      const anchors = shown.anchors.map((anchor) =>
        anchor.asOf === closing.asOf ? { ...anchor, balances: closing.balances } : anchor,
      );
      const document = { ...shown, anchors };
      expect(residualOf(computeHours(document, { opening }))).toEqual({});
      // What the ledger derives from a fill, or pairs with another leg, goes missing with it.
      const alone = document.entries.filter((entry) => !hasConsequences(entry, document));
      const missing = alone[pick % alone.length];
      if (missing === undefined) return;
      const entries = document.entries.filter((entry) => entry !== missing);
      const found = residualOf(computeHours({ ...document, entries }, { opening }));
      expect(found).toEqual(amountsOf(missing));
    });
    fc.assert(property, RUNS);
  });
});

/** One split and one pair of legs cannot be two. */
function inParts(entry: Entry): Entry[] {
  return entry.kind === 'split' || entry.kind === 'transfer' ? [entry] : inTwo(entry);
}

/** Every price and mark as it was at the beginning. */
function flat(ledger: LedgerDocument): LedgerDocument {
  const prices = ledger.prices.map((price) => {
    const first = ledger.prices.find(
      ({ asset, currency }) => asset === price.asset && currency === price.currency,
    );
    return { ...price, price: first?.price ?? price.price };
  });
  const marks = ledger.marks.map((mark) => {
    const first = ledger.marks.find(({ instrument }) => instrument === mark.instrument);
    return { ...mark, price: first?.price ?? mark.price };
  });
  return { ...ledger, prices, marks };
}

function isTransfer({ kind }: Entry): boolean {
  return kind === 'transfer';
}

function withoutFees(entry: Entry): Entry {
  return { ...entry, postings: entry.postings.filter(({ role }) => role !== 'fee') };
}

function hasConsequences({ kind, position }: Entry, { instruments }: LedgerDocument): boolean {
  if (kind === 'transfer') return true;
  const instrument = instruments.get(position?.instrument ?? '');
  if (instrument === undefined || instrument.realised === 'posted') return false;
  return instrument.kind !== 'equity' && instrument.kind !== 'option';
}

function residualOf({ hours }: HoursReport): Record<string, string> {
  return sums(hours.flatMap(({ residual }) => [...residual]));
}

function amountsOf({ postings, position }: Entry): Record<string, string> {
  const contracts =
    position === undefined ? [] : [[position.instrument, position.contracts] as const];
  return sums([...postings.map(({ asset, amount }) => [asset, amount] as const), ...contracts]);
}

function sums(parts: readonly (readonly [string, Decimal])[]): Record<string, string> {
  const totals = new Map<string, Decimal>();
  for (const [name, amount] of parts) totals.set(name, add(totals.get(name) ?? ZERO, amount));
  const told = [...totals].filter(([, amount]) => sign(amount) !== 0);
  return Object.fromEntries(told.map(([name, amount]) => [name, plain(amount)]));
}

function bytesOf(ledger: LedgerDocument): string {
  return JSON.stringify(formatHoursReport(computeHours(ledger), { balances: true }));
}

function hoursOf(report: HoursReport): string[] {
  const { hours } = formatHoursReport(report, { balances: true }) as { hours: unknown[] };
  return hours.map((hour) => JSON.stringify(hour));
}

function plain(value: Readonly<{ mantissa: bigint; scale: number }> | null): string {
  return value === null ? 'null' : formatDecimal(normalise(value));
}
