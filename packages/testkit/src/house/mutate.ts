// `pnpm mutate`: is every operator, sign, comparison and boundary in ledger and returns held by a
// test? Tries each mutant against the tests that reach it, says what share was noticed, and writes
// docs/mutation.md with every one that was not. `--sample N` tries every Nth mutant, `--only TEXT`
// those of the paths that contain the text (and then writes nothing), `--without TEXT` leaves paths
// out.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Mutant, mutateSource } from './mutation/mutants.ts';
import { reasonFor } from './mutation/survivors.ts';
import { repositoryRoot } from './repository.ts';
import type { Assignment, Report, TestReport, Trial } from './mutation/try-mutants.ts';

const ROOMS = ['packages/ledger/src', 'packages/returns/src'];

/** Tests outside these rooms that hold them. */
const FURTHER_TESTS = [
  'packages/testkit/src/oracle/oracle.test.ts',
  'packages/cli/src/verbs/compute.test.ts',
  'packages/cli/src/verbs/compute-vectors.test.ts',
  'packages/cli/src/verbs/metrics.test.ts',
  'packages/cli/src/verbs/metrics-vectors.test.ts',
];

/** The machine has two cores; a third thread only waits. */
const THREADS = 2;

/** Longer than all tests together take; a mutant that needs more does not end. */
const TRIAL_MS_MAX = 120_000;

const DID_NOT_END = 'it did not end';

const REPORT = 'docs/mutation.md';

interface Outcome {
  readonly mutant: Mutant;
  readonly killedBy: string | null;
}

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    without: { type: 'string' },
  },
});

const isIncluded = (file: string): boolean =>
  values.without === undefined || !file.includes(values.without);
const files = ROOMS.flatMap((room) => sourcesIn(room)).filter(isIncluded);
const tests = [...ROOMS.flatMap((room) => testsIn(room)), ...FURTHER_TESTS].filter(isIncluded);
const { mutants, sources } = planned(files);
const step = Number(values.sample);
const chosen = mutants.filter(
  ({ id, path: file }) => id % step === 0 && file.includes(values.only),
);
const outcomes = await tryAll(chosen);
const survivors = outcomes.filter(({ killedBy }) => killedBy === null);
const share = (100 * (outcomes.length - survivors.length)) / outcomes.length;
console.log(`${outcomes.length} of ${mutants.length} mutants tried, ${share.toFixed(1)} % killed.`);
for (const { mutant } of survivors) console.log(`  ${describeMutant(mutant)}`);
if (values.only === '') {
  writeFileSync(path.join(repositoryRoot, REPORT), reportText(outcomes, mutants.length));
}

/** A first thread measures what every test reaches; then all of them share the mutants. */
async function tryAll(list: readonly Mutant[]): Promise<Outcome[]> {
  const first = await startThread(-1);
  const baseline = await first.ask('baseline', TRIAL_MS_MAX);
  if (baseline?.kind !== 'baseline') throw new Error('The tests fail without any mutant.');
  await first.end();
  const loaded = new Set(baseline.loaded);
  const queue = list.map((mutant) => ({
    mutant,
    atLoad: loaded.has(mutant.id),
    tests: testsFor(mutant.id, loaded.has(mutant.id), baseline.tests),
  }));
  const done: Outcome[] = [];
  const runThread = async (): Promise<void> => {
    let thread: Thread | null = null;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { mutant, atLoad, tests: indexes } = next;
      let killedBy: string | null = null;
      if (indexes.length > 0) {
        if (atLoad) {
          await thread?.end();
          thread = null;
        }
        thread ??= await startThread(atLoad ? mutant.id : -1);
        const trial: Trial = { mutant: mutant.id, tests: indexes };
        const report = await thread.ask(trial, TRIAL_MS_MAX);
        killedBy = report?.kind === 'tried' ? report.killedBy : DID_NOT_END;
        if (atLoad || report === null) {
          await thread.end();
          thread = null;
        }
      }
      done.push({ mutant, killedBy });
      if (done.length % 100 === 0) console.error(`${done.length}/${list.length}`);
    }
    await thread?.end();
  };
  await Promise.all(Array.from({ length: THREADS }, runThread));
  return done.sort((left, right) => left.mutant.id - right.mutant.id);
}

