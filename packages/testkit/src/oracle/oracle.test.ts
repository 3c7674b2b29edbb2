// The engine beside the oracle on random ledgers of every kind of instrument: 1,000 of them, from
// the same seed every time. ORACLE_RUNS changes their number.

import { describe, expect, test } from '@jest/globals';
import { formatDecimal, instrumentKinds } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { computeHours, type Hour } from '@track-record/returns';
import fc from 'fast-check';
import { withClosing } from './closing-anchor.ts';
import type { EntryJson, LedgerJson } from './ledger-json.ts';
import { Exact } from './definitions.ts';
import { Oracle, type OracleHour } from './oracle.ts';
import { randomLedgers } from './random-ledger.ts';

const SEED = 20_260_105;
const RUNS = Number(process.env['ORACLE_RUNS'] ?? 1_000);

/** The engine rounds values to 24 digits, posted profit to 18 and the return to 18. */
const RETURN_TOLERANCE = '1e-18';
const VALUE_TOLERANCE = '1e-15';

const FIGURES = [
  'navOpen',
  'navClose',
  'flow',
  'pnl',
  'return',
  'fees',
  'funding',
  'income',
  'realised',
  'unrealised',
  'fx',
] as const;

describe('holds', () => {
  test(`the oracle agrees on ${RUNS} random ledgers`, () => {
    const seen = new Map<string, number>();
    const traded = new Map<string, number>();
    const currencies = new Set<string>();
    const property = fc.property(randomLedgers, ({ ledger, backwards }) => {
      const document = backwards ? withClosing(ledger) : ledger;
      const { hours } = computeHours(parseLedgerDocument(document));
      const told = new Oracle(document).hours();
      expect(hours).toHaveLength(told.length);
      currencies.add(ledger.account.reportingCurrency);
      for (const entry of ledger.entries) {
        const kind = kindOf(entry, ledger);
        traded.set(kind, (traded.get(kind) ?? 0) + 1);
      }
      for (const [index, hour] of hours.entries()) {
        const other = told[index];
        if (other === undefined) continue;
        seen.set(other.status, (seen.get(other.status) ?? 0) + 1);
        expect(differences(hour, other)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: RUNS, seed: SEED });
    // Every kind of instrument is really traded, some hundred times.
    for (const kind of instrumentKinds) expect(traded.get(kind) ?? 0).toBeGreaterThan(RUNS / 4);
    expect([...currencies].sort()).toEqual(['CHF', 'EUR', 'USD']);
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
function differences(hour: Hour, told: OracleHour): string[] {
  const wrong: string[] = [];
  const compare = (name: string, ours: string | null, theirs: OracleHour['return']): void => {
    const bound = Exact.max(1, theirs?.abs() ?? 1).times(
      name === 'return' ? RETURN_TOLERANCE : VALUE_TOLERANCE,
    );
    const agree =
      ours === null || theirs === null ? ours === theirs : theirs.minus(ours).abs().lte(bound);
    if (!agree) wrong.push(`${name} ${ours} ${theirs?.toFixed()}`);
  };
  if (hour.status !== told.status) wrong.push(`status ${hour.status} ${told.status}`);
  for (const name of FIGURES) {
    const figure = hour[name];
    compare(name, figure === null ? null : formatDecimal(figure), told[name]);
  }
  for (const [asset, balance] of told.balances) {
    const held = hour.balances.get(asset);
    compare(asset, held === undefined ? '0' : formatDecimal(held), balance);
  }
  return wrong;
}

/** What an entry trades: an instrument, or two assets, which is a spot trade. */
function kindOf({ kind, position, postings }: EntryJson, { instruments }: LedgerJson): string {
  if (position !== undefined) return instruments[position.instrument]?.kind ?? '';
  return kind === 'fill' && postings.length > 1 ? 'spot' : '';
}
