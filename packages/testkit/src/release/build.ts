// `pnpm build:reproducible [FOLDER]`: compiles, writes the worker as deployed to FOLDER (`release`
// when left out; it must not exist) with the list of its digests, and prints the code digest. The
// bytes depend on the sources and the lockfile alone: not on the folder, the user, the machine, the
// zone or the date; docs/BUILD.md says what was tried.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { codeSha256, listFiles, SUMS_FILE } from '@track-record/worker/code-digest';
import { readRepository, repositoryRoot } from '../house/repository.ts';
import { planReleaseTree } from './release-tree.ts';

const DEFAULT_FOLDER = 'release';
const READABLE = 0o644;
/** Dates are part of an image's layers: the earliest one that zip archives can hold. */
const EARLIEST_SECONDS = 315_532_800;

const { positionals } = parseArgs({ allowPositionals: true });
const folder = path.resolve(positionals[0] ?? DEFAULT_FOLDER);
if (existsSync(folder))
  throw new Error(`${folder} exists; the release is written to a new folder.`);
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', '--force'], {
  cwd: repositoryRoot,
  stdio: 'inherit',
});
const tree = planReleaseTree(readRepository(repositoryRoot));
for (const [place, source] of tree) copyFile(source, path.join(folder, place));
const sums = await listFiles(folder);
writeFileSync(path.join(folder, SUMS_FILE), sums, { mode: READABLE });
console.log(`${tree.size} files in ${path.relative(process.cwd(), folder) || '.'}`);
console.log(`code digest ${Buffer.from(codeSha256(sums)).toString('hex')}`);

function copyFile(source: string, target: string): void {
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(source, target);
  chmodSync(target, READABLE);
  utimesSync(target, EARLIEST_SECONDS, EARLIEST_SECONDS);
}
