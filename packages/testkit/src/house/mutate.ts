// `pnpm mutate`: is every operator, sign, comparison and boundary in ledger and returns held by a
// test? Tries each mutant against the tests that reach it, says what share was noticed, and writes
// docs/mutation.md with every one that was not. What was tried before is not tried again, but with
// `--survivors` what lived without a reason, and with `--fresh` all. `--sample N` tries every Nth
// mutant, `--only TEXT` those of the paths that contain the text; `--report` tries nothing and
// writes the page.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Mutant, mutateSource } from './mutation/mutants.ts';
import { Outcomes } from './mutation/outcomes.ts';
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

/** Longer than it takes to load all tests. */
const LOAD_MS_MAX = 15_000;

/** Longer than it takes to run all of them. */
const BASELINE_MS_MAX = 120_000;

/** A test of a mutant that takes so much longer, and so many times longer, does not end. */
const TEST_MS_MORE = 4_000;
const TEST_TIMES = 5;

/** Outcomes are kept whenever so many more are known. */
const KEPT_EVERY = 20;

const DID_NOT_END = 'it did not load or did not end';

/** Characters of a mutant that are shown. */
const SHOWN = 60;

const REPORT = 'docs/mutation.md';

interface Outcome {
  readonly mutant: Mutant;
  readonly killedBy: string | null;
}

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    survivors: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

const files = ROOMS.flatMap((room) => sourcesIn(room));
const tests = [...ROOMS.flatMap((room) => testsIn(room)), ...FURTHER_TESTS];
const { mutants, sources } = planned(files);
const outcomes = new Outcomes(sources);
const step = Number(values.sample);
const chosen = mutants.filter(
  ({ id, path: file }) => id % step === 0 && file.includes(values.only),
);
if (!values.report) await tryAll(chosen.filter(isAsked));
const tried = triedOf(chosen);
console.log(`${tried.length} of ${mutants.length} mutants tried, ${shareOf(tried)} % killed.`);
for (const { mutant, killedBy } of tried) {
  if (killedBy === null) console.log(`  ${describeMutant(mutant)}`);
}
writeFileSync(path.join(repositoryRoot, REPORT), reportText(triedOf(mutants)));

function isAsked(mutant: Mutant): boolean {
  const before = outcomes.of(mutant);
  if (before === undefined || values.fresh) return true;
  return values.survivors && before === null && reasonFor(mutant) === null;
}

function triedOf(list: readonly Mutant[]): Outcome[] {
  return list.flatMap((mutant) => {
    const killedBy = outcomes.of(mutant);
    return killedBy === undefined ? [] : [{ mutant, killedBy }];
  });
}

/** A first thread measures what every test reaches; then all of them share the mutants. */
async function tryAll(list: readonly Mutant[]): Promise<void> {
  if (list.length === 0) return;
  const first = await startThread(-1, []);
  const baseline = await first.ask('baseline');
  if (baseline?.kind !== 'baseline') throw new Error('The tests fail without any mutant.');
  await first.end();
  const loaded = new Set(baseline.loaded);
  const queue = [...list];
  let done = 0;
  const runThread = async (): Promise<void> => {
    let thread: Thread | null = null;
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const atLoad = loaded.has(mutant.id);
      const indexes = testsFor(mutant.id, atLoad, baseline.tests);
      let killedBy: string | null = null;
      if (indexes.length > 0) {
        if (atLoad) {
          await thread?.end();
          thread = null;
        }
        thread ??= await startThread(atLoad ? mutant.id : -1, baseline.tests);
        const report = await thread.ask({ mutant: mutant.id, tests: indexes });
        killedBy = report?.kind === 'tried' ? report.killedBy : DID_NOT_END;
        if (atLoad || report === null) {
          await thread.end();
          thread = null;
        }
      }
      outcomes.set(mutant, killedBy);
      done += 1;
      if (done % KEPT_EVERY === 0) outcomes.keep();
      if (done % 100 === 0) console.error(`${done}/${list.length}`);
    }
    await thread?.end();
  };
  await Promise.all(Array.from({ length: THREADS }, runThread));
  outcomes.keep();
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
  readonly ask: (message: Trial | 'baseline') => Promise<Answer | null>;
  readonly end: () => Promise<unknown>;
}

