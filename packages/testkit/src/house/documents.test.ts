import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { commandsOf, isDocument, parseDocument, type Document } from './document.ts';
import { findStalePages, largestIsolate, OWN_LINES_MAX } from './generated-pages.ts';
import { readManifests } from './manifests.ts';
import { readRepository, readText, repositoryOf, repositoryRoot } from './repository.ts';
import { findBrokenReferences, PNPM_PINNED, type Named } from './references.ts';
import { findWorkerFiles, measureTrustedBase } from './trusted-base.ts';
import { printViolation } from './violation.ts';

const run = promisify(execFile);

const repository = readRepository(repositoryRoot);
const documents = repository.texts.filter(isDocument).map(parseDocument);

/** What the worker is reviewed by; the spine of the documentation. */
const REQUIRED = [
  'start',
  'glossary',
  'threat-model',
  'LIMITATIONS',
  'rooms',
  'tcb',
  'codes',
] as const;

/** One meaning each, and each used. */
const GLOSSARY_WORDS = [
  'fill',
  'trade',
  'ledger entry',
  'flow',
  'perimeter',
  'balance',
  'equity',
  'NAV',
  'asOf',
  'observedAt',
  'provenance',
  'coverage',
  'residual',
  'statement',
  'restatement',
  'evidence',
  'endorsement',
  'reference value',
  'verifier',
  'relying party',
  'measurement',
  'venue',
  'account',
];

/** `.ci/run` runs these; a test that ran them here would run itself or wait for ever. */
const COMMANDS_ELSEWHERE = [
  /^npx --yes pnpm@12\.21\.0 (demo|test)$/,
  /^pnpm (test|typecheck|lint|tidy|build|tcb|tcb --check|format|worker|demo --keep)$/,
  /^\.ci\/run$/,
  // Both by packages/testkit/src/release/release.test.ts, into a folder of its own.
  /^pnpm build:reproducible release$/,
  /^pnpm --silent track-record build verify release --sums release\/SHA256SUMS$/,
];

const RUNNABLE = /^pnpm --silent track-record /;

let named: Named;
/** What the operator's verbs look at. */
let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  const scripts = readManifests(repository.texts).find((each) => each.room === 'root')?.scripts;
  const help = await runCommand('pnpm --silent track-record --help');
  const verbs = [...help.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}/gm)].map(
    (match) => match[1] ?? '',
  );
  named = { scripts: new Set(Object.keys(scripts ?? {})), verbs: new Set(verbs), documents };
});

afterAll(async () => {
  await database.drop();
});

describe('accepts', () => {
  test('every path, link, script and verb that a page names', () => {
    const broken = documents.flatMap((each) => findBrokenReferences(each, repository, named));
    expect(broken.map(printViolation)).toEqual([]);
  });

  test('every shell block: run here, or run by .ci/run', async () => {
    const commands = documents.flatMap((each) => blocksOf(each, 'sh')).flatMap(commandsOf);
    for (const { text } of commands) {
      if (COMMANDS_ELSEWHERE.some((each) => each.test(text))) continue;
      expect(text).toMatch(RUNNABLE);
      await runCommand(text);
    }
  });

  test('every TypeScript block, by compiling it', async () => {
    const blocks = documents.flatMap((each) => blocksOf(each, 'ts'));
    if (blocks.length > 0) await compile(blocks.map((block) => block.text));
  });

  test('the generated pages as they are committed', async () => {
    expect((await findStalePages(repository)).map((page) => page.path)).toEqual([]);
  });
});

describe('refuses', () => {
  test.each([
    ['link', 'See [there](gone.md).'],
    ['link', 'See [there](start.md#nowhere).'],
    ['path', 'See `packages/gone/src/index.ts`.'],
    ['path', 'See `jobs/*/gone.ts`.'],
    ['script', 'Run `pnpm gone`.'],
    ['script', 'Run `npx --yes pnpm@1.0.0 test`.'],
    ['script', '```sh\npnpm gone\n```'],
    ['verb', 'Run `track-record gone`.'],
  ])('a page with a broken %s, row %#', (rule, text) => {
    const page = { path: 'docs/page.md', text };
    const start = { path: 'docs/start.md', text: '# Start\n' };
    const small = repositoryOf('', [page, start]);
    const pages = small.texts.map(parseDocument);
    const broken = findBrokenReferences(parseDocument(page), small, { ...named, documents: pages });
    expect(broken.map((each) => each.rule)).toEqual([rule]);
  });
});

