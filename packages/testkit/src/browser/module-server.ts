// Serves the checkout's TypeScript to a browser, types stripped and nothing bundled, so that what
// runs there is the very module that runs in Node. Loopback only, and only the files of rooms that
// are written for browsers too.

import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { repositoryRoot } from '../house/repository.ts';

const ROOMS = ['errors', 'attestation', 'sealing', 'gateway'] as const;
const SOURCE_CONDITION = '@track-record/source';
/** From outside; what they call themselves in an import, and where pnpm put them. */
const FROM_OUTSIDE: Readonly<Record<string, string>> = {
  hpke: '/packages/sealing/node_modules/hpke/index.js',
  'shamir-secret-sharing': '/packages/sealing/node_modules/shamir-secret-sharing/esm/index.js',
  'shamir-secret-sharing/csprng':
    '/packages/sealing/node_modules/shamir-secret-sharing/esm/csprng.js',
};
const SERVED = new RegExp(
  `^/packages/(?:(?:${ROOMS.join('|')})/src|testkit/src/browser)/[\\w/-]+\\.ts$`,
);

export interface ModuleServer {
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** `/` is a page that only has the import map. */
export async function startModuleServer(): Promise<ModuleServer> {
  const page = pageOf(await importMap());
  const server = createServer((request, response) => {
    void answer(request.url ?? '', page, response);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>();
      server.close(() => done());
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(url: string, page: string, response: ServerResponse): Promise<void> {
  if (url === '/') return send(response, 'text/html', page);
  const isOurs = SERVED.test(url);
  if (!isOurs && !Object.values(FROM_OUTSIDE).includes(url)) {
    response.writeHead(404).end();
    return undefined;
  }
  const text = await readFile(path.join(repositoryRoot, url), 'utf8');
  return send(response, 'text/javascript', isOurs ? stripTypeScriptTypes(text) : text);
}

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text);
}

/** What `exports` with the source condition says, as a browser takes it. */
async function importMap(): Promise<Readonly<Record<string, string>>> {
  const rooms = await Promise.all(ROOMS.map(entriesOf));
  return { ...FROM_OUTSIDE, ...Object.fromEntries(rooms.flat()) };
}

async function entriesOf(room: string): Promise<readonly (readonly [string, string])[]> {
  const folder = `/packages/${room}`;
  const text = await readFile(path.join(repositoryRoot, folder, 'package.json'), 'utf8');
  const { name, exports } = parseManifest(text);
  return Object.entries(exports).flatMap(([subPath, conditions]) => {
    const source = conditions[SOURCE_CONDITION];
    return source === undefined ? [] : [[name + subPath.slice(1), folder + source.slice(1)]];
  });
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function parseManifest(text: string): Manifest {
  return JSON.parse(text) as Manifest;
}

function pageOf(imports: Readonly<Record<string, string>>): string {
  const map = JSON.stringify({ imports });
  const icon = '<link rel="icon" href="data:,">';
  return `<!doctype html>${icon}<script type="importmap">${map}</script>`;
}