async function startThread(active: number, known: readonly TestReport[]): Promise<Thread> {
  const workerData: Assignment = { root: repositoryRoot, tests, sources, active };
  const worker = new Worker(new URL('./mutation/try-mutants.ts', import.meta.url), {
    workerData,
    env: { ...process.env, ORACLE_RUNS: '100' },
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
    stdout: true,
    stderr: true,
  });
  let settle: (answer: Answer | null) => void = () => {};
  let timer: NodeJS.Timeout | undefined;
  const waitFor = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => settle(null), ms);
  };
  worker.on('message', (answer: Answer) => {
    if (answer.kind !== 'began') settle(answer);
    else waitFor(TEST_MS_MORE + TEST_TIMES * (known[answer.test]?.ms ?? 0));
  });
  // Also of a thread that fails when nobody asks it any more.
  worker.on('error', () => settle(null));
  const answered = (withinMs: number): Promise<Answer | null> =>
    new Promise((resolve) => {
      waitFor(withinMs);
      settle = (value) => {
        clearTimeout(timer);
        resolve(value);
      };
    });
  // A mutant that keeps the modules from loading is noticed by the first question.
  const ready = await answered(LOAD_MS_MAX);
  return {
    ask: (message) => {
      if (ready === null) return Promise.resolve(null);
      worker.postMessage(message);
      return answered(BASELINE_MS_MAX);
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
  const [one, other] = [before, after].map((text) => text.replaceAll(/\s+/g, ' '));
  const start = firstDifference(one ?? '', other ?? '');
  const short = (text = ''): string => {
    const from = start < SHOWN / 2 ? 0 : start - SHOWN / 2;
    const shown = text.slice(from, from + SHOWN);
    return `${from === 0 ? '' : '…'}${shown}${from + SHOWN < text.length ? '…' : ''}`;
  };
  return `${file}:${line} ${code(short(one))} became ${code(short(other))}`;
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (index < one.length && one[index] === other[index]) index += 1;
  return index;
}

/** As Markdown, also within a table. */
function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  return fence + text.replaceAll('|', String.raw`\|`) + fence;
}

function shareOf(list: readonly Outcome[]): string {
  const dead = list.filter(({ killedBy }) => killedBy !== null);
  return ((100 * dead.length) / list.length).toFixed(1);
}

function reportText(all: readonly Outcome[]): string {
  const alive = all.filter(({ killedBy }) => killedBy === null);
  const unended = all.filter(({ killedBy }) => killedBy === DID_NOT_END);
  const rows = alive.map(({ mutant }) => {
    const reason = reasonFor(mutant) ?? 'no reason: a test is missing';
    return `| ${describeMutant(mutant)} | ${reason} |`;
  });
  const unexcused = alive.filter(({ mutant }) => reasonFor(mutant) === null);
  const untried = mutants.length - all.length;
  return [
    '# Mutation check',
    '',
    'Written by `pnpm mutate`. Each operator, sign, comparison, boundary and truth value in the',
    'sources of `ledger` and `returns` is changed, one at a time, and the tests that reach it are',
    'run: those of both rooms, of the verbs that print their figures, and the oracle’s, which is',
    'asked for 100 ledgers here. Of properties every fifth example is tried. A survivor that is',
    'called equivalent changes nothing that can be seen.',
    '',
    `- Mutants: ${mutants.length}; tried: ${all.length}; not tried: ${untried}.`,
    `- Killed: ${all.length - alive.length}, **${shareOf(all)} %** of those tried;`,
    `  ${unended.length} of these because the tests did not load any more, or did not end.`,
    `- Survivors: ${alive.length}, of these ${unexcused.length} without a reason.`,
    '',
    ...byFile(all),
    '',
    '## Survivors',
    '',
    ...(alive.length === 0
      ? ['None.']
      : ['| mutant | why no test sees it |', '|---|---|', ...rows]),
    '',
  ].join('\n');
}

function byFile(all: readonly Outcome[]): string[] {
  const rows = files.flatMap((file) => {
    const own = all.filter(({ mutant }) => mutant.path === file);
    const total = mutants.filter((mutant) => mutant.path === file).length;
    const dead = own.filter(({ killedBy }) => killedBy !== null).length;
    return total === 0 ? [] : [`| \`${file}\` | ${total} | ${own.length} | ${dead} |`];
  });
  return ['| file | mutants | tried | killed |', '|---|---|---|---|', ...rows];
}
