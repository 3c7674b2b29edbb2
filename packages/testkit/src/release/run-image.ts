// Runs the worker's image as a deployment does, and stricter: read-only, without a capability, as
// an ordinary user, in a network that has nothing but the database and the simulated venue.
//
//   node run-image.ts IMAGE RUNTIME [OPTION…]
//
// RUNTIME [OPTION…] is podman with its own options. The worker's settings are this process's
// environment. Needs root, for the network.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const [image = '', ...runtime] = process.argv.slice(2);
const { PATH, ...settings } = process.env;
const space = `track-record-${process.pid}`;
const folder = mkdtempSync(path.join(tmpdir(), 'track-record-image-'));
const SITE = '/run/site';
const FORWARDER_START_MS = 1_000;
/** What the container engine may ask for here; its defaults are above what a sandbox grants. */
const LIMITS = ['core=0', 'nofile=1024:1024', 'nproc=4096:4096'];

const clockFile = settings['DEVELOPMENT_CLOCK_FILE'] ?? '';
const ports = ['DATABASE_URL', 'DEVELOPMENT_VENUE_EGRESS'].map((name) => {
  const port = /:(\d+)(?:\/|$)/.exec(settings[name] ?? '')?.[1];
  if (port === undefined) throw new Error(`${name} names no port.`);
  return port;
});

execFileSync('ip', ['netns', 'add', space]);
const outside: Server[] = [];
const inside: ReturnType<typeof spawn>[] = [];
try {
  execFileSync('ip', ['-n', space, 'link', 'set', 'lo', 'up']);
  for (const port of ports) forward(port);
  await wait(FORWARDER_START_MS);
  chmodSync(path.dirname(clockFile), 0o755);
  process.exitCode = await runWorker();
} finally {
  for (const child of inside) child.kill();
  for (const server of outside) server.close();
  execFileSync('ip', ['netns', 'delete', space]);
  rmSync(folder, { recursive: true });
}
process.exit();

/** A port of this machine's loopback, under the same number in the worker's own. */
function forward(port: string): void {
  const socket = path.join(folder, port);
  const server = createServer((from) => {
    const to = connect(Number(port), '127.0.0.1');
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  outside.push(server.listen(socket));
  const script = `const { connect, createServer } = require('node:net');
    createServer((from) => {
      const to = connect(${JSON.stringify(socket)});
      from.pipe(to).pipe(from);
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
    }).listen(${port}, '127.0.0.1');`;
  inside.push(spawn('ip', ['netns', 'exec', space, process.execPath, '-e', script]));
}

async function runWorker(): Promise<number> {
  const [engine = 'podman', ...options] = runtime;
  const given = { ...settings, DEVELOPMENT_CLOCK_FILE: `${SITE}/${path.basename(clockFile)}` };
  const child = spawn(
    engine,
    [
      ...options,
      'run',
      '--rm',
      `--name=${space}`,
      '--read-only',
      '--cap-drop=all',
      '--security-opt=no-new-privileges',
      `--network=ns:/run/netns/${space}`,
      ...LIMITS.map((limit) => `--ulimit=${limit}`),
      `--volume=${path.dirname(clockFile)}:${SITE}:ro`,
      ...Object.entries(given).map(([name, value]) => `--env=${name}=${value}`),
      image,
    ],
    { stdio: 'inherit', env: { PATH } },
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
