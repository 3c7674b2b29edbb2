// `pnpm bench returns`: a million fills to 8,760 hours with equity, by our engine and by others, on
// the same generated account, in one run. Every engine has processes of its own, which take turns;
// what is told is the median of all their runs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Benchmark } from '../benchmark.ts';
import { runChild } from '../child.ts';
import { type Cost, type Measured, medianCost, medianOf } from '../measure.ts';
import { installPeers, peersFolder } from '../peers.ts';
import { engineScript } from './engine.ts';
import { generateMarket } from './market.ts';
import {
  writeDocument,
  writeFillsCsv,
  writeOpeningCsv,
  writePricesCsv,
} from './market-document.ts';

/** Processes per engine, and counted runs in each: just-in-time code needs the first ones. */
const ROUNDS = 3;
const RUNS = 6;

/** Doubles differ from the exact equity in their last digits only. */
const EQUITY_TOLERANCE = 1e-9;

interface Engine {
  readonly name: string;
  readonly source: string;
  readonly script: string;
  readonly args: readonly string[];
}

interface Result extends Engine {
  readonly cost: Cost;
  readonly peakBytes: number;
  readonly equity: readonly number[];
}

const OUR_ENGINES: readonly Engine[] = [
  { name: 'ours, exact', source: 'memory', script: engineScript, args: ['ours', 'memory'] },
  { name: 'ours, exact', source: 'text, JSON', script: engineScript, args: ['ours', 'text'] },
  { name: 'float64 arrays', source: 'memory', script: engineScript, args: ['floats', 'memory'] },
  { name: 'float64 arrays', source: 'text, CSV', script: engineScript, args: ['floats', 'text'] },
];

const NOTES = [
  'A year of fills in 20 symbols, 8,760 hours, fees and rebates in three assets; the same ids,',
  'instants and digits for all: 226 MB of JSON for us, 82 MB of CSV for the others. All add up',
  'every hour per asset and value it; the equities are compared hour by hour. Ours also refuses',
  'what is malformed, finds repeated ids, orders, looks below zero after every instant, reconciles',
  'with the anchor and measures the return, with its parts.',
  '',
  'There is one form in memory: entries, and plain fills beside them in columns of integers, as',
  '`track-record compute` reads them. The columns hold what was written, and no sum: ids are',
  'hashed, instants compared and sums made in the measured time. Fills between which there is no',
  'price, hour, anchor or other entry are replayed as their sums, and one by one where a balance',
  'may have been below zero; what a double does not hold exactly is added up in `bigint`. The',
  'replay is that of the worker, which holds the entries of some hours as objects only.',
];

const PEER_ENGINES: readonly Engine[] = ['memory', 'text'].flatMap((kind) => {
  const source = kind === 'text' ? 'text, CSV' : kind;
  const peer = (name: string, script: string, type: string): Engine => ({
    name,
    source,
    script: path.join(peersFolder, script),
    args: [type, kind],
  });
  return [
    peer('DuckDB DECIMAL', 'duckdb.mjs', 'decimal'),
    peer('DuckDB double', 'duckdb.mjs', 'double'),
    peer('nodejs-polars', 'polars.mjs', 'double'),
  ];
});

export const returns: Benchmark = {
  name: 'returns',
  summary: 'A million fills to hourly equity and returns, beside DuckDB and nodejs-polars.',
  run,
};

