// The fake kernel of one process, used from another: a test holds the machine and its chip, and the
// worker's process asks for what configfs-tsm would do. Loopback only.

import assert from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { TsmFiles } from '@track-record/attestation/obtain';

const OPERATIONS = ['mkdir', 'read', 'write', 'rmdir'] as const;

export interface RemoteTsm {
  readonly url: string;
  readonly close: () => void;
}

/** Answers with the bytes, or with 409 and the errno's name. */
export async function serveTsm(files: TsmFiles): Promise<RemoteTsm> {
  const server = createServer((request, response) => {
    act(files, request).then(
      (bytes) => response.end(Buffer.from(bytes)),
      (error: unknown) => response.writeHead(409).end(String(Object(error).code)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

export function remoteTsm(url: string): TsmFiles {
  const ask = async (operation: string, path: string, body?: Uint8Array): Promise<Uint8Array> => {
    const query = new URLSearchParams({ operation, path });
    const bytes = body === undefined ? null : Buffer.from(body);
    const answer = await fetch(`${url}/?${query.toString()}`, { method: 'POST', body: bytes });
    const content = new Uint8Array(await answer.arrayBuffer());
    if (answer.ok) return content;
    throw Object.assign(new Error('refused'), { code: Buffer.from(content).toString() });
  };
  return {
    mkdir: async (path) => void (await ask('mkdir', path)),
    read: (path) => ask('read', path),
    write: async (path, bytes) => void (await ask('write', path, bytes)),
    rmdir: async (path) => void (await ask('rmdir', path)),
  };
}

async function act(files: TsmFiles, request: IncomingMessage): Promise<Uint8Array> {
  const { searchParams } = new URL(request.url ?? '', 'http://tsm');
  const path = searchParams.get('path') ?? '';
  const operation = OPERATIONS.find((each) => each === searchParams.get('operation'));
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  if (operation === 'read') return await files.read(path);
  if (operation === 'write') await files.write(path, Buffer.concat(chunks));
  if (operation === 'mkdir') await files.mkdir(path);
  if (operation === 'rmdir') await files.rmdir(path);
  return new Uint8Array();
}