describe('holds', () => {
  test('the required pages exist, and links lead from the README to every page', () => {
    const reached = reachablePages('README.md');
    const wanted = [
      ...REQUIRED.map((name) => `docs/${name}.md`),
      ...documents.map((each) => each.path),
    ];
    expect([...new Set(wanted)].filter((page) => !reached.has(page))).toEqual([]);
  });

  test('the glossary defines every word once, and sources or pages use it', () => {
    const glossary = readText(repository, 'docs/glossary.md');
    const defined = [...glossary.matchAll(/^- \*\*([^*]+)\*\*/gm)].map((match) => match[1] ?? '');
    expect(defined).toEqual([...new Set(defined)]);
    expect(GLOSSARY_WORDS.filter((word) => !defined.includes(word))).toEqual([]);
    const others = repository.texts.filter((file) => file.path !== 'docs/glossary.md');
    const everything = others.map((file) => file.text.replace(/\s+/g, ' ').toLowerCase());
    const isUsed = (word: string): boolean =>
      everything.some((text) => text.includes(word.toLowerCase()));
    expect(defined.filter((word) => !isUsed(word))).toEqual([]);
  });

  test('the README fits its claim of two commands', () => {
    const readme = documents.filter((each) => each.path === 'README.md');
    const commands = readme.flatMap((each) => blocksOf(each, 'sh')).flatMap(commandsOf);
    const first = commands.slice(0, 2).map((each) => each.text);
    expect(first).toEqual([`npx --yes ${PNPM_PINNED} demo`, `npx --yes ${PNPM_PINNED} test`]);
  });

  test('own code in the worker stays within the budget', () => {
    const { codeLines } = largestIsolate(measureTrustedBase(findWorkerFiles(repository)));
    expect(codeLines).toBeLessThanOrEqual(OWN_LINES_MAX);
  });
});

function blocksOf(document: Document, language: string): Document['blocks'] {
  return document.blocks.filter((block) => block.language === language);
}

function reachablePages(start: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let page = waiting.pop(); page !== undefined; page = waiting.pop()) {
    const document = documents.find((each) => each.path === page);
    if (document === undefined || reached.has(page)) continue;
    reached.add(page);
    const folder = path.posix.dirname(page);
    for (const link of document.links) {
      waiting.push(path.posix.join(folder, link.text.split('#')[0] ?? ''));
    }
  }
  return reached;
}

/**
 * Runs the command as written, with the script spelled out so that pnpm need not be on the path.
 */
async function runCommand(command: string): Promise<string> {
  const manifest = readManifests(repository.texts).find((each) => each.room === 'root');
  const script = manifest?.scripts['track-record'] ?? '';
  const spelled = command.replace(/^pnpm --silent track-record/, script);
  const bin = path.dirname(process.execPath);
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env['PATH']}`,
    DATABASE_OPERATOR_URL: database.urlFor('operator'),
  };
  const { stdout } = await run('bash', ['-c', spelled], { cwd: repositoryRoot, env });
  return stdout;
}

async function compile(texts: readonly string[]): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'track-record-docs-'));
  try {
    await symlink(
      path.join(repositoryRoot, 'packages/testkit/node_modules'),
      path.join(folder, 'node_modules'),
    );
    await Promise.all(
      texts.map((text, index) => writeFile(path.join(folder, `block-${index}.ts`), text)),
    );
    const base = path.join(repositoryRoot, 'tsconfig.base.json');
    const typeRoots = [path.join(repositoryRoot, 'node_modules/@types')];
    const compilerOptions = { composite: false, noEmit: true, typeRoots };
    const config = { extends: base, compilerOptions, include: ['*.ts'] };
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
    await run(path.join(repositoryRoot, 'node_modules/.bin/tsc'), ['-p', folder]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
