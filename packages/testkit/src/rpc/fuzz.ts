// `pnpm fuzz [SECONDS]`: the door for a minute under what nobody should send it, in a process that
// serves nothing else. It passes when nothing failed that should not, health went on answering and
// the memory of the second half is that of the first.

import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startRpcServer } from '@track-record/rpc';
import { selfSignedCertificate } from '../tls/self-signed-certificate.ts';
import { testCallers } from './callers.ts';
import { emptySources } from './canned-sources.ts';
import { fuzzDoor, type FuzzTarget } from './fuzz-door.ts';
import { doorPaths } from './door-paths.ts';

const SECONDS_MAX = 600;
const HEALTH_P99_MS_MAX = 1_000;
/** Allocators keep some; a leak of one small object per stream would be far above it. */
const GROWTH_MB_MAX = 12;

const seconds = Math.min(SECONDS_MAX, Number(process.argv[2] ?? 60));
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const bugs: unknown[] = [];
process.on('uncaughtException', (error) => bugs.push(error));
const tls = selfSignedCertificate();
const callers = testCallers();
const server = await startRpcServer({
  host: '127.0.0.1',
  port: 0,
  tls,
  access: callers.access,
  now: Date.now,
  sources: emptySources,
  onBug: (_method, error) => bugs.push(error),
});
const target: FuzzTarget = {
  port: server.port,
  spkiSha256: createHash('sha256').update(tls.spki).digest(),
  identity: callers.identityOf('gateway'),
  paths: doorPaths,
};
const heapMb = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const heaps: number[] = [];
let worstMs = 0;
let failed = 0;
for (let quarter = 1; quarter <= 4; quarter += 1) {
  const report = await fuzzDoor(target, (seconds * 1000) / 4, Date.now() % 1_000_000_000);
  heaps.push(heapMb());
  worstMs = Math.max(worstMs, report.health.p99Ms);
  failed += report.health.failed;
  console.log(JSON.stringify({ quarter, heapMb: heaps.at(-1)?.toFixed(1), ...report }));
}
await server.stop(1_000);
const [, second = 0, , last = 0] = heaps;
const holds =
  bugs.length === 0 && failed === 0 && worstMs < HEALTH_P99_MS_MAX && last - second < GROWTH_MB_MAX;
for (const bug of bugs) console.error(bug);
console.log(holds ? 'The door stands.' : 'The door does not stand.');
process.exitCode = holds ? 0 : 1;
