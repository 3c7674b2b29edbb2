// The package.json files of the workspace, as far as the house reads them.

import type { TextFile } from './repository.ts';
import { roomOf } from './source-file.ts';

export interface Manifest {
  readonly path: string;
  readonly room: string;
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  /** Sub-path (`.`, `./metrics`) to the source file it names, from the repository's root. */
  readonly entries: ReadonlyMap<string, string>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface ManifestFile {
  readonly name?: string;
  readonly scripts?: Record<string, string>;
  readonly exports?: Record<string, string | Record<string, string>>;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const SOURCE_CONDITION = '@track-record/source';

export function readManifests(texts: readonly TextFile[]): readonly Manifest[] {
  return texts.filter((file) => /(^|\/)package\.json$/.test(file.path)).map(parseManifest);
}

/** A script that its own package.json names is somebody's way in. */
export function scriptFiles(manifest: Manifest): readonly string[] {
  return Object.values(manifest.scripts).flatMap((script) => script.match(/[\w./-]+\.ts\b/g) ?? []);
}

function parseManifest(file: TextFile): Manifest {
  const manifest = JSON.parse(file.text) as ManifestFile;
  const folder = file.path.replace(/package\.json$/, '');
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([subPath, target]) => {
    const source = typeof target === 'string' ? target : target[SOURCE_CONDITION];
    return source === undefined ? [] : [[subPath, folder + source.replace(/^\.\//, '')] as const];
  });
  return {
    path: file.path,
    room: roomOf(file.path),
    name: manifest.name ?? '',
    scripts: manifest.scripts ?? {},
    entries: new Map(entries),
    dependencies: manifest.dependencies ?? {},
    optionalDependencies: manifest.optionalDependencies ?? {},
    devDependencies: manifest.devDependencies ?? {},
  };
}
