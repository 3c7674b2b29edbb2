// The only door of the enclave: what may be asked, over which transport, within which limits. It
// holds no state and reads nothing but its sources. Every byte that arrives is untrusted: TLS 1.3
// ends in this process, and connections, streams, sizes and times are bounded before a source is
// asked.

import assert from 'node:assert';
import {
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { gatekeeper, rules, type RpcAccess } from './access.ts';
import { parseHolder, parseNonce } from './arguments.ts';
import { createCalls, type CallLimits, type Calls, type OnBug } from './calls.ts';
import { HealthService } from './generated/grpc/health/v1/health.ts';
import {
  AttestationService,
  type AttestationServer,
} from './generated/trackrecord/v1/attestation.ts';
import { CheckpointService, type CheckpointServer } from './generated/trackrecord/v1/checkpoint.ts';
import { ResultsService } from './generated/trackrecord/v1/results.ts';
import { StatusService, WatchService } from './generated/trackrecord/v1/status.ts';
import { UnsealService, type UnsealServer } from './generated/trackrecord/v1/unseal.ts';
import { guardSessions } from './guard-sessions.ts';
import { createHealth } from './health.ts';
import { resultsServer, statusServer, watchServer } from './owned-calls.ts';
import type { RpcSources } from './sources.ts';
import { openTransport, type TlsKeyPair } from './transport.ts';
import { evidenceToWire } from './wire.ts';

/**
 * The longest a peer that stops reading can hold what it was sent, since grpc-js cannot reset its
 * stream.
 */
const HOUR_MS = 3_600_000;

const defaultLimits: RpcLimits = {
  // Gateways keep one connection each. Every one may cost the session memory below.
  connectionsMax: 256,
  callsMax: 256,
  // Each holds one page of its list and one message.
  streamsMax: 1_024,
  // A gateway that shows a page to a hundred visitors a second stays far below it.
  perClient: { most: 10_000, withinMs: 10_000 },
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

export interface RpcIdentity {
  readonly tls: TlsKeyPair;
  /** Null leaves the door open to whoever reaches it. */
  readonly access: RpcAccess | null;
}

export interface RpcServerOptions extends RpcIdentity {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Milliseconds UTC: owner tokens have dates. */
  readonly now: () => number;
  readonly sources: RpcSources;
  readonly onBug: OnBug;
  readonly limits?: Partial<RpcLimits>;
}

export interface RpcServer {
  readonly port: number;
  /** From now on another certificate, other authorities, other issuer keys. */
  renew(identity: RpcIdentity): void;
  /** Takes no new call, lets the running ones end, and after `graceMs` ends them. */
  stop(graceMs: number): Promise<void>;
}

/** CONFIG_INVALID when the issuer's keys are none. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  // grpc-js logs the headers it does not like, which would write a caller's text into our log.
  setLogVerbosity(logVerbosity.NONE);
  const { sources, onBug, now, host, port } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const seen = new Map<string, number>();
  let admit = gatekeeper(options.access, now, seen);
  const calls = createCalls(limits, onBug, (call, count) => admit(call, count));
  // Of its own, so that health answers when the others are refused for load; a watch lasts.
  const lasting = { ...limits, streamTimeoutMs: HOUR_MS };
  const healthCalls = createCalls(lasting, onBug, (call, count) => admit(call, count));
  const server = new Server(transportOptions);
  const add = (service: ServiceDefinition, answers: UntypedServiceImplementation) => {
    assert(Object.values(service).every(({ path }) => rules[path] !== undefined));
    server.addService(service, answers);
  };
  add(
    HealthService,
    createHealth(healthCalls, () => sources.health()),
  );
  add(StatusService, { ...statusServer(calls, sources) });
  add(WatchService, { ...watchServer(calls, sources) });
  add(ResultsService, { ...resultsServer(calls, sources) });
  add(CheckpointService, { ...checkpointServer(calls, sources) });
  add(AttestationService, { ...attestationServer(calls, sources) });
  add(UnsealService, { ...unsealServer(calls, sources) });

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  guardSessions(server);
  const address = { host, port, connectionsMax: limits.connectionsMax };
  const transport = await openTransport(address, transportIdentity(options), (socket) =>
    injector.injectConnection(socket),
  );
  return {
    port: transport.port,
    renew: (identity) => {
      admit = gatekeeper(identity.access, now, seen);
      transport.renew(transportIdentity(identity));
    },
    stop: async (graceMs) => {
      transport.close();
      healthCalls.end();
      const timer = setTimeout(() => {
        calls.end();
        transport.destroy();
      }, graceMs);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(timer);
    },
  };
}

function transportIdentity({ tls, access }: RpcIdentity) {
  return { tls, clientCaPem: access?.clientCaPem ?? null };
}

function checkpointServer(calls: Calls, sources: RpcSources): CheckpointServer {
  return {
    getCheckpoint: calls.unary(async () => ({
      checkpoint: Buffer.from(await sources.checkpoint()),
    })),
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
