// `pnpm bench disclosure`: how well published returns give positions and trades away, at each grid
// and rounding of the disclosure policy, on generated prices and, where VECTORS_DIR has candles, on
// recorded ones. Nothing here is timed.

import type { Random } from '@track-record/testkit';
import type { Benchmark } from '../benchmark.ts';
import { enter, invert, openBook, returnsOf, rounded } from './inversion.ts';
import {
  daysOf,
  generatedFactor,
  openMarket,
  randomOf,
  recordedFactor,
  type Factor,
} from './market.ts';

const SEED = 5;
const TRIALS = 200;
const ENTRIES = 2_000;
/** As computed, as signed, as shown without a statement. */
const DIGITS = [Infinity, 6, 4] as const;
const PERIODS = [
  { grid: 'hour', periods: 2 },
  { grid: 'hour', periods: 3 },
  { grid: 'hour', periods: 6 },
  { grid: 'hour', periods: 24 },
  { grid: 'day', periods: 3 },
  { grid: 'day', periods: 5 },
] as const;
const RUNS = [
  { told: 'alone, in its hour', hours: 1, others: 0 },
  { told: 'with two others in its hour', hours: 1, others: 2 },
  { told: 'merged: 24 hours without another fill', hours: 24, others: 0 },
  { told: 'merged: with nine others in 6 hours', hours: 6, others: 9 },
] as const;

export const disclosure: Benchmark = {
  name: 'disclosure',
  summary: 'How well published returns give positions and trades away.',
  run: async (progress) => {
    const recorded = recordedFactor();
    const lines = await positions('Generated prices', generatedFactor, progress);
    if (recorded !== null) lines.push(...(await positions('Recorded', recorded, progress)));
    return [
      '**Positions.** A hundred symbols, one factor and fat tails; a book of one or two, held',
      'still, of unknown size, long or short. The attacker tries every set and keeps the one that',
      `explains the published returns best. Share of ${TRIALS} trials in which it is the right`,
      'one, by how many decimals are published. *Recorded*: the factor is that of 1,467 hours of',
      'BTCUSDT. Delay changes nothing here: it only says how old the positions are by then.',
      '',
      '| prices | book | published | exact | 6 decimals | 4 decimals |',
      '|---|---|---|--:|--:|--:|',
      ...lines,
      '',
      '**Trades.** The symbol and the weight are known by then; the attacker solves the figure',
      `that holds the entry for its price. Medians of ${ENTRIES} entries: by how much the price`,
      'is missed, and how many of the sixty minutes of the hour it leaves; 0: its price is none.',
      '',
      '| the entry is told | decimals | price missed by, bp | minutes left |',
      '|---|--:|--:|--:|',
      ...entries(),
    ];
  },
};

async function positions(
  prices: string,
  factor: Factor,
  progress: (line: string) => void,
): Promise<string[]> {
  const lines: string[] = [];
  for (const size of [1, 2] as const) {
    for (const period of PERIODS) {
      const shares = sharesOf(factor, size, period, randomOf(SEED));
      const book = size === 1 ? 'one symbol' : 'two symbols';
      const published = `${period.periods} ${period.grid}s`;
      const line = `| ${[prices, book, published, ...shares].join(' | ')} |`;
      progress(line);
      lines.push(line);
    }
  }
  return lines;
}

/** One share for each number of decimals, over the same trials. */
function sharesOf(
  factor: Factor,
  size: 1 | 2,
  { grid, periods }: (typeof PERIODS)[number],
  random: Random,
): readonly string[] {
  const found = DIGITS.map(() => 0);
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const hours = openMarket(factor, random, grid === 'day' ? periods * 24 : periods);
    const market = grid === 'day' ? daysOf(hours) : hours;
    const book = openBook(random, size);
    const exact = returnsOf(market, book);
    for (const [at, digits] of DIGITS.entries()) {
      const published = exact.map((each) => rounded(each, digits));
      const isFound = invert(market, published, size) === book.symbols.join(',');
      found[at] = (found[at] ?? 0) + (isFound ? 1 : 0);
    }
  }
  return found.map((count) => (count / TRIALS).toFixed(2));
}

function entries(): readonly string[] {
  return RUNS.flatMap(({ told, hours, others }) =>
    DIGITS.map((digits) => {
      const random = randomOf(SEED);
      const all = Array.from({ length: ENTRIES }, () => enter(random, hours, others, digits));
      const missed = median(all.map(({ errorBp }) => errorBp));
      const minutes = median(all.map((each) => each.minutes));
      const name = Number.isFinite(digits) ? String(digits) : 'exact';
      return `| ${told} | ${name} | ${missed.toFixed(2)} | ${minutes} |`;
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
