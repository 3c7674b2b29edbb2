// Every package that the worker's files import at run time and what these depend on, as folders on
// the disk, each with the files of it that a deployment carries. Optional dependencies are not
// followed: the worker runs without them, and none of its code is native.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { packageNameOf, type ImportGraph } from './import-graph.ts';
import type { Repository } from './repository.ts';
import { walk, type SourceFile } from './source-file.ts';

/**
 * ccxt is one folder with a file per exchange. The connector loads single files by name, so what
 * counts is the files those names reach and not the hundred others.
 */
const CCXT = { name: 'ccxt', sourceFolder: 'js/src', ourFolder: 'packages/venues/src/ccxt/' };

/** A package on the disk. */
export interface InstalledPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** Folders of the packages it requires. */
  readonly requires: readonly string[];
  /** The rooms that import it, or the packages that do when no room does; sorted. */
  readonly usedBy: readonly string[];
  /** Its JavaScript, absolute. */
  readonly scripts: readonly string[];
}

interface Wanted {
  readonly folder: string;
  readonly usedBy: string;
}

/** In the order in which they were found. */
export function findInstalledPackages(
  repository: Repository,
  sources: readonly SourceFile[],
  graph: ImportGraph,
): readonly InstalledPackage[] {
  const users = new Map<string, string[]>();
  const required = new Map<string, readonly Wanted[]>();
  const waiting = importedPackages(repository, sources, graph);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const requires = required.get(next.folder) ?? requiredBy(next.folder);
    if (!required.has(next.folder)) waiting.push(...requires);
    required.set(next.folder, requires);
    users.set(next.folder, [...(users.get(next.folder) ?? []), next.usedBy]);
  }
  const rooms = new Set(sources.map((file) => file.room));
  return [...users].map(([folder, all]) => {
    const { name, version } = readPackageFile(folder);
    const byRoom = all.filter((user) => rooms.has(user));
    const requires = (required.get(folder) ?? []).map((each) => each.folder);
    const usedBy = [...new Set(byRoom.length > 0 ? byRoom : all)].toSorted();
    const scripts = name === CCXT.name ? ccxtFiles(folder, sources) : scriptsBelow(folder);
    return { folder, name, version, requires, usedBy, scripts };
  });
}

function importedPackages(
  repository: Repository,
  sources: readonly SourceFile[],
  graph: ImportGraph,
): Wanted[] {
  return sources.flatMap((file) => {
    const folder = file.room === 'jobs' ? 'jobs' : `packages/${file.room}`;
    const names = (graph.get(file.path) ?? [])
      .filter((each) => each.target === null && !each.isType)
      .map((each) => packageNameOf(each.specifier));
    return [...new Set(names)]
      .filter((name) => name !== null)
      .map((name) => path.join(repository.root, folder, 'node_modules', name))
      .map((link) => ({ folder: realpathSync(link), usedBy: file.room }));
  });
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
  readonly license?: string | { readonly type?: string };
  readonly repository?: string | { readonly url?: string };
}

/**
 * Peers count when they are installed and not optional. What pnpm-workspace.yaml leaves out of a
 * package is on no disk.
 */
function requiredBy(folder: string): readonly Wanted[] {
  const manifest = readPackageFile(folder);
  const siblings = folder.slice(0, -manifest.name.length);
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true && isFolder(siblings + name),
  );
  const own = Object.keys(manifest.dependencies ?? {}).filter((name) => isFolder(siblings + name));
  const names = [...own, ...peers];
  return names.map((name) => ({ folder: realpathSync(siblings + name), usedBy: manifest.name }));
}

function ccxtFiles(folder: string, sources: readonly SourceFile[]): readonly string[] {
  const base = path.join(folder, CCXT.sourceFolder);
  const named = new Set<string>();
  for (const file of sources.filter((each) => each.path.startsWith(CCXT.ourFolder))) {
    walk(file, (node) => {
      if (node.type !== 'Literal' || !/^[a-z0-9]+$/.test(String(node.value))) return;
      const candidate = path.join(base, `${String(node.value)}.js`);
      if (statSync(candidate, { throwIfNoEntry: false }) !== undefined) named.add(candidate);
    });
  }
  const reached = new Set<string>();
  const waiting = [...named];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from|import) ['"](\.[^'"]+)['"]/g)) {
      waiting.push(path.resolve(path.dirname(file), specifier));
    }
  }
  return [...reached];
}

function scriptsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : scriptsBelow(child);
    return /\.[cm]?js$/.test(entry.name) ? [child] : [];
  });
}

export function readPackageFile(folder: string): PackageFile {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as PackageFile;
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}
