// Reads the checkout as it lies on the disk: every text file that people wrote, by path from the
// root. It asks no version control: a bare machine that unpacked an archive has none.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseSource, type SourceFile } from './source-file.ts';

/** What tools put there; none of it is ours to judge. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', 'coverage', '.track-record']);

/** A text file larger than this is a recording; the lockfile is the largest that people review. */
const FILE_SIZE_BYTES_MAX = 1_000_000;

const TEXT_EXTENSION = /\.(ts|mjs|json|md|sql|ya?ml|sh|proto|py|toml|txt|example|service)$/;
const TEXT_NAME = /(^|\/)(run|Dockerfile|LICENSE|\.\w+)$/;

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface Repository {
  /** Absolute. */
  readonly root: string;
  readonly texts: readonly TextFile[];
  /** Every file and folder, text or not, from the root. */
  readonly paths: ReadonlySet<string>;
  /** The TypeScript that people wrote. */
  readonly sources: readonly SourceFile[];
  /** The TypeScript that a program wrote: not judged, but its imports are real. */
  readonly generated: readonly SourceFile[];
}

/** The checkout that this file lies in. */
export const repositoryRoot = path.resolve(import.meta.dirname, '../../../..');

export function readRepository(root: string): Repository {
  const paths = listPaths(root, '').toSorted();
  const texts = paths
    .filter((each) => isText(each) && isSmallFile(path.join(root, each)))
    .map((each) => ({ path: each, text: readFileSync(path.join(root, each), 'utf8') }));
  return repositoryOf(root, texts, paths);
}

/** A repository from its texts alone, so that a rule can be tested on a few lines. */
export function repositoryOf(
  root: string,
  texts: readonly TextFile[],
  paths: readonly string[] = texts.map((file) => file.path),
): Repository {
  const parsed = texts
    .filter((file) => file.path.endsWith('.ts'))
    .map((file) => parseSource(file.path, file.text));
  return {
    root,
    texts,
    paths: new Set(paths),
    sources: parsed.filter((file) => !isGenerated(file)),
    generated: parsed.filter(isGenerated),
  };
}

export function readText(repository: Repository, wanted: string): string {
  const found = repository.texts.find((file) => file.path === wanted);
  if (found === undefined) throw new Error(`The repository has no ${wanted}.`);
  return found.text;
}

function isGenerated(file: SourceFile): boolean {
  return file.path.includes('/generated/');
}

function listPaths(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const child = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [child];
    return SKIPPED_FOLDERS.has(entry.name) ? [] : [child, ...listPaths(root, child)];
  });
}

function isText(each: string): boolean {
  return TEXT_EXTENSION.test(each) || TEXT_NAME.test(each);
}

function isSmallFile(absolute: string): boolean {
  const stats = statSync(absolute, { throwIfNoEntry: false });
  return stats !== undefined && stats.isFile() && stats.size <= FILE_SIZE_BYTES_MAX;
}
