// The isolate of the door: the gRPC server, with connections of its own to the database, of which
// it reads what may leave. It holds the TLS key and no other, so that a caller who broke it would
// find neither credentials nor entries, and it answers while the record computes.

import './lock.ts';
import { readFileSync } from 'node:fs';
import { inspect, isDeepStrictEqual } from 'node:util';
import { workerData } from 'node:worker_threads';
import { requestHandOver, startRpcServer, type RpcAccess, type RpcServer } from '@track-record/rpc';
import { openStore } from '@track-record/store';
import { fileClock, systemClock } from '../clock.ts';
import { doorSources } from '../door-sources.ts';
import type { DoorCalls, DoorGiven, RecordCalls } from './door-calls.ts';
import { serve } from './serve.ts';

/** Calls are short, and a stream holds one for a page at a time. */
const CONNECTIONS = 4;
/** A new authority or issuer key counts this long after it was written. */
const READ_AGAIN_MS = 10_000;

const { databaseUrl, host, port, tls, clockFile, ...given } = parseGiven(workerData);
const now = clockFile === null ? systemClock : fileClock(clockFile);
const store = openStore(databaseUrl, { connectionsMax: CONNECTIONS });
let { isSealed } = given;
let server: Promise<RpcServer> | null = null;
const record = serve<DoorCalls, RecordCalls>({
  offer: async (next) => {
    isSealed = next;
    return (await open()).port;
  },
  askPeer: ({ endpoint, evidence, release }) => requestHandOver(endpoint, evidence, release),
  stop: async (graceMs) => {
    await (await server)?.stop(graceMs);
    await store.close();
    return null;
  },
});
if (isSealed !== null) await open();

function open(): Promise<RpcServer> {
  server ??= start();
  return server;
}

async function start(): Promise<RpcServer> {
  let access = readAccess();
  const opened = await startRpcServer({
    host,
    port,
    tls,
    access,
    now,
    sources: doorSources(store.db, record, now, () => isSealed !== false),
    onBug: (_method, error) => onBug(error),
  });
  setInterval(() => {
    try {
      const present = readAccess();
      if (isDeepStrictEqual(access, present)) return;
      opened.renew({ tls, access: present });
      access = present;
    } catch (error) {
      // What was read before holds on.
      onBug(error);
    }
  }, READ_AGAIN_MS).unref();
  return opened;
}

function readAccess(): RpcAccess | null {
  if (given.access === null) return null;
  const { clientCaFile, issuerKeyFile, trustDomain } = given.access;
  const clientCaPem = readFileSync(clientCaFile, 'utf8');
  return { clientCaPem, issuerKeysPem: readFileSync(issuerKeyFile, 'utf8'), trustDomain };
}

function onBug(error: unknown): void {
  void record.ask('bug', inspect(error));
}

function parseGiven(value: unknown): DoorGiven {
  return value as DoorGiven;
}
