// What has to be trusted for a record to be true: the lines that run inside the worker. Own sources
// are counted by walking the imports from the worker's entry points; dependencies by the files that
// they ship.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  buildImportGraph,
  packageNameOf,
  reachableFrom,
  type ImportGraph,
} from './import-graph.ts';
import { readManifests } from './manifests.ts';
import type { Repository } from './repository.ts';
import { walk, type SourceFile } from './source-file.ts';

const ENTRY_FILES = ['packages/worker/src/main.ts', 'packages/worker/src/index.ts'];

/**
 * ccxt is one folder with a file per exchange. The connector loads single files by name, so what
 * counts is the files those names reach and not the hundred others.
 */
const CCXT = { name: 'ccxt', sourceFolder: 'js/src', ourFolder: 'packages/venues/src/ccxt/' };

/** A venue's own folder, of one exchange of ccxt's or of a broker. */
const VENUE_FOLDER = /^packages\/venues\/src\/(?:ccxt\/)?(?!ccxt\/)(?<venue>[^/]+)\//;

export interface RoomSize {
  readonly room: string;
  readonly files: number;
  readonly lines: number;
  /** Lines that are neither blank nor comment only. */
  readonly codeLines: number;
}

export interface DependencySize {
  readonly name: string;
  readonly version: string;
  /** The rooms that import it, or the packages that do when no room does. */
  readonly usedBy: readonly string[];
  readonly lines: number;
}

export interface TrustedBase {
  /** What every worker carries. */
  readonly core: readonly RoomSize[];
  /** One row per venue: a deployment carries those that it names (decision 0006). */
  readonly venues: readonly RoomSize[];
  readonly dependencies: readonly DependencySize[];
  readonly dependencyLines: number;
}

export function measureTrustedBase(repository: Repository): TrustedBase {
  const all = [...repository.sources, ...repository.generated];
  const graph = buildImportGraph(all, readManifests(repository.texts));
  const reached = reachableFrom(graph, ENTRY_FILES);
  const isReached = (file: SourceFile): boolean => reached.has(file.path);
  const sources = repository.sources.filter(isReached);
  const dependencies = measureDependencies(repository, all.filter(isReached), graph);
  return {
    core: measureGroups(sources, (file) => (venueOf(file) === null ? file.room : null)),
    venues: measureGroups(sources, venueOf),
    dependencies,
    dependencyLines: sum(dependencies.map((dependency) => dependency.lines)),
  };
}

/** The one row that stands for all of `sizes`. */
export function total(room: string, sizes: readonly RoomSize[]): RoomSize {
  return {
    room,
    files: sum(sizes.map((size) => size.files)),
    lines: sum(sizes.map((size) => size.lines)),
    codeLines: sum(sizes.map((size) => size.codeLines)),
  };
}

/** The venue whose connector a file is part of; null for the frame that all of them share. */
function venueOf(file: SourceFile): string | null {
  return VENUE_FOLDER.exec(file.path)?.groups?.['venue'] ?? null;
}

function measureGroups(
  sources: readonly SourceFile[],
  groupOf: (file: SourceFile) => string | null,
): readonly RoomSize[] {
  const groups = Map.groupBy(sources, groupOf);
  return [...groups]
    .flatMap(([name, files]) => (name === null ? [] : [sizeOf(name, files)]))
    .toSorted((left, right) => left.room.localeCompare(right.room, 'en'));
}

function sizeOf(room: string, files: readonly SourceFile[]): RoomSize {
  return {
    room,
    files: files.length,
    lines: sum(files.map((file) => file.lines.length - 1)),
    codeLines: sum(files.map((file) => file.codeLines.size)),
  };
}

/** A package on the disk, and who asked for it. */
interface Installed {
  readonly folder: string;
  readonly usedBy: string;
}

function measureDependencies(
  repository: Repository,
  sources: readonly SourceFile[],
  graph: ImportGraph,
): readonly DependencySize[] {
  const found = new Map<string, string[]>();
  const waiting = directDependencies(repository, sources, graph);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const users = found.get(next.folder);
    if (users === undefined) waiting.push(...dependenciesOf(next.folder));
    found.set(next.folder, [...(users ?? []), next.usedBy]);
  }
  return [...found]
    .map(([folder, users]) => measureDependency(folder, users, sources))
    .filter((dependency) => dependency.lines > 0)
    .toSorted((left, right) => left.name.localeCompare(right.name, 'en'));
}

function directDependencies(
  repository: Repository,
  sources: readonly SourceFile[],
  graph: ImportGraph,
): Installed[] {
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
}

/**
 * Peers count when they are installed; what is optional by platform does not, and no table depends
 * on it.
 */
function dependenciesOf(folder: string): readonly Installed[] {
  const manifest = readPackageFile(folder);
  const siblings = folder.slice(0, -manifest.name.length);
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((name) =>
    isFolder(siblings + name),
  );
  const names = [...Object.keys(manifest.dependencies ?? {}), ...peers];
  return names.map((name) => ({ folder: realpathSync(siblings + name), usedBy: manifest.name }));
}

function measureDependency(
  folder: string,
  users: readonly string[],
  sources: readonly SourceFile[],
): DependencySize {
  const { name, version } = readPackageFile(folder);
  const rooms = new Set(sources.map((file) => file.room));
  const byRoom = users.filter((user) => rooms.has(user));
  const usedBy = [...new Set(byRoom.length > 0 ? byRoom : users)].toSorted();
  const files = name === CCXT.name ? ccxtFiles(folder, sources) : scriptsBelow(folder);
  return { name, version, usedBy, lines: sum(files.map(countLines)) };
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

function readPackageFile(folder: string): PackageFile {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as PackageFile;
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function countLines(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
