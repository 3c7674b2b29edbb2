// What the demo shows at its end: the record, its chart, and the worker's numbers beside the
// venue's truth.

import { compare, formatDecimal, normalise, ZERO, type Decimal } from '@track-record/ledger';
import type { HourlyReturn } from '@track-record/rpc/client';
import { lineChart } from './chart.ts';

export interface ComparedHour {
  readonly hour: number;
  readonly ours: HourlyReturn;
  /** The venue's own bookkeeping, rounded as a statement is; null where no capital was at work. */
  readonly truth: string | null;
  /** Absolute difference of the two returns; null when exactly one of them is missing. */
  readonly difference: Decimal | null;
}

const CHART_COLUMNS = 64;
const CHART_ROWS = 10;
const SAMPLE_HOURS = 6;
const INDEX_START = 100;

type Say = (line: string) => void;

export function showRecord(hours: readonly ComparedHour[], say: Say): void {
  const index = equityIndex(hours.map((hour) => hour.ours));
  const measured = hours.filter((hour) => hour.ours.hourlyReturn !== null);
  const observed = hours.filter((hour) => hour.ours.provenance === 'observed');
  const uncovered = hours.filter((hour) => hour.ours.coverage !== '1');
  const last = index.at(-1) ?? INDEX_START;
  say(`Hours        ${hours.length} signed, ${measured.length} measured`);
  say(`Provenance   ${hours.length - observed.length} backfilled, ${observed.length} observed`);
  const complete = uncovered.length === 0;
  say(
    `Coverage     ${complete ? 'complete in every hour' : `below 1 in ${uncovered.length} hours`}`,
  );
  say(`Return       ${percent(last / INDEX_START - 1)} over the whole record, deposits excluded`);
  say(`Drawdown     ${percent(maxDrawdown(index))} at worst`);
  say('');
  say('Equity index (100 at the start)');
  say(lineChart(index, CHART_COLUMNS, CHART_ROWS));
}

export function showTruth(hours: readonly ComparedHour[], say: Say): void {
  say('  hour                  worker                  venue’s own truth');
  const step = Math.floor(hours.length / SAMPLE_HOURS);
  const shown = hours.filter((_, index) => index % step === step - 1).slice(0, SAMPLE_HOURS);
  for (const { hour, ours, truth } of shown) {
    const at = `${new Date(hour).toISOString().slice(0, 16)}Z`;
    say(`  ${at}  ${cell(ours.hourlyReturn ?? ours.status)} ${cell(truth ?? 'no capital')}`);
  }
  const differences = hours.flatMap((hour) => (hour.difference === null ? [] : [hour.difference]));
  const missing = hours.length - differences.length;
  const largest = differences.reduce(
    (worst, each) => (compare(each, worst) > 0 ? each : worst),
    ZERO,
  );
  say(`  largest difference in all ${hours.length} hours: ${formatDecimal(normalise(largest))}`);
  if (missing > 0) say(`  hours that only one of the two has: ${missing}`);
}

function cell(text: string): string {
  return text.padStart(23);
}

function percent(ratio: number): string {
  return `${ratio < 0 ? '' : '+'}${(ratio * 100).toFixed(2)} %`;
}

function equityIndex(hours: readonly HourlyReturn[]): number[] {
  let level = INDEX_START;
  return [INDEX_START, ...hours.map((hour) => (level *= 1 + Number(hour.hourlyReturn ?? '0')))];
}

function maxDrawdown(index: readonly number[]): number {
  let peak = 0;
  let worst = 0;
  for (const level of index) {
    peak = Math.max(peak, level);
    worst = Math.min(worst, level / peak - 1);
  }
  return worst;
}
