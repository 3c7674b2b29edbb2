// What a piece of work costs inside a process of its own. CPU is that of all threads of the
// process; the peak of memory is that until its first run ends, so it holds the input too.

import assert from 'node:assert/strict';

export interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export interface Measured {
  readonly runs: readonly Cost[];
  readonly peakBytes: number;
  /** What the work answered, to be compared between engines. */
  readonly answer: unknown;
}

const MICROSECONDS = 1_000;

/** Prints one line of JSON. The first run warms caches and compilers and is not counted. */
export async function measure(runs: number, work: () => unknown): Promise<void> {
  const costs: Cost[] = [];
  let answer: unknown = await work();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  for (let run = 0; run < runs; run += 1) {
    const cpu = process.cpuUsage();
    const wall = performance.now();
    answer = await work();
    const { user, system } = process.cpuUsage(cpu);
    costs.push({ cpuMs: (user + system) / MICROSECONDS, wallMs: performance.now() - wall });
  }
  console.log(JSON.stringify({ runs: costs, peakBytes, answer } satisfies Measured));
}

export function medianOf(values: readonly number[]): number {
  const middle = values.toSorted((left, right) => left - right)[values.length >> 1];
  assert(middle !== undefined, 'nothing was measured');
  return middle;
}

export function medianCost(runs: readonly Cost[]): Cost {
  return {
    cpuMs: medianOf(runs.map(({ cpuMs }) => cpuMs)),
    wallMs: medianOf(runs.map(({ wallMs }) => wallMs)),
  };
}
