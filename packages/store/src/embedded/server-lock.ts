// Whether a server runs on a data directory, by the file that each server keeps there while it
// runs. A killed server leaves the file behind, and the number in it may by then be another
// program's.

import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordError } from '@track-record/errors';

/** A server whose owner was killed ends by itself in much less. */
const END_WAIT_MS = 5_000;
const POLL_MS = 50;
/** Lines of postmaster.pid, from 0 (PostgreSQL's src/include/utils/pidfile.h). */
const PID_LINE = 0;
const STATUS_LINE = 7;

/** The process that wrote the lock, and whether it takes connections; null without a lock. */
export function readLock(data: string): { readonly pid: number; readonly ready: boolean } | null {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8').split('\n');
  return { pid: Number(lines[PID_LINE]), ready: lines[STATUS_LINE]?.trim() === 'ready' };
}

/** A server's working directory is its data directory. */
export function isServed(data: string): boolean {
  const lock = readLock(data);
  return lock !== null && workingDirectory(lock.pid) === realpathSync(data);
}

/**
 * Waits for a server that is ending, and refuses a live one with STORE_DIRECTORY_IN_USE: two
 * servers on one directory would destroy it.
 */
export async function awaitUnused(data: string): Promise<void> {
  for (let waitedMs = 0; isServed(data); waitedMs += POLL_MS) {
    if (waitedMs >= END_WAIT_MS) throw new RecordError('STORE_DIRECTORY_IN_USE');
    await sleep(POLL_MS);
  }
  // The lock of a process that is gone is for the next server to judge, together with the shared
  // memory that children of the killed one may still hold. Where another program has its number,
  // only we can tell.
  const lock = readLock(data);
  if (lock !== null && existsSync(`/proc/${lock.pid}`)) rmSync(join(data, 'postmaster.pid'));
}

/** Null when the process has ended, or is another user's: then it is no server of ours. */
function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    if (
      Error.isError(error) &&
      'code' in error &&
      /^(ENOENT|ESRCH|EACCES)$/.test(String(error.code))
    ) {
      return null;
    }
    throw error;
  }
}
