// Where the embedded server keeps its files: a directory that lasts, with its password beside it,
// or a temporary one that ends with its owner, or at the latest with the next start after the
// owner's death.

import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { canReach, ownUid, temporaryRoot, type RunAs } from './run-as.ts';
import { isServed } from './server-lock.ts';

/** 144 bits: beyond guessing. */
const PASSWORD_SIZE_BYTES = 18;
/** Survives a reboot, unlike /tmp. */
const LASTING_ROOT = '/var/tmp';
/**
 * A temporary directory is named for its owner: process and start, for a process number is used
 * again.
 */
const TEMPORARY_NAME = /^track-record-postgres-(\d+)-(\d+)-/;

export interface DataDirectory {
  /** Belongs to the user that the server runs as; the database files are in `data` inside. */
  readonly cluster: string;
  readonly password: string;
  /** Removed when the server stops. */
  readonly temporary: boolean;
}

export type Random = (sizeBytes: number) => Uint8Array;

export function makeTemporaryDirectory(runAs: RunAs | null, random: Random): DataDirectory {
  const root = temporaryRoot(runAs);
  sweep(root, runAs);
  const owner = `${process.pid}-${startedAt(process.pid)}`;
  const cluster = fs.mkdtempSync(join(root, `track-record-postgres-${owner}-`));
  give(cluster, runAs);
  return { cluster, password: newPassword(random), temporary: true };
}

export function openLastingDirectory(
  path: string,
  runAs: RunAs | null,
  random: Random,
): DataDirectory {
  const directory = resolve(path);
  fs.mkdirSync(directory, { recursive: true });
  const link = join(directory, 'cluster');
  if (!fs.existsSync(link)) makeCluster(directory, link, runAs);
  const file = join(directory, 'password');
  if (!fs.existsSync(file)) fs.writeFileSync(file, newPassword(random), { mode: 0o600 });
  const password = fs.readFileSync(file, 'utf8');
  return { cluster: fs.realpathSync(link), password, temporary: false };
}

export function give(path: string, runAs: RunAs | null): void {
  if (runAs !== null) fs.chownSync(path, runAs.uid, runAs.gid);
}

/**
 * Below a closed folder such as root's home the server could not read its files: they go elsewhere,
 * linked.
 */
function makeCluster(directory: string, link: string, runAs: RunAs | null): void {
  fs.rmSync(link, { force: true });
  if (canReach(directory, runAs)) {
    fs.mkdirSync(link, { mode: 0o700 });
  } else {
    fs.symlinkSync(fs.mkdtempSync(join(LASTING_ROOT, 'track-record-data-')), link);
  }
  give(link, runAs);
}

/** Removes what killed owners left; what belongs to other users, or is still served, stays. */
function sweep(root: string, runAs: RunAs | null): void {
  const user = runAs?.uid ?? ownUid();
  for (const name of fs.readdirSync(root)) {
    const owner = TEMPORARY_NAME.exec(name);
    if (owner === null || startedAt(Number(owner[1])) === owner[2]) continue;
    const path = join(root, name);
    const isOurs = fs.lstatSync(path, { throwIfNoEntry: false })?.uid === user;
    if (!isOurs || isServed(join(path, 'data'))) continue;
    fs.rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Field 22 of /proc/PID/stat; the second field may hold spaces and ends with the last parenthesis.
 */
function startedAt(pid: number): string | undefined {
  if (!fs.existsSync(`/proc/${pid}/stat`)) return undefined;
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function newPassword(random: Random): string {
  return Buffer.from(random(PASSWORD_SIZE_BYTES)).toString('base64url');
}
