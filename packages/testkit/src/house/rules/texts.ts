// Words and addresses that no file of the project may carry, source or not.

import type { TextFile } from '../repository.ts';
import type { Violation } from '../violation.ts';

/** The rules and their refused examples have to spell the words. */
const HOUSE_FOLDER = 'packages/testkit/src/house/';

/** Promises to come back later. What is missing stands in docs/LIMITATIONS.md, in words. */
const POSTPONED = /\b(TODO|FIXME|XXX|HACK|for now)\b/;

/** Folders of a developer's machine: what works only there does not work. */
const MACHINE_PATH = /(^|[\s'"`(=:])\/(work|root|home)\//;

const LOCKFILE = 'pnpm-lock.yaml';
/** A lockfile with addresses would tie every install to one registry host. */
const ADDRESS = /https?:\/\/|tarball/;

export function findTextViolations(texts: readonly TextFile[]): readonly Violation[] {
  return texts.filter((file) => !file.path.startsWith(HOUSE_FOLDER)).flatMap(findInText);
}

function findInText(file: TextFile): readonly Violation[] {
  const isLockfile = file.path === LOCKFILE;
  return file.text.split('\n').flatMap((text, index) => {
    const place = { path: file.path, line: index + 1 };
    const found: Violation[] = [];
    if (!isLockfile && POSTPONED.test(text)) {
      found.push({
        ...place,
        rule: 'postponed',
        sentence: 'do it, or say in docs that it is not done.',
      });
    }
    if (MACHINE_PATH.test(text)) {
      found.push({ ...place, rule: 'machine-path', sentence: 'a path of one machine.' });
    }
    if (isLockfile && ADDRESS.test(text)) {
      found.push({ ...place, rule: 'lockfile-address', sentence: 'the lockfile names a host.' });
    }
    return found;
  });
}
