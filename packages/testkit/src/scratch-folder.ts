// A folder of a test's own for the files that it hands to a verb; it goes when the tests end.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

interface ScratchFolder {
  readonly folder: string;
  /** Writes a file; its path. */
  readonly fileOf: (name: string, content: string | Uint8Array) => string;
}

export function scratchFolder(name: string): ScratchFolder {
  const folder = mkdtempSync(join(tmpdir(), `track-record-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf: ScratchFolder['fileOf'] = (file, content) => {
    writeFileSync(join(folder, file), content);
    return join(folder, file);
  };
  return { folder, fileOf };
}
