// `pnpm bench rpc`: what the door costs beside an echo of grpc-js over the same mutual TLS, and
// beside reading the same hours with the PostgreSQL client; what a thousand readers that do not
// read cost it; and how soon a worker under load answers health.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import { connectRpc, type RpcClient } from '@track-record/rpc/client';
import { insertRows, openStore } from '@track-record/store';
import {
  sampleAccount,
  sampleReturn,
  sampleStatements,
  selfSignedCertificate,
} from '@track-record/testkit';
import { testCallers } from '@track-record/testkit/door';
import { openFleet } from '@track-record/testkit/fleet';
import pg from 'pg';
import type { Benchmark } from '../benchmark.ts';
import { medianOf } from '../measure.ts';
import { openStand, type Stand } from '../queue/stand.ts';
import type { DoorMemory, DoorThreadGiven } from './door-thread.ts';

const ROUNDS = 40;
const CALLS_PER_ROUND = 50;
const HOURS = 8_760;
const READINGS = 9;
const CONNECTIONS = 20;
const STREAMS_PER_CONNECTION = 50;
const STALLED_MS = 15_000;
const YEAR_10000_MS = 253_402_300_800_000;
const BOUNDS = { unary: 1.5, stream: 2, health: 100 };
const FLEET = { accounts: 8, start: Date.UTC(2026, 0, 5), hours: 96, masterKey: '5a'.repeat(32) };
const HOUR_MS = 3_600_000;

const tls = selfSignedCertificate();
const callers = testCallers();
const account = sampleAccount();
const { accountId, ownerId } = account;
const trust = { rootCertificatePem: tls.certificatePem };

export const rpc: Benchmark = {
  name: 'rpc',
  summary: 'The door beside an echo of grpc-js, beside PostgreSQL, and while the worker is busy.',
  run: async (progress) => {
    const stand = await openStand();
    try {
      await fill(stand);
      const given = {
        databaseUrl: stand.url,
        tls: plain(),
        access: callers.access,
        ownerId,
        accountId,
      };
      const echo = await startThread({ kind: 'echo', ...given });
      const door = await startThread({ kind: 'door', ...given });
      progress('Calls of one answer ...');
      const unary = await measureUnary(echo.port, door.port);
      progress('A year of hours ...');
      const stream = await measureStream(stand, door.port);
      progress('A thousand readers that do not read ...');
      const slow = await measureSlow(door);
      await Promise.all([echo.thread.terminate(), door.thread.terminate()]);
      progress('A worker that synchronises ...');
      const health = await measureHealth();
      return [...unary, '', ...stream, '', ...slow, '', ...health];
    } finally {
      await stand.close();
    }
  },
};

function plain() {
  return { certificatePem: tls.certificatePem, privateKeyPem: tls.privateKeyPem };
}

interface DoorThread {
  readonly thread: Worker;
  readonly port: number;
}

async function startThread(given: DoorThreadGiven): Promise<DoorThread> {
  const thread = new Worker(new URL('./door-thread.ts', import.meta.url), { workerData: given });
  const [port]: unknown[] = await once(thread, 'message');
  assert(typeof port === 'number');
  return { thread, port };
}

async function fill({ url }: Stand): Promise<void> {
  const store = openStore(url, { connectionsMax: 1 });
  const statements = sampleStatements(accountId, HOURS);
  await insertRows(store.db, 'record.account', [{ ...account, state: 'active', stateCode: null }]);
  await insertRows(store.db, 'record.statement', statements);
  await insertRows(store.db, 'record.hourly_return', statements.map(sampleReturn));
  await store.close();
}

