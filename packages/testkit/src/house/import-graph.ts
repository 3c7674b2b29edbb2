// Who imports what: every import, re-export and literal dynamic import of our own sources, resolved
// to our files or to the name of a package from outside.

import path from 'node:path';
import type { Node } from 'oxc-parser';
import type { Manifest } from './manifests.ts';
import { nameOf, walk, type SourceFile } from './source-file.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** True when nothing of it is left at run time. */
  readonly isType: boolean;
  /** The exported names it takes; `*` for all of them. */
  readonly names: readonly string[];
  /** One of our files, or null for a package from outside or Node itself. */
  readonly target: string | null;
  /** True for a file that is started, as a process or an isolate, and not loaded. */
  readonly isStart?: true;
}

/** Nodes whose string is an import, which is read with the names it takes. */
const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'ImportExpression',
  'TSImportType',
]);

export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

export function buildImportGraph(
  sources: readonly SourceFile[],
  manifests: readonly Manifest[],
): ImportGraph {
  const entries = workspaceEntries(manifests);
  const paths = new Set(sources.map((file) => file.path));
  return new Map(
    sources.map((file) => [
      file.path,
      [
        ...readImports(file, entries),
        ...readStartedFiles(file, paths),
        ...readFoldersByName(file, paths),
      ],
    ]),
  );
}

/** Every file that is reached from the given ones, themselves included. */
export function reachableFrom(graph: ImportGraph, starts: readonly string[]): ReadonlySet<string> {
  return reach(graph, starts, () => true);
}

/** The same without what is started. */
export function loadedFrom(graph: ImportGraph, start: string): ReadonlySet<string> {
  return reach(graph, [start], ({ isStart }) => isStart !== true);
}

function reach(
  graph: ImportGraph,
  starts: readonly string[],
  isFollowed: (each: Import) => boolean,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...starts];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const each of graph.get(file) ?? []) {
      if (each.target !== null && isFollowed(each)) waiting.push(each.target);
    }
  }
  return reached;
}

/**
 * `kysely` for `kysely`, `@grpc/grpc-js` for `@grpc/grpc-js/build/x.js`; null for Node and our own
 * files.
 */
export function packageNameOf(specifier: string): string | null {
  if (/^(node:|\.|\/)/.test(specifier)) return null;
  const [first, second] = specifier.split('/');
  if (first === undefined) return null;
  return first.startsWith('@') ? `${first}/${second}` : first;
}

function workspaceEntries(manifests: readonly Manifest[]): ReadonlyMap<string, string> {
  return new Map(
    manifests.flatMap((manifest) =>
      [...manifest.entries].map(
        ([subPath, file]) => [manifest.name + subPath.slice(1), file] as const,
      ),
    ),
  );
}

function readImports(file: SourceFile, entries: ReadonlyMap<string, string>): readonly Import[] {
  const resolve = (specifier: string): string | null =>
    specifier.startsWith('.')
      ? path.posix.join(path.posix.dirname(file.path), specifier)
      : (entries.get(specifier) ?? null);
  const record = (specifier: string, start: number, isType: boolean, names: string[]): Import => ({
    specifier,
    line: file.lineOf(start),
    isType,
    names,
    target: resolve(specifier),
  });
  const imports: Import[] = [];
  walk(file, (node) => {
    if (node.type === 'ImportDeclaration') {
      const isType = node.importKind === 'type' || isTypeOnly(node.specifiers);
      const names = node.specifiers.map((specifier) => specifierName(specifier));
      imports.push(record(node.source.value, node.start, isType, names));
    } else if (node.type === 'ExportAllDeclaration') {
      imports.push(record(node.source.value, node.start, node.exportKind === 'type', ['*']));
    } else if (node.type === 'ExportNamedDeclaration' && node.source !== null) {
      const names = node.specifiers.map((specifier) => moduleName(specifier.local));
      imports.push(record(node.source.value, node.start, node.exportKind === 'type', names));
    } else if (node.type === 'ImportExpression' && node.source.type === 'Literal') {
      imports.push(record(String(node.source.value), node.start, false, ['*']));
    } else if (node.type === 'CallExpression' && isResolve(node.callee)) {
      const [specifier] = node.arguments;
      if (specifier?.type !== 'Literal') return;
      imports.push(record(String(specifier.value), node.start, false, ['*']));
    } else if (node.type === 'TSImportType') {
      imports.push(record(node.source.value, node.start, true, ['*']));
    }
  });
  return imports;
}

/** A file that is started as a process of its own is named by a string and never imported. */
function readStartedFiles(file: SourceFile, paths: ReadonlySet<string>): readonly Import[] {
  const imports: Import[] = [];
  walk(file, (node, ancestors) => {
    if (node.type !== 'Literal' || typeof node.value !== 'string') return;
    if (!node.value.endsWith('.ts') || IMPORTING.has(ancestors.at(-1)?.type ?? '')) return;
    const target = path.posix.join(path.posix.dirname(file.path), node.value);
    if (!paths.has(target)) return;
    const line = file.lineOf(node.start);
    const [isType, names] = [false, ['*']] as const;
    imports.push({ specifier: node.value, line, isType, names, target, isStart: true });
  });
  return imports;
}

/** `import(`./ccxt/${id}/venue.ts`)` may load that file of every folder there. */
function readFoldersByName(file: SourceFile, paths: ReadonlySet<string>): readonly Import[] {
  const imports: Import[] = [];
  walk(file, (node) => {
    if (node.type !== 'ImportExpression' || node.source.type !== 'TemplateLiteral') return;
    const specifier = node.source.quasis.map((part) => part.value.raw).join('*');
    const pattern = path.posix.join(path.posix.dirname(file.path), specifier);
    const line = file.lineOf(node.start);
    for (const target of paths) {
      if (!path.posix.matchesGlob(target, pattern)) continue;
      imports.push({ specifier, line, isType: false, names: ['*'], target });
    }
  });
  return imports;
}

type ImportSpecifiers = Extract<
  SourceFile['program']['body'][number],
  { type: 'ImportDeclaration' }
>['specifiers'];

/** `import.meta.resolve(…)`: how a file below a package's entry point is found. */
function isResolve(callee: Node): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'MetaProperty' &&
    nameOf(callee.property) === 'resolve'
  );
}

function isTypeOnly(specifiers: ImportSpecifiers): boolean {
  return (
    specifiers.length > 0 &&
    specifiers.every((each) => each.type === 'ImportSpecifier' && each.importKind === 'type')
  );
}

function specifierName(specifier: ImportSpecifiers[number]): string {
  if (specifier.type === 'ImportSpecifier') return moduleName(specifier.imported);
  return specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*';
}

function moduleName(name: { readonly name: string } | { readonly value: string }): string {
  return 'name' in name ? name.name : name.value;
}
