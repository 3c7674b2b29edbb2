// `pnpm bench NAME [--date YYYY-MM-DD]`: runs a benchmark, prints what it found and keeps it in
// docs/benchmarks.md, one section per benchmark. A benchmark compares engines within one run and is
// never a timed test.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { attestation } from './attestation/attestation.ts';
import type { Benchmark } from './benchmark.ts';
import { disclosure } from './disclosure/disclosure.ts';
import { queue } from './queue/queue.ts';
import { returns } from './returns/returns.ts';
import { rpc } from './rpc/rpc.ts';
import { simulation } from './simulation/simulation.ts';
import { venues } from './venues/venues.ts';
import { verify } from './verify/verify.ts';

const BENCHMARKS: readonly Benchmark[] = [
  attestation,
  disclosure,
  queue,
  returns,
  rpc,
  simulation,
  venues,
  verify,
];

const PAGE = path.resolve(import.meta.dirname, '../../../docs/benchmarks.md');

const INTRODUCTION = [
  '# Benchmarks',
  '',
  'Written by `pnpm bench`. Every number compares engines within one run on one machine: read the',
  'ratios, not the milliseconds. The machine may be shared and noisy: the same run repeated',
  'differs by some tens of percent, CPU time less than wall time. CPU is that of all threads. A',
  'peak is that of a process until its first run ends, its input included.',
  '',
].join('\n');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { date: { type: 'string' } },
});
const benchmark = BENCHMARKS.find(({ name }) => name === positionals[0]);
if (benchmark === undefined) {
  for (const { name, summary } of BENCHMARKS) console.error(`pnpm bench ${name}: ${summary}`);
  process.exitCode = 2;
} else {
  const lines = await benchmark.run((line) => console.error(line));
  console.log(lines.join('\n'));
  const date = values.date ?? new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  keep(benchmark, [`${machine()}, ${date}.`, '', ...lines]);
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpu?.model ?? 'unknown CPU';
  return `${model}, ${cpus().length} cores, ${memory} GiB, Node ${process.version}`;
}

/** Replaces the benchmark's own section and no other. */
function keep({ name, summary }: Benchmark, lines: readonly string[]): void {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : INTRODUCTION;
  const [introduction = '', ...sections] = page.split(/^(?=## )/m);
  const others = sections.filter((section) => !section.startsWith(`## ${name}\n`));
  const section = [`## ${name}`, '', summary, '', ...lines, ''].join('\n');
  const kept = [...others.map((other) => `${other.trimEnd()}\n`), section].toSorted();
  writeFileSync(PAGE, [`${introduction.trimEnd()}\n`, ...kept].join('\n'));
}