async function run(progress: (line: string) => void): Promise<readonly string[]> {
  const hasPeers = installPeers(progress);
  if (!hasPeers) progress('Without a network: DuckDB and nodejs-polars are missing.');
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-returns-'));
  try {
    progress('Writing the account as text ...');
    const market = generateMarket();
    writeDocument(market, path.join(folder, 'ledger.json'));
    writeFillsCsv(market, path.join(folder, 'fills.csv'));
    writePricesCsv(market, path.join(folder, 'prices.csv'));
    writeOpeningCsv(market, path.join(folder, 'opening.csv'));
    const engines = hasPeers ? [...OUR_ENGINES, ...PEER_ENGINES] : OUR_ENGINES;
    const results = await runInTurns(engines, folder, progress);
    progress('One hour on a checkpoint ...');
    const { answer } = await runChild(engineScript, ['ours', 'incremental', folder, '1']);
    return report(results, parseIncremental(answer));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runInTurns(
  engines: readonly Engine[],
  folder: string,
  progress: (line: string) => void,
): Promise<Result[]> {
  const measured = engines.map((): Measured[] => []);
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [index, { name, source, script, args }] of engines.entries()) {
      const each = await runChild(script, [...args, folder, `${RUNS}`]);
      measured[index]?.push(each);
      const { cpuMs } = medianCost(each.runs);
      progress(`Round ${round} of ${ROUNDS}: ${name}, ${source}: ${milliseconds(cpuMs)} ms CPU`);
    }
  }
  return engines.map((engine, index) => {
    const all = measured[index] ?? [];
    return {
      ...engine,
      cost: medianCost(all.flatMap(({ runs }) => runs)),
      peakBytes: medianOf(all.map(({ peakBytes }) => peakBytes)),
      equity: parseEquity(all[0]?.answer),
    };
  });
}

function report(
  results: readonly Result[],
  incremental: { readonly large: number; readonly small: number },
): string[] {
  const [ours] = results;
  const lines = results.map(({ name, source, cost, peakBytes, equity }) => {
    const cells = [name, source, milliseconds(cost.cpuMs), milliseconds(cost.wallMs)];
    const difference = largestDifference(ours?.equity ?? [], equity);
    if (difference > EQUITY_TOLERANCE) throw new Error(`${name}, ${source}: another equity.`);
    const agreement = difference === 0 ? '0' : difference.toExponential(0);
    return `| ${[...cells, `${Math.round(peakBytes / 1e6)}`, agreement].join(' | ')} |`;
  });
  const { large, small } = incremental;
  return [
    ...NOTES,
    '',
    '| engine | from | CPU ms | wall ms | peak MB | largest relative difference of an equity |',
    '|---|---|--:|--:|--:|--:|',
    ...lines,
    '',
    '| ratio of CPU | measured |',
    '|---|--:|',
    ...ratioLines(results),
    `| one hour on a checkpoint: after 1,000,000 entries / after 1,000 | ${ratio(large, small)} |`,
  ];
}

function ratioLines(results: readonly Result[]): string[] {
  const cpu = (name: string, source: string): number | undefined =>
    results.find((each) => each.name === name && each.source === source)?.cost.cpuMs;
  const pairs = [
    ['memory', 'DuckDB DECIMAL', 'memory'],
    ['memory', 'DuckDB double', 'memory'],
    ['text, JSON', 'DuckDB double', 'text, CSV'],
    ['text, JSON', 'DuckDB DECIMAL', 'text, CSV'],
    ['text, JSON', 'nodejs-polars', 'text, CSV'],
  ] as const;
  return pairs.flatMap(([source, peer, from]) => {
    const [ours, theirs] = [cpu('ours, exact', source), cpu(peer, from)];
    if (ours === undefined || theirs === undefined) return [];
    return [`| ours from ${source} / ${peer} from ${from} | ${ratio(ours, theirs)} |`];
  });
}

function largestDifference(exact: readonly number[], other: readonly number[]): number {
  if (exact.length !== other.length) return Number.POSITIVE_INFINITY;
  return Math.max(...exact.map((value, hour) => Math.abs((other[hour] ?? 0) / value - 1)));
}

function milliseconds(value: number): string {
  return `${Math.round(value)}`;
}

function ratio(ours: number, theirs: number): string {
  return (ours / theirs).toFixed(2);
}

/** Ours are decimal strings, theirs are doubles. */
function parseEquity(answer: unknown): number[] {
  return (answer as { equity: readonly (string | number)[] }).equity.map(Number);
}

function parseIncremental(answer: unknown): { large: number; small: number } {
  return answer as { large: number; small: number };
}
