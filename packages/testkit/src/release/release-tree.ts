// The worker as deployed, as a plan: where each file of it comes from and where it stands. Nothing
// but what can run: the compiled form of the files that the worker's entry points reach, the
// migrations, and of each production package its JavaScript, what describes it, and its licence. No
// links, no native code, no types. Packages stand flat in node_modules, so that a path in the list
// of digests is also the name that code imports.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { InstalledPackage } from '../house/installed-packages.ts';
import { readManifests } from '../house/manifests.ts';
import type { Repository } from '../house/repository.ts';
import { findWorkerFiles } from '../house/trusted-base.ts';

const MIGRATIONS = '@track-record/migrations';
/** Read at run time beside scripts: tables, and message types for tools that reflect. */
const CARRIED = /^(?:package\.json|licen[cs]e.*|copying.*|notice.*)$|\.(?:json|proto)$/i;
/** Configuration of the package's own development. */
const NOT_CARRIED = /^(?:tsconfig|bower|component|\.).*\.json$/;

/** By path in the tree, with `/`: the file it is copied from, absolute. */
export type ReleaseTree = ReadonlyMap<string, string>;

export function planReleaseTree(repository: Repository): ReleaseTree {
  const { own, packages } = findWorkerFiles(repository);
  const tree = new Map<string, string>();
  const manifests = readManifests(repository.texts);
  const rooms = new Set(own.map((file) => file.room));
  for (const manifest of manifests.filter(({ room }) => rooms.has(room))) {
    const folder = path.posix.dirname(manifest.path);
    const place = `node_modules/${manifest.name}`;
    tree.set(`${place}/package.json`, path.join(repository.root, manifest.path));
    for (const file of own.filter(({ room }) => room === manifest.room)) {
      const compiled = path.posix
        .relative(folder, file.path)
        .replace(/^src\//, '')
        .replace(/\.ts$/, '.js');
      const from = path.join(repository.root, folder, 'dist', compiled);
      tree.set(`${place}/dist/${compiled}`, from);
    }
  }
  const migrations = repository.texts.filter((file) => /^migrations\/[^/]+$/.test(file.path));
  for (const file of migrations.filter(({ path: name }) => /\.sql$|package\.json$/.test(name))) {
    const place = `node_modules/${MIGRATIONS}/${path.posix.basename(file.path)}`;
    tree.set(place, path.join(repository.root, file.path));
  }
  for (const [place, installed] of placePackages(packages)) {
    for (const file of filesOf(installed)) {
      const name = path.relative(installed.folder, file).replaceAll(path.sep, '/');
      tree.set(`${place}/${name}`, file);
    }
  }
  return tree;
}

/** Of two versions the one that more packages require stands on top, the other inside those. */
function placePackages(
  packages: readonly InstalledPackage[],
): readonly (readonly [string, InstalledPackage])[] {
  const carried = packages.filter(({ scripts }) => scripts.length > 0);
  const byName = Map.groupBy(carried, ({ name }) => name);
  const top = new Map(
    [...byName].map(([name, versions]) => {
      const [first] = versions.toSorted(
        (left, right) =>
          right.usedBy.length - left.usedBy.length || (left.version < right.version ? 1 : -1),
      );
      return [name, first?.folder] as const;
    }),
  );
  const isOnTop = ({ name, folder }: InstalledPackage): boolean => top.get(name) === folder;
  return carried.flatMap((each) => {
    if (isOnTop(each)) return [[`node_modules/${each.name}`, each] as const];
    const users = carried.filter((user) => user.requires.includes(each.folder));
    if (each.requires.length > 0 || users.some((user) => !isOnTop(user))) {
      throw new Error(`${each.name} ${each.version} does not fit into a flat tree.`);
    }
    return users.map(
      (user) => [`node_modules/${user.name}/node_modules/${each.name}`, each] as const,
    );
  });
}

function filesOf({ folder, scripts }: InstalledPackage): readonly string[] {
  const descriptions = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && CARRIED.test(entry.name) && !NOT_CARRIED.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !path.relative(folder, file).split(path.sep).includes('node_modules'));
  return [...scripts, ...descriptions];
}
