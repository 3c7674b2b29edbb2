// Where the embedded server keeps its files: a directory that lasts, with its password beside it, or a
// temporary one that ends with its owner, or at the latest with the next start after the owner's death.

import { chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import {
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordError } from '@track-record/errors';
import { canReach, temporaryRoot, type RunAs } from './run-as.ts';

/** 144 bits: beyond guessing. */
const PASSWORD_SIZE_BYTES = 18;

/** A server whose owner was killed shuts down by itself in much less. */
const SHUTDOWN_WAIT_MS = 5_000;
const SHUTDOWN_POLL_MS = 50;

/** Name of a temporary directory: its owner's process and when that started, for a pid is used again. */
const TEMPORARY_PREFIX = 'track-record-postgres-';
const TEMPORARY_NAME = /^track-record-postgres-(\d+)-(\d+)-/;

/** Survives a reboot, unlike /tmp. */
const LASTING_ROOT = '/var/tmp';

export interface DataDirectory {
  /** Belongs to the user that the server runs as; the database files are in `data` inside. */
  readonly cluster: string;
  readonly password: string;
  /** Removed when the server stops. */
  readonly temporary: boolean;
}

export function makeTemporaryDirectory(
  runAs: RunAs | null,
  random: (sizeBytes: number) => Uint8Array,
): DataDirectory {
  const root = temporaryRoot(runAs);
  sweep(root, runAs);
  const owner = `${process.pid}-${startedAt(process.pid)}`;
  const cluster = mkdtempSync(join(root, `${TEMPORARY_PREFIX}${owner}-`));
  give(cluster, runAs);
  return { cluster, password: newPassword(random), temporary: true };
}

export function openLastingDirectory(
  path: string,
  runAs: RunAs | null,
  random: (sizeBytes: number) => Uint8Array,
): DataDirectory {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true });
  const link = join(directory, 'cluster');
  if (!existsSync(link)) makeCluster(directory, link, runAs);
  const file = join(directory, 'password');
  if (!existsSync(file)) writeFileSync(file, newPassword(random), { mode: 0o600, flag: 'wx' });
  return {
    cluster: realpathSync(link),
    password: readFileSync(file, 'utf8'),
    temporary: false,
  };
}

/**
 * Waits for a server that is ending, removes the lock of one that is gone, and refuses a live one with
 * STORE_DIRECTORY_IN_USE: two servers on one directory would destroy it.
 */
export async function awaitUnused(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  for (let waitedMs = 0; existsSync(lock); waitedMs += SHUTDOWN_POLL_MS) {
    const pid = Number(readFileSync(lock, 'utf8').split('\n', 1)[0]);
    if (!isServerOf(pid, data)) {
      // Where the process is gone the server itself judges the lock, together with the shared memory that
      // children of a killed server may still hold. Where another program has its number, only we can.
      if (existsSync(`/proc/${pid}`)) rmSync(lock);
      return;
    }
    if (waitedMs >= SHUTDOWN_WAIT_MS) throw new RecordError('STORE_DIRECTORY_IN_USE');
    await sleep(SHUTDOWN_POLL_MS);
  }
}

export function give(path: string, runAs: RunAs | null): void {
  if (runAs !== null) chownSync(path, runAs.uid, runAs.gid);
}

/** Below a closed folder such as root's home the server could not read its files: they go elsewhere, linked. */
function makeCluster(directory: string, link: string, runAs: RunAs | null): void {
  rmSync(link, { force: true });
  if (canReach(directory, runAs)) {
    mkdirSync(link, { mode: 0o700 });
    give(link, runAs);
  } else {
    const elsewhere = mkdtempSync(join(LASTING_ROOT, 'track-record-data-'));
    give(elsewhere, runAs);
    symlinkSync(elsewhere, link);
  }
}

/** Removes what killed owners left; what belongs to others, or still runs, stays. */
function sweep(root: string, runAs: RunAs | null): void {
  const user = runAs?.uid ?? process.getuid?.();
  for (const name of readdirSync(root)) {
    const owner = TEMPORARY_NAME.exec(name);
    if (owner === null || startedAt(Number(owner[1])) === owner[2]) continue;
    const path = join(root, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.uid !== user) continue;
    if (existsSync(join(path, 'data', 'postmaster.pid'))) {
      const pid = Number(
        readFileSync(join(path, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0],
      );
      if (isServerOf(pid, join(path, 'data'))) continue;
    }
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Field 22 of /proc/PID/stat; the second field may hold spaces and ends with the last parenthesis. */
function startedAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** A server's working directory is its data directory. */
function isServerOf(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    return false;
  }
}

function newPassword(random: (sizeBytes: number) => Uint8Array): string {
  return Buffer.from(random(PASSWORD_SIZE_BYTES)).toString('base64url');
}
