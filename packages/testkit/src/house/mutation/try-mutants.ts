// A thread that loads the tests over mutated sources once, and then runs them for one mutant after
// the other. It may hang or run out of memory on one; whoever started it ends it then.

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { performance } from 'node:perf_hooks';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type * as Decimals from '@track-record/ledger';
import type { Decimal } from '@track-record/ledger';
import type { CollectedTest } from './jest-globals.ts';
import { mutateSource } from './mutants.ts';

/** Enough that no product is mistaken for its quotient. */
const QUOTIENT_SCALE = 24;

export interface Assignment {
  readonly root: string;
  readonly tests: readonly string[];
  /** Source files and the number of their first mutant. */
  readonly sources: readonly (readonly [string, number])[];
  /** A mutant that must be active while the modules load; -1 for none. */
  readonly active: number;
}

export interface Trial {
  readonly mutant: number;
  readonly tests: readonly number[];
}

export type Report =
  | { readonly kind: 'baseline'; readonly tests: readonly TestReport[]; readonly loaded: number[] }
  /** Before each test, so that one that does not end is told from many. */
  | { readonly kind: 'began'; readonly test: number }
  | { readonly kind: 'tried'; readonly mutant: number; readonly killedBy: string | null };

export interface TestReport {
  readonly name: string;
  readonly ms: number;
  /** The mutants whose place the test reaches. */
  readonly reached: readonly number[];
}

const { root, tests, sources, active }: Assignment = workerData;
let current = active;
let reached = new Set<number>();

Object.assign(globalThis, {
  isMutant: (id: number): boolean => {
    reached.add(id);
    return id === current;
  },
});

const firstIds = new Map(
  sources.map(([file, id]) => [pathToFileURL(path.join(root, file)).href, id]),
);
const jestGlobals = new URL('./jest-globals.ts', import.meta.url).href;

const fewerRuns = new URL('./fewer-runs.ts', import.meta.url).href;
/** What it is imported as, which has the default export that fast-check has. */
const asDefault = `data:text/javascript,export { fewer as default } from '${fewerRuns}'`;

registerHooks({
  resolve: (specifier, context, next) => {
    // The stand-ins themselves ask where the real ones are.
    if (specifier === '@jest/globals' && context.parentURL !== jestGlobals) {
      return { url: jestGlobals, format: 'module-typescript', shortCircuit: true };
    }
    if (specifier === 'fast-check' && context.parentURL !== fewerRuns) {
      return { url: asDefault, format: 'module', shortCircuit: true };
    }
    return next(specifier, context);
  },
  load: (url, context, next) => {
    const firstId = firstIds.get(url);
    if (firstId === undefined) return next(url, context);
    const file = fileURLToPath(url);
    const { text } = mutateSource(path.relative(root, file), readFileSync(file, 'utf8'), firstId);
    return { format: 'module-typescript', source: text, shortCircuit: true };
  },
});

const { collected } = await load();
const loaded = [...reached];

parentPort?.on('message', (message: Trial | 'baseline') => {
  void (message === 'baseline' ? measure() : tryOut(message)).then((report) =>
    parentPort?.postMessage(report),
  );
});
parentPort?.postMessage({ kind: 'loaded' });

async function load(): Promise<{ collected: readonly CollectedTest[] }> {
  const file = pathToFileURL(path.join(root, 'packages/ledger/src/decimal.ts')).href;
  const { add, subtract, divide }: typeof Decimals = await import(file);
  // Dividing by zero is an error, which a test notices like a wrong number.
  const quotient = (left: Decimal, right: Decimal): Decimal => divide(left, right, QUOTIENT_SCALE);
  Object.assign(globalThis, { mutant: { add, subtract, divide: quotient } });
  for (const file of tests) await import(pathToFileURL(path.join(root, file)).href);
  return import(jestGlobals);
}

/** Every test once, without a mutant: how long it takes and what it reaches. */
async function measure(): Promise<Report> {
  const reports: TestReport[] = [];
  for (const { name, run } of collected) {
    reached = new Set();
    const start = performance.now();
    await run();
    reports.push({ name, ms: performance.now() - start, reached: [...reached] });
  }
  return { kind: 'baseline', tests: reports, loaded };
}

async function tryOut({ mutant, tests: chosen }: Trial): Promise<Report> {
  current = mutant;
  for (const index of chosen) {
    const one = collected[index];
    parentPort?.postMessage({ kind: 'began', test: index });
    try {
      await one?.run();
    } catch (failure) {
      current = -1;
      const name = one?.name ?? String(failure);
      return { kind: 'tried', mutant, killedBy: name };
    }
  }
  current = -1;
  return { kind: 'tried', mutant, killedBy: null };
}
