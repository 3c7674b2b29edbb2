// Modules as a reader meets them: no default exports, no barrels below a package's entry points, no
// export that nobody imports and no file that nothing reaches. Dead exports are read by auditors as
// if they mattered.

import { reachableFrom, type ImportGraph } from '../import-graph.ts';
import { scriptFiles, type Manifest } from '../manifests.ts';
import { nameOf, walk, type SourceFile } from '../source-file.ts';
import type { Violation } from '../violation.ts';

/** Jest reads its configuration and its global setup from default exports. */
const DEFAULT_EXPORT_FILES = /(^jest\.config\.ts|\/global-(setup|teardown)\.ts)$/;

/** Only here do tests count as users: everything in testkit exists for them. */
const TEST_ROOM = 'testkit';

export function findModuleViolations(
  sources: readonly SourceFile[],
  graph: ImportGraph,
  manifests: readonly Manifest[],
): readonly Violation[] {
  const entries = entryFiles(manifests);
  return [
    ...sources.flatMap(findDefaultExports),
    ...sources.filter((file) => !entries.has(file.path)).flatMap(findBarrels),
    ...findUnusedFiles(sources, graph, entries),
    ...findUnusedExports(sources, graph, entries),
  ];
}

function entryFiles(manifests: readonly Manifest[]): ReadonlySet<string> {
  const named = manifests.flatMap((manifest) => [
    ...manifest.entries.values(),
    ...scriptFiles(manifest),
  ]);
  return new Set(named);
}

function isEntry(file: SourceFile, entries: ReadonlySet<string>): boolean {
  return entries.has(file.path) || file.isTest || DEFAULT_EXPORT_FILES.test(file.path);
}

function findDefaultExports(file: SourceFile): readonly Violation[] {
  if (DEFAULT_EXPORT_FILES.test(file.path)) return [];
  return file.module.staticExports
    .filter((each) => each.entries.some((entry) => entry.exportName.kind === 'Default'))
    .map((each) => ({
      path: file.path,
      line: file.lineOf(each.start),
      rule: 'default-export',
      sentence: 'export it by name, so that every import of it can be found by that name.',
    }));
}

function findBarrels(file: SourceFile): readonly Violation[] {
  const { body } = file.program;
  const isBarrel =
    body.length > 0 &&
    body.every(
      (node) =>
        node.type === 'ExportAllDeclaration' ||
        (node.type === 'ExportNamedDeclaration' && node.source !== null),
    );
  if (!isBarrel) return [];
  const sentence = 'only re-exports; import from the file that holds the thing.';
  return [{ path: file.path, line: 1, rule: 'barrel', sentence }];
}

function findUnusedFiles(
  sources: readonly SourceFile[],
  graph: ImportGraph,
  entries: ReadonlySet<string>,
): readonly Violation[] {
  const reachedFrom = (starts: readonly SourceFile[]): ReadonlySet<string> =>
    reachableFrom(
      graph,
      starts.map((file) => file.path),
    );
  const starts = sources.filter((file) => isEntry(file, entries));
  const reached = reachedFrom(starts.filter((file) => !file.isTest || file.room === TEST_ROOM));
  const reachedByTests = reachedFrom(starts);
  return sources
    .filter((file) => !file.isTest && !reached.has(file.path))
    .filter((file) => file.room !== TEST_ROOM || !reachedByTests.has(file.path))
    .map((file) => ({
      path: file.path,
      line: 1,
      rule: 'unused-file',
      sentence: 'no entry point reaches it; what only tests need belongs in testkit.',
    }));
}

function findUnusedExports(
  sources: readonly SourceFile[],
  graph: ImportGraph,
  entries: ReadonlySet<string>,
): readonly Violation[] {
  const used = usedNames(sources, graph);
  return sources
    .filter((file) => !isEntry(file, entries))
    .flatMap((file) =>
      exportedNames(file)
        .filter(({ name }) => !used.has(`${file.path} ${name}`) && !used.has(`${file.path} *`))
        .filter(({ name, isType }) => !(isType && isUsedInside(file, name)))
        .map(({ name, line }) => ({
          path: file.path,
          line,
          rule: 'unused-export',
          sentence: `nobody imports ${name}; a room's own test does not count.`,
        })),
    );
}

function usedNames(sources: readonly SourceFile[], graph: ImportGraph): ReadonlySet<string> {
  const used = new Set<string>();
  for (const file of sources) {
    for (const { target, names } of graph.get(file.path) ?? []) {
      if (target === null || (file.isTest && !target.startsWith(`packages/${TEST_ROOM}/`)))
        continue;
      for (const name of names) used.add(`${target} ${name}`);
    }
  }
  return used;
}

interface ExportedName {
  readonly name: string;
  readonly line: number;
  readonly isType: boolean;
}

function exportedNames(file: SourceFile): readonly ExportedName[] {
  return file.module.staticExports.flatMap((each) =>
    each.entries.flatMap((entry) => {
      const { name } = entry.exportName;
      if (name === null) return [];
      return [{ name, line: file.lineOf(each.start), isType: entry.isType }];
    }),
  );
}

/** A type that another exported thing of its file is made of is part of that thing. */
function isUsedInside(file: SourceFile, name: string): boolean {
  let mentions = 0;
  walk(file, (node) => {
    if (node.type === 'Identifier' && nameOf(node) === name) mentions += 1;
  });
  return mentions > 1;
}
