// As whom the embedded server runs. PostgreSQL refuses to run as root, so root hands it to an
// unprivileged user that has a name (initdb looks it up) and everybody else runs it as themselves.

import assert from 'node:assert';
import { readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { RecordError } from '@track-record/errors';

/** In order of preference; one of them exists on every Debian, the smallest included. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody'];

/** Bit of a directory's mode that lets everybody pass through it. */
const OTHERS_MAY_SEARCH = 0o001;

export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Whose this process is. */
export function ownUid(): number {
  const uid = process.getuid?.();
  assert(uid !== undefined, 'there are packages for Linux only');
  return uid;
}

/** Null when this process may run the server as itself. */
export function findRunAs(): RunAs | null {
  if (ownUid() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of UNPRIVILEGED_USERS) {
    const found = users.find(([name]) => name === wanted);
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new RecordError('STORE_START_FAILED', { place: 'embedded.user' });
}

/** Where that user can read and write: root's own TMPDIR may be closed to everybody else. */
export function temporaryRoot(runAs: RunAs | null): string {
  return runAs === null ? tmpdir() : '/tmp';
}

/** Whether `runAs` can pass through every folder above and at `path`, which is absolute. */
export function canReach(path: string, runAs: RunAs | null): boolean {
  if (runAs === null || path === '/') return true;
  return (statSync(path).mode & OTHERS_MAY_SEARCH) !== 0 && canReach(dirname(path), runAs);
}