/** The same client for all: a channel over mutual TLS, and bytes as they are. */
async function measureUnary(echoPort: number, doorPort: number): Promise<readonly string[]> {
  const [toEcho, toDoor] = [echoPort, doorPort].map(rawClient);
  assert(toEcho !== undefined && toDoor !== undefined);
  const status = Buffer.concat([Buffer.from([0x0a, 36]), Buffer.from(ownerId)]);
  const payload = Buffer.alloc(80, 1);
  const sign = callers.tokensOf(ownerId);
  const kinds: readonly (readonly [string, Client, string, Buffer, boolean])[] = [
    ['echo of grpc-js', toEcho, '/bench.Echo/Echo', payload, false],
    ['health', toDoor, '/grpc.health.v1.Health/Check', Buffer.alloc(0), false],
    ['status, with an owner token', toDoor, '/trackrecord.v1.Status/GetStatus', status, true],
  ];
  const times = new Map(kinds.map(([name]) => [name, emptyTimes()]));
  for (let round = -4; round < ROUNDS; round += 1) {
    for (const [name, client, path, body, isOwned] of kinds) {
      const tokens = Array.from({ length: CALLS_PER_ROUND }, () =>
        metadata(isOwned ? sign() : null),
      );
      for (const token of tokens) {
        const from = performance.now();
        await call(client, path, body, token);
        if (round >= 0) times.get(name)?.push(performance.now() - from);
      }
    }
  }
  toEcho.close();
  toDoor.close();
  const rows = kinds.map(([name]) => [name, quantiles(times.get(name) ?? [])] as const);
  const base = rows[0]?.[1];
  assert(base !== undefined);
  const lines = rows.map(
    ([name, { p50, p99 }]) =>
      `| ${name} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${(p50 / base.p50).toFixed(2)} | ` +
      `${(p99 / base.p99).toFixed(2)} |`,
  );
  const kept = rows.every(
    ([, { p50, p99 }]) => p50 <= BOUNDS.unary * base.p50 && p99 <= BOUNDS.unary * base.p99,
  );
  return [
    `${ROUNDS * CALLS_PER_ROUND} calls of each, one at a time and taking turns, from one client`,
    'over mutual TLS 1.3 on loopback; each server is alone in a thread. The door also finds',
    'the role in the certificate, counts the caller, bounds the call, and for the status',
    'verifies a token.',
    '',
    '| call | p50 ms | p99 ms | p50, echo = 1 | p99, echo = 1 |',
    '|---|--:|--:|--:|--:|',
    ...lines,
    '',
    `The bound is ${BOUNDS.unary} times the echo: ${verdict(kept)}.`,
  ];
}

function rawClient(port: number): Client {
  const { certificatePem, privateKeyPem } = callers.identityOf('gateway');
  const [root, key, chain] = [tls.certificatePem, privateKeyPem, certificatePem].map((pem) =>
    Buffer.from(pem),
  );
  const credentials = ChannelCredentials.createSsl(root ?? null, key ?? null, chain ?? null);
  return new Client(`localhost:${port}`, credentials);
}

function metadata(token: string | null): Metadata {
  const made = new Metadata();
  if (token !== null) made.set('authorization', `Bearer ${token}`);
  return made;
}

function call(client: Client, path: string, body: Buffer, token: Metadata): Promise<void> {
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, bytes, bytes, body, token, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

async function ownersClient(port: number): Promise<RpcClient> {
  return await connectRpc({
    endpoint: `localhost:${port}`,
    trust,
    deadlineMs: 120_000,
    identity: callers.identityOf('gateway'),
    ownerToken: callers.tokensOf(ownerId),
  });
}

const RAW = `
  select hour, status, reason, return::text, coverage::text, provenance, sequence, hash
  from released.hourly_return join released.statement using (account_id, hour, sequence)
  where account_id = $1 order by hour`;

async function measureStream(stand: Stand, port: number): Promise<readonly string[]> {
  const client = await ownersClient(port);
  const connection = new pg.Client({ connectionString: stand.ownerUrl });
  await connection.connect();
  await connection.query('vacuum analyze');
  const times = { raw: emptyTimes(), door: emptyTimes() };
  for (let reading = -2; reading < READINGS; reading += 1) {
    const from = performance.now();
    const { rowCount } = await connection.query(RAW, [accountId]);
    const between = performance.now();
    let hours = 0;
    for await (const _hour of client.hourlyReturns(accountId, 0, YEAR_10000_MS)) hours += 1;
    assert.equal(hours, HOURS);
    assert.equal(rowCount, HOURS);
    if (reading < 0) continue;
    times.raw.push(between - from);
    times.door.push(performance.now() - between);
  }
  await connection.end();
  client.close();
  const [raw, door] = [medianOf(times.raw), medianOf(times.door)];
  return [
    `${HOURS.toLocaleString('en')} hours, parsed one by one by the client; the median of`,
    `${READINGS} readings that take turns. Raw is one query of the same rows with the client`,
    '`pg`, all in memory at once.',
    '',
    '| read by | ms | raw = 1 |',
    '|---|--:|--:|',
    `| raw \`pg\` | ${raw.toFixed(0)} | 1 |`,
    `| the door, in pages, over mutual TLS | ${door.toFixed(0)} | ${(door / raw).toFixed(2)} |`,
    '',
    `The bound is ${BOUNDS.stream} times raw: ${verdict(door <= BOUNDS.stream * raw)}.`,
  ];
}

async function measureSlow(door: DoorThread): Promise<readonly string[]> {
  const idle = await memoryOf(door);
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => ownersClient(door.port)),
  );
  const streams = clients.flatMap((client) =>
    Array.from({ length: STREAMS_PER_CONNECTION }, () =>
      client.hourlyReturns(accountId, 0, YEAR_10000_MS)[Symbol.asyncIterator](),
    ),
  );
  const begun = await Promise.all(streams.map((stream) => stream.next()));
  assert(begun.every(({ done }) => done !== true));
  // What was on its way when the readers stopped still arrives.
  let stalled = await memoryOf(door);
  for (let settled = false; !settled;) {
    await sleep(STALLED_MS / 3);
    const now = await memoryOf(door);
    settled = sizeOf(now) < 1.02 * sizeOf(stalled);
    stalled = now;
  }
  await sleep(STALLED_MS);
  const later = await memoryOf(door);
  for (const stream of streams) await stream.return?.();
  for (const client of clients) client.close();
  await sleep(STALLED_MS / 5);
  const after = await memoryOf(door);
  const row = (name: string, { heapMb, buffersMb }: DoorMemory) =>
    `| ${name} | ${heapMb.toFixed(0)} | ${buffersMb.toFixed(0)} |`;
  const grown = sizeOf(later) / sizeOf(stalled) - 1;
  return [
    `${begun.length} streams of that year over ${CONNECTIONS} connections, whose readers take the`,
    "first hour and no more. Memory of the door's thread after a collection;",
    `${STALLED_MS / 1_000} seconds lie between the second row and the third.`,
    '',
    '| when | heap MB | buffers MB |',
    '|---|--:|--:|',
    row('before', idle),
    row('all have begun', stalled),
    row('later', later),
    row('all have left', after),
    '',
    `Flat means that it grows by less than 5 %: ${verdict(grown < 0.05)}.`,
  ];
}

