// What every simulated venue stands on: one plain-HTTP server on this machine, which tells the
// venue's hosts apart by the Host header, counts what it is asked, and breaks an answer off where a
// fault says so. For tests and the demo; outside the trusted base.

import assert from 'node:assert';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Fault, FaultSwitch } from './faults.ts';

const FILLER = Buffer.alloc(65_536, '0');

export interface Simulator {
  readonly port: number;
  /** How often each endpoint was asked, refused and unknown ones included. */
  readonly requests: ReadonlyMap<string, number>;
  readonly faults: FaultSwitch;
  readonly close: () => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly faults: readonly Fault[];
}

export async function startVenueServer(
  port: number | undefined,
  answer: (request: IncomingMessage, body: string) => Answer,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      send(response, answer(request, Buffer.concat(parts).toString('utf8')));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return {
    port: address.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Writes the answer, or breaks it off where a fault says so. */
function send(response: ServerResponse, { status, headers, body, faults }: Answer): void {
  const broken = faults.find(
    ({ kind }) =>
      kind === 'hang' || kind === 'cut-body' || kind === 'stalled-body' || kind === 'huge-body',
  );
  if (broken?.kind === 'hang') return;
  if (broken?.kind === 'huge-body') {
    response.writeHead(status, headers);
    pour(response, broken.sizeBytes);
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  if (broken === undefined) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => {
    if (broken.kind === 'cut-body') response.destroy();
  });
}

/** A JSON string of zeros, as large as asked, never held in memory. */
function pour(response: ServerResponse, sizeBytes: number): void {
  let left = sizeBytes - 2;
  response.write('"');
  const more = (): void => {
    while (left > 0) {
      const part = FILLER.subarray(0, Math.min(left, FILLER.length));
      left -= part.length;
      if (!response.write(part)) {
        response.once('drain', more);
        return;
      }
    }
    response.end('"');
  };
  more();
}
