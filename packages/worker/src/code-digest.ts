// What code runs here, as one number: SHA-256 over the list of every file of the deployed tree with
// its SHA-256, in the form that `sha256sum` writes and checks. The build writes that list, the
// worker makes it again at start and binds its hash in the evidence, and `track-record build
// verify` makes it of any folder. A worker that was altered could claim any digest: what makes the
// claim true is the measured image that the tree is part of (docs/BUILD.md).

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { RecordError } from '@track-record/errors';

/** Beside the tree's files; it lists them and not itself. */
export const SUMS_FILE = 'SHA256SUMS';

/** Where this file stands in a deployed tree, from the tree's root. */
const DEPLOYED = /^(?<root>.*[\\/])node_modules[\\/]@track-record[\\/]worker[\\/]dist[\\/]/;

/** The digest of the tree that this file runs in; empty where it runs from a checkout. */
export async function ownCodeSha256(): Promise<Uint8Array> {
  const root = DEPLOYED.exec(fileURLToPath(import.meta.url))?.groups?.['root'];
  return root === undefined ? new Uint8Array() : codeSha256(await listFiles(root));
}

export function codeSha256(sums: string): Uint8Array {
  return createHash('sha256').update(sums).digest();
}

/** The list of a folder. CODE_UNEXPECTED for a link: it would lead out of what was read. */
export async function listFiles(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const digests = new Map<string, string>();
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(root, file).replaceAll(path.sep, '/');
    if (entry.isDirectory() || name === SUMS_FILE) continue;
    if (!entry.isFile()) throw new RecordError('CODE_UNEXPECTED');
    digests.set(
      name,
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  }
  return formatSums(digests);
}

/**
 * One line per file: 64 hex digits, two spaces, the path from the root; by path, byte by byte.
 * CODE_UNEXPECTED for a path that would look like two lines.
 */
export function formatSums(digests: ReadonlyMap<string, string>): string {
  return [...digests.keys()]
    .map((name) => Buffer.from(name))
    .toSorted((left, right) => left.compare(right))
    .map(String)
    .map((name) => {
      if (name.includes('\n')) throw new RecordError('CODE_UNEXPECTED');
      return `${digests.get(name)}  ${name}\n`;
    })
    .join('');
}