function sizeOf({ heapMb, buffersMb }: DoorMemory): number {
  return heapMb + buffersMb;
}

async function memoryOf({ thread }: DoorThread): Promise<DoorMemory> {
  thread.postMessage('memory');
  const [memory]: unknown[] = await once(thread, 'message');
  return parseMemory(memory);
}

function parseMemory(value: unknown): DoorMemory {
  return value as DoorMemory;
}

async function measureHealth(): Promise<readonly string[]> {
  const lastHour = FLEET.start + (FLEET.hours - 3) * HOUR_MS;
  const now = lastHour + 2 * HOUR_MS;
  const fleet = await openFleet({ ...FLEET, now });
  try {
    const worker = await fleet.startWorker();
    const [, port] = /"event":"started".*?"port":(\d+)/.exec(worker.log()) ?? [];
    const prober = new Worker(new URL('./health-thread.ts', import.meta.url), {
      workerData: `127.0.0.1:${port}`,
    });
    const from = performance.now();
    await fleet.handInAll();
    await fleet.untilSigned(lastHour);
    const seconds = (performance.now() - from) / 1_000;
    prober.postMessage('end');
    const [times]: unknown[] = await once(prober, 'message');
    await prober.terminate();
    const { p50, p99, most, count } = quantiles(parseTimes(times));
    return [
      `A worker process that connects ${FLEET.accounts} accounts and signs ${FLEET.hours - 2}`,
      `hours of each, ${seconds.toFixed(0)} seconds of work, is asked its health ${count} times`,
      'by a thread of its own, while the simulated venue and PostgreSQL share the machine.',
      '',
      '| health | p50 ms | p99 ms | slowest ms |',
      '|---|--:|--:|--:|',
      `| of a busy worker | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${most.toFixed(0)} |`,
      '',
      `The bound is ${BOUNDS.health} ms at p99: ${verdict(p99 <= BOUNDS.health)}.`,
    ];
  } finally {
    await fleet.close();
  }
}

function parseTimes(value: unknown): readonly number[] {
  return value as readonly number[];
}

function quantiles(times: readonly number[]) {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const [p50, p99, most] = [at(0.5), at(0.99), at(1)];
  assert(p50 !== undefined && p99 !== undefined && most !== undefined);
  return { p50, p99, most, count: sorted.length };
}

function emptyTimes(): number[] {
  return [];
}

function verdict(kept: boolean): string {
  return kept ? 'kept' : 'not kept in this run';
}
