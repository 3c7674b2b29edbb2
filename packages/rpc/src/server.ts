// The only door of the enclave: what may be asked, over which transport, within which limits. It
// holds no state and reads nothing but its sources. Every byte that arrives is untrusted: TLS 1.3
// ends in this process, and connections, streams, sizes and times are bounded before a source is
// asked.

import assert from 'node:assert';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import {
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type ServerOptions,
} from '@grpc/grpc-js';
import { parseHolder, parseNonce, parseUuid, parseWindow } from './arguments.ts';
import { createCalls, type CallLimits, type Calls, type OnBug } from './calls.ts';
import { HealthService } from './generated/grpc/health/v1/health.ts';
import {
  AttestationService,
  type AttestationServer,
} from './generated/trackrecord/v1/attestation.ts';
import { ResultsService, type ResultsServer } from './generated/trackrecord/v1/results.ts';
import { StatusService, type StatusServer } from './generated/trackrecord/v1/status.ts';
import { UnsealService, type UnsealServer } from './generated/trackrecord/v1/unseal.ts';
import { createHealth } from './health.ts';
import type { RpcSources } from './sources.ts';
import { accountToWire, evidenceToWire, hourToWire, statementToWire } from './wire.ts';

/** A TLS handshake takes milliseconds; a peer that stretches it holds a socket for nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Hours per message, about 20 kB: a message per hour would cost more than the hour. */
const HOURS_PER_MESSAGE = 128;
/** Statements per message: a statement is a few kB, and clients take 4 MiB by default. */
const STATEMENTS_PER_MESSAGE = 32;
/**
 * The longest a peer that stops reading can hold what it was sent, since grpc-js cannot reset its
 * stream.
 */
const HOUR_MS = 3_600_000;

const defaultLimits: RpcLimits = {
  // Gateways keep one connection each. Every one may cost the session memory below.
  connectionsMax: 256,
  callsMax: 256,
  // The database's own statement timeout is shorter; this is the net under it.
  unaryTimeoutMs: 10_000,
  // A year of hours takes a reader on a slow line well under this.
  streamTimeoutMs: 300_000,
};

const transportOptions: ServerOptions = {
  // The largest request asks for a hand-over: evidence with 64 KiB of certificates in base64, and a
  // manifest of a thousand measurements. All others are under 1 KiB, and grpc-js has one limit.
  'grpc.max_receive_message_length': 262_144,
  'grpc.max_send_message_length': 4_194_304,
  'grpc.max_concurrent_streams': 64,
  'grpc-node.max_session_memory': 4,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_connection_idle_ms': 300_000,
  'grpc.max_connection_age_ms': HOUR_MS,
  'grpc.max_connection_age_grace_ms': 60_000,
  // Its traces keep the address of every peer in memory.
  'grpc.enable_channelz': 0,
};

export interface RpcLimits extends CallLimits {
  /** Over all peers. */
  readonly connectionsMax: number;
}

export interface TlsKeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface RpcServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly tls: TlsKeyPair;
  readonly sources: RpcSources;
  readonly onBug: OnBug;
  readonly limits?: Partial<RpcLimits>;
}

export interface RpcServer {
  readonly port: number;
  /** Takes no new call, lets the running ones end, and after `graceMs` ends them. */
  stop(graceMs: number): Promise<void>;
}

export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  // grpc-js logs the headers it does not like, which would write a caller's text into our log.
  setLogVerbosity(logVerbosity.NONE);
  const limits = { ...defaultLimits, ...options.limits };
  const calls = createCalls(limits, options.onBug);
  // Of its own, so that health answers when the others are refused for load; a watch lasts.
  const healthCalls = createCalls({ ...limits, streamTimeoutMs: HOUR_MS }, options.onBug);
  const server = new Server(transportOptions);
  server.addService(
    HealthService,
    createHealth(healthCalls, () => options.sources.health()),
  );
  server.addService(StatusService, statusServer(calls, options.sources));
  server.addService(ResultsService, resultsServer(calls, options.sources));
  server.addService(AttestationService, attestationServer(calls, options.sources));
  server.addService(UnsealService, unsealServer(calls, options.sources));

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const door = createDoor(options.tls, sockets, (socket) => injector.injectConnection(socket));
  door.maxConnections = limits.connectionsMax;
  door.listen(options.port, options.host);
  await once(door, 'listening');
  const address = door.address();
  assert(address !== null && typeof address === 'object');
  return {
    port: address.port,
    stop: async (graceMs) => {
      door.close();
      healthCalls.end();
      const timer = setTimeout(() => {
        calls.end();
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(timer);
    },
  };
}

/**
 * TLS by Node itself rather than by grpc-js, which has no public setting for the version or the
 * number of connections. HTTP/2 then runs over the finished TLS sockets.
 */
function createDoor(
  tls: TlsKeyPair,
  sockets: Set<Socket>,
  serve: (socket: TLSSocket) => void,
): TlsServer {
  const door = createServer(
    {
      cert: tls.certificatePem,
      key: tls.privateKeyPem,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    (socket) => {
      // A peer may reset at any time; the session on this socket then closes, and nothing else is
      // owed.
      socket.on('error', () => socket.destroy());
      serve(socket);
    },
  );
  door.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return door;
}

function statusServer(calls: Calls, sources: RpcSources): StatusServer {
  return {
    getStatus: calls.unary(async (request) => {
      const owner = parseUuid(request.ownerId, 'owner_id');
      const account =
        request.accountId === undefined ? null : parseUuid(request.accountId, 'account_id');
      const accounts = await sources.statusOf(owner, account);
      return { accounts: accounts.map(accountToWire) };
    }),
  };
}

function resultsServer(
  calls: Calls,
  sources: RpcSources,
): Pick<ResultsServer, 'getHourlyReturns' | 'exportStatements'> {
  return {
    getHourlyReturns: calls.stream(async function* (request) {
      const { accountId, fromMs, toMs } = parseWindow(request);
      const hours = sources.hourlyReturns(accountId, fromMs, toMs);
      for await (const batch of inBatches(hours, HOURS_PER_MESSAGE)) {
        yield { hours: batch.map(hourToWire), resumeToken: Buffer.alloc(0) };
      }
    }),
    exportStatements: calls.stream(async function* (request) {
      const { accountId, fromMs, toMs } = parseWindow(request);
      const statements = sources.statements(accountId, fromMs, toMs);
      for await (const batch of inBatches(statements, STATEMENTS_PER_MESSAGE)) {
        yield { statements: batch.map(statementToWire), resumeToken: Buffer.alloc(0) };
      }
    }),
  };
}

function attestationServer(calls: Calls, sources: RpcSources): AttestationServer {
  return {
    getAttestation: calls.unary(async (request) =>
      evidenceToWire(await sources.attestation(parseNonce(request.nonce), request.fresh)),
    ),
  };
}

function unsealServer(calls: Calls, sources: RpcSources): UnsealServer {
  return {
    submitShare: calls.unary(({ holder, sealedShare }) =>
      sources.submitShare(parseHolder(holder), sealedShare),
    ),
    requestHandOver: calls.unary(async ({ evidence, release }) => {
      const sealedKeys = await sources.handOver(evidence, release);
      return { sealedKeys: sealedKeys.map((message) => Buffer.from(message)) };
    }),
  };
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
