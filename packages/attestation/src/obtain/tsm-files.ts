// What is done to the kernel's attestation files (configfs-tsm). They are attributes, not files: a
// read is answered anew each time, a write takes effect when the file is closed, and the size that
// one states means nothing. What is read comes from the host's side and is untrusted.

import { mkdir, open, rmdir, writeFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { CERTIFICATE_TABLE_SIZE_MAX } from '../evidence.ts';

/** Failures are those of node:fs, with the errno's name as their code. */
export interface TsmFiles {
  readonly mkdir: (path: string) => Promise<void>;
  readonly read: (path: string) => Promise<Uint8Array>;
  readonly write: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly rmdir: (path: string) => Promise<void>;
}

/** Those of this machine. */
export const kernelFiles: TsmFiles = {
  mkdir: async (path) => {
    await mkdir(path);
  },
  read: readToEnd,
  // Write-only: the kernel refuses to open these for reading too.
  write: (path, bytes) => writeFile(path, bytes, { flag: 'w' }),
  // Plain and not recursive: the attributes of an entry cannot be removed one by one.
  rmdir: (path) => rmdir(path),
};

/** The certificate table is the longest of them. ATTESTATION_UNAVAILABLE when it is longer yet. */
async function readToEnd(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(CERTIFICATE_TABLE_SIZE_MAX + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) return bytes.slice(0, length);
      length += bytesRead;
    }
    throw new RecordError('ATTESTATION_UNAVAILABLE', { place: 'tsm.size' });
  } finally {
    await file.close();
  }
}
