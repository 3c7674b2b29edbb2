// The isolate of the door: the gRPC server, with connections of its own to the database, of which
// it reads what may leave. It holds the TLS key and no other, so that a caller who broke it would
// find neither credentials nor entries, and it answers while the record computes.

import './lock.ts';
import { inspect } from 'node:util';
import { workerData } from 'node:worker_threads';
import { requestHandOver, startRpcServer, type RpcServer } from '@track-record/rpc';
import { openStore } from '@track-record/store';
import { doorSources } from '../door-sources.ts';
import type { DoorCalls, DoorGiven, RecordCalls } from './door-calls.ts';
import { serve } from './serve.ts';

/** Calls are short, and a stream holds one for a page at a time. */
const CONNECTIONS = 4;

const { databaseUrl, host, port, tls, ...given } = parseGiven(workerData);
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
  server ??= startRpcServer({
    host,
    port,
    tls,
    sources: doorSources(store.db, record, () => isSealed !== false),
    onBug: (_method, error) => void record.ask('bug', inspect(error)),
  });
  return server;
}

function parseGiven(value: unknown): DoorGiven {
  return value as DoorGiven;
}
