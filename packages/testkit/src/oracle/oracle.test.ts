// The engine beside the oracle on random ledgers of every kind of instrument. The committed run has
// 200 of them; ORACLE_RUNS=1000 is the full one. Both begin at the same seed.

import { describe, expect, test } from '@jest/globals';
import { type Decimal, formatDecimal, parseLedgerDocument } from '@track-record/ledger';
import { computeHours, type Hour } from '@track-record/returns';
import fc from 'fast-check';
import type { AnchorJson, LedgerJson } from './ledger-json.ts';
import { Exact, Oracle, type OracleHour } from './oracle.ts';
import { randomLedgers } from './random-ledger.ts';

const SEED = 20_260_105;
const RUNS = Number(process.env['ORACLE_RUNS'] ?? 200);

/** The engine rounds values to 24 digits, posted profit to 18 and the return to 18. */
const RETURN_TOLERANCE = '1e-18';
const VALUE_TOLERANCE = '1e-15';

/** No venue shows a balance finer than this, so profit is posted no finer. */
const BALANCE_DIGITS = 18;

/** More digits than an entry price needs to give its cost back. */
const ENTRY_PRICE_DIGITS = 50;

describe('holds', () => {
  test(`the oracle agrees on ${RUNS} random ledgers`, () => {
    const seen = new Map<string, number>();
    const property = fc.property(randomLedgers, ({ ledger, backwards }) => {
      const document = backwards ? withClosing(ledger) : ledger;
      const { hours } = computeHours(parseLedgerDocument(document));
      for (const [index, told] of new Oracle(document).hours().entries()) {
        seen.set(told.status, (seen.get(told.status) ?? 0) + 1);
        expect(differences(hours[index], told)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: RUNS, seed: SEED });
    // A generator that only makes quarantined hours would prove nothing.
    expect(seen.get('measured') ?? 0).toBeGreaterThan(RUNS);
    expect([...seen.keys()].sort()).toEqual([
      'dust',
      'measured',
      'no_capital',
      'quarantined',
      'ruined',
    ]);
  });
});

/** The names of the figures that disagree, with both sides. */
function differences(hour: Hour | undefined, told: OracleHour): string[] {
  if (hour === undefined) return ['an hour is missing'];
  const wrong: string[] = [];
  if (hour.status !== told.status) wrong.push(`status ${hour.status} ${told.status}`);
  const compare = (name: string, ours: Decimal | null, theirs: OracleHour['pnl'] | null): void => {
    if (ours === null || theirs === null) {
      if (ours !== theirs) wrong.push(`${name} ${String(ours)} ${String(theirs)}`);
      return;
    }
    const size = Exact.max(1, theirs.abs());
    const bound = size.times(name === 'return' ? RETURN_TOLERANCE : VALUE_TOLERANCE);
    if (theirs.minus(formatDecimal(ours)).abs().gt(bound)) {
      wrong.push(`${name} ${formatDecimal(ours)} ${theirs.toFixed()}`);
    }
  };
  for (const name of ['navOpen', 'navClose', 'flow', 'pnl', 'fees', 'return'] as const) {
    compare(name, hour[name], told[name]);
  }
  for (const [asset, balance] of told.balances) {
    compare(asset, hour.balances.get(asset) ?? { mantissa: 0n, scale: 0 }, balance);
  }
  return wrong;
}

function withClosing(ledger: LedgerJson): LedgerJson {
  const { balances, holdings } = new Oracle(ledger).holdingsAt(Date.parse(ledger.window.to));
  const closing: AnchorJson = {
    asOf: ledger.window.to,
    balances: Object.fromEntries(
      [...balances].map(([asset, sum]) => [asset, sum.toDecimalPlaces(BALANCE_DIGITS).toFixed()]),
    ),
    positions: [...holdings]
      .filter(([, { contracts }]) => !contracts.isZero())
      .map(([instrument, { contracts, entryPrice }]) => ({
        instrument,
        contracts: contracts.toFixed(),
        entryPrice: entryPrice.toSignificantDigits(ENTRY_PRICE_DIGITS).toFixed(),
      })),
  };
  return { ...ledger, anchors: [...ledger.anchors, closing] };
}
