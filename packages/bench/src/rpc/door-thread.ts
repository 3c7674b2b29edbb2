// One server in a thread of its own, as the worker's door is: ours over canned status and a real
// database, or an echo of grpc-js with the same certificates and nothing around it.

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { startRpcServer, type RpcSources } from '@track-record/rpc';
import { openStore } from '@track-record/store';
import { doorSources } from '@track-record/worker/door-sources';

export interface DoorThreadGiven {
  readonly kind: 'echo' | 'door';
  readonly databaseUrl: string;
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly access: {
    readonly clientCaPem: string;
    readonly issuerKeysPem: string;
    readonly trustDomain: string;
  };
  readonly ownerId: string;
  readonly accountId: string;
}

/** Megabytes of this thread after a collection. */
export interface DoorMemory {
  readonly heapMb: number;
  readonly buffersMb: number;
}

const MEGABYTE = 2 ** 20;
const given = parseGiven(workerData);
const port = given.kind === 'echo' ? await startEcho() : await startDoor();
assert(parentPort !== null);
const parent = parentPort;
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
parent.on('message', () => parent.postMessage(memory()));
parent.postMessage(port);

function memory(): DoorMemory {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { heapMb: heapUsed / MEGABYTE, buffersMb: external / MEGABYTE };
}

async function startEcho(): Promise<number> {
  const server = new Server();
  const bytes = (value: Buffer): Buffer => value;
  const echo = {
    path: '/bench.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  } as const;
  server.addService(
    { echo },
    {
      echo: (call: { request: Buffer }, reply: (error: null, value: Buffer) => void) =>
        reply(null, call.request),
    },
  );
  const { tls, access } = given;
  const pair = {
    cert_chain: Buffer.from(tls.certificatePem),
    private_key: Buffer.from(tls.privateKeyPem),
  };
  const credentials = ServerCredentials.createSsl(Buffer.from(access.clientCaPem), [pair], true);
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

async function startDoor(): Promise<number> {
  const { databaseUrl, tls, access, ownerId, accountId } = given;
  const { db } = openStore(databaseUrl, { connectionsMax: 4 });
  const nobody = {
    ask: () => Promise.reject(new Error('There is no record.')),
    cut: () => undefined,
  };
  const real = doorSources(db, nobody, Date.now, () => false);
  const statusOf: RpcSources['statusOf'] = async () => [
    {
      accountId,
      ownerId,
      state: 'active',
      lastHourMs: 1_767_571_200_000,
      hoursMissing: 0,
      code: null,
      syncing: false,
      coverage: '1',
      queuePosition: null,
      backfill: null,
    },
  ];
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    access,
    now: Date.now,
    sources: { ...real, statusOf },
    onBug: (_method, error) => console.error(error),
    limits: { perClient: { most: 1_000_000, withinMs: 10_000 } },
  });
  return server.port;
}

function parseGiven(value: unknown): DoorThreadGiven {
  return value as DoorThreadGiven;
}
