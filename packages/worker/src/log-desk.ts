// Where the public log is shown: a folder, which somebody's web server or copier makes public, and
// what this process remembers of it. The folder belongs to the host and is untrusted.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RecordError } from '@track-record/errors';
import { CHECKPOINT, type LogDesk } from '@track-record/jobs/publish-checkpoint/route';
import type { LogSigner } from '@track-record/statement/log/signer';

/** Without a folder the log is shown by the door alone. */
export function openLogDesk(signer: LogSigner, folder: string | undefined): LogDesk {
  let last: string | null = null;
  return {
    signer,
    remembered: () => last,
    shown: async () => {
      if (folder === undefined) return last;
      try {
        return await readFile(join(folder, CHECKPOINT), 'utf8');
      } catch (cause) {
        if (Error.isError(cause) && 'code' in cause && cause.code === 'ENOENT') return null;
        throw new RecordError('LOG_UNPUBLISHED', { cause });
      }
    },
    show: async (path, content) => {
      if (folder !== undefined) await replaceFile(join(folder, path), content);
      if (path === CHECKPOINT) last = String(content);
    },
  };
}

/** A reader sees the file before or after, never in between. */
async function replaceFile(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  } catch (cause) {
    throw new RecordError('LOG_UNPUBLISHED', { cause });
  }
}