/** Those that reach it, the fastest first; all of them for what happens while modules load. */
function testsFor(id: number, atLoad: boolean, reports: readonly TestReport[]): number[] {
  return reports
    .map((report, index) => ({ ...report, index }))
    .filter(({ reached }) => atLoad || reached.includes(id))
    .sort((left, right) => left.ms - right.ms)
    .map(({ index }) => index);
}

type Answer = Report | { readonly kind: 'loaded' };

interface Thread {
  /** null when it failed or took too long. */
  readonly ask: (message: Trial | 'baseline', withinMs: number) => Promise<Answer | null>;
  readonly end: () => Promise<unknown>;
}

async function startThread(active: number): Promise<Thread> {
  const workerData: Assignment = { root: repositoryRoot, tests, sources, active };
  const worker = new Worker(new URL('./mutation/try-mutants.ts', import.meta.url), {
    workerData,
    env: { ...process.env, ORACLE_RUNS: '100' },
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
    stdout: true,
    stderr: true,
  });
  let settle: (answer: Answer | null) => void = () => {};
  worker.on('message', (answer: Answer) => settle(answer));
  // Also of a thread that fails when nobody asks it any more.
  worker.on('error', () => settle(null));
  const answer = (withinMs: number): Promise<Answer | null> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), withinMs);
      settle = (value) => {
        clearTimeout(timer);
        resolve(value);
      };
    });
  // A mutant that keeps the modules from loading is noticed by the first question.
  const ready = await answer(TRIAL_MS_MAX);
  return {
    ask: (message, withinMs) => {
      if (ready === null) return Promise.resolve(null);
      worker.postMessage(message);
      return answer(withinMs);
    },
    end: () => worker.terminate(),
  };
}

function planned(list: readonly string[]): {
  mutants: readonly Mutant[];
  sources: readonly (readonly [string, number])[];
} {
  const all: Mutant[] = [];
  const firstIds: [string, number][] = [];
  for (const file of list) {
    firstIds.push([file, all.length]);
    const text = readFileSync(path.join(repositoryRoot, file), 'utf8');
    all.push(...mutateSource(file, text, all.length).mutants);
  }
  return { mutants: all, sources: firstIds };
}

function sourcesIn(room: string): string[] {
  return filesIn(room).filter((file) => !file.endsWith('.test.ts') && !file.endsWith('index.ts'));
}

function testsIn(room: string): string[] {
  return filesIn(room).filter((file) => file.endsWith('.test.ts'));
}

function filesIn(room: string): string[] {
  return readdirSync(path.join(repositoryRoot, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${room}/${name}`)
    .sort();
}

function describeMutant({ path: file, line, before, after }: Mutant): string {
  const short = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 60);
  return `${file}:${line} \`${short(before)}\` became \`${short(after)}\``;
}

function reportText(tried: readonly Outcome[], total: number): string {
  const alive = tried.filter(({ killedBy }) => killedBy === null);
  const unended = tried.filter(({ killedBy }) => killedBy === DID_NOT_END);
  const killed = ((100 * (tried.length - alive.length)) / tried.length).toFixed(1);
  const rows = alive.map(({ mutant }) => {
    const reason = reasonFor(mutant) ?? 'no reason: a test is missing';
    return `| ${describeMutant(mutant)} | ${reason} |`;
  });
  const left =
    values.without === undefined ? '' : ` Paths with \`${values.without}\` are left out.`;
  const table = ['| mutant | why no test sees it |', '|---|---|', ...rows];
  return [
    '# Mutation check',
    '',
    'Written by `pnpm mutate`. Each operator, sign, comparison, boundary and truth value in the',
    'sources of `ledger` and `returns` is changed, one at a time, and the tests that reach it are',
    'run: those of both rooms, of the verbs that print their figures, and the oracle’s.',
    '',
    `- Mutants: ${total}; tried: ${tried.length}${step === 1 ? '' : `, every ${step}th`}.${left}`,
    `- Killed: **${killed} %**, of these ${unended.length} by not ending within`,
    `  ${TRIAL_MS_MAX / 1000} seconds.`,
    '',
    '## Survivors',
    '',
    ...(alive.length === 0 ? ['None.'] : table),
    '',
  ].join('\n');
}
