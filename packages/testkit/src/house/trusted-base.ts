// What has to be trusted for a record to be true: the lines that run inside the worker. Own sources
// are counted by walking the imports from the worker's entry points; dependencies by the files that
// they ship.

import { readFileSync } from 'node:fs';
import { buildImportGraph, loadedFrom, reachableFrom, type ImportGraph } from './import-graph.ts';
import { findInstalledPackages, type InstalledPackage } from './installed-packages.ts';
import { readManifests } from './manifests.ts';
import type { Repository } from './repository.ts';
import type { SourceFile } from './source-file.ts';

const ENTRY_FILES = ['main', 'health-check', 'index'].map(
  (name) => `packages/worker/src/${name}.ts`,
);

/** Threads with a heap each (decision 0010), by the file that starts in them. */
const ISOLATES: Readonly<Record<string, string>> = {
  record: 'packages/worker/src/main.ts',
  door: 'packages/worker/src/isolate/door-isolate.ts',
  venues: 'packages/worker/src/isolate/venues-isolate.ts',
  figures: 'packages/worker/src/isolate/figures-isolate.ts',
  verifier: 'packages/worker/src/isolate/verifier-isolate.ts',
};

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
  /** Each isolate with the largest venue that it may load; files may be in several. */
  readonly isolates: readonly RoomSize[];
  /** What every worker carries. */
  readonly core: readonly RoomSize[];
  /** One row per venue: a deployment carries those that it names (decision 0010). */
  readonly venues: readonly RoomSize[];
  readonly dependencies: readonly DependencySize[];
  readonly dependencyLines: number;
}

export function measureTrustedBase(worker: WorkerFiles): TrustedBase {
  const { own, generated, graph, packages } = worker;
  const sources = own.filter((file) => !generated.has(file));
  const dependencies = measureDependencies(packages);
  return {
    isolates: Object.entries(ISOLATES).map(([name, start]) => {
      const loaded = loadedFrom(graph, start);
      return withOneVenue(
        name,
        sources.filter((file) => loaded.has(file.path)),
      );
    }),
    core: measureGroups(sources, (file) => (venueOf(file) === null ? file.room : null)),
    venues: measureGroups(sources, venueOf),
    dependencies,
    dependencyLines: sum(dependencies.map((dependency) => dependency.lines)),
  };
}

/** What a worker is made of. */
export interface WorkerFiles {
  /** Every TypeScript file that the entry points reach, generated ones among them. */
  readonly own: readonly SourceFile[];
  readonly generated: ReadonlySet<SourceFile>;
  readonly graph: ImportGraph;
  readonly packages: readonly InstalledPackage[];
}

export function findWorkerFiles(repository: Repository): WorkerFiles {
  const all = [...repository.sources, ...repository.generated];
  const graph = buildImportGraph(all, readManifests(repository.texts));
  const reached = reachableFrom(graph, ENTRY_FILES);
  const own = all.filter((file) => reached.has(file.path));
  const packages = findInstalledPackages(repository, own, graph);
  return { own, generated: new Set(repository.generated), graph, packages };
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

function withOneVenue(name: string, sources: readonly SourceFile[]): RoomSize {
  const frame = sources.filter((file) => venueOf(file) === null);
  const venues = measureGroups(sources, venueOf);
  const [largest] = venues.toSorted((left, right) => right.codeLines - left.codeLines);
  return total(name, [sizeOf(name, frame), ...(largest === undefined ? [] : [largest])]);
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

function measureDependencies(packages: readonly InstalledPackage[]): readonly DependencySize[] {
  return packages
    .map(({ name, version, usedBy, scripts }) => {
      return { name, version, usedBy, lines: sum(scripts.map(countLines)) };
    })
    .filter((dependency) => dependency.lines > 0)
    .toSorted((left, right) => left.name.localeCompare(right.name, 'en'));
}

function countLines(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
