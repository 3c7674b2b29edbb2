// The client of the door, for the gateway, the command line and anyone with Node. It speaks TLS 1.3
// to a pinned key or under a given root, and treats every answer as untrusted: what is not of the
// documented form is RPC_ANSWER_MALFORMED. It verifies no evidence and no signature: that is the
// caller's part.

import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, createSecureContext } from 'node:tls';
import {
  ChannelCredentials,
  status,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
  type VerifyOptions,
} from '@grpc/grpc-js';
import { codes, RecordError, type Code } from '@track-record/errors';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthClient,
  type HealthCheckResponse,
} from './generated/grpc/health/v1/health.ts';
import { AttestationClient } from './generated/trackrecord/v1/attestation.ts';
import { ResultsClient } from './generated/trackrecord/v1/results.ts';
import { StatusClient, type GetStatusResponse } from './generated/trackrecord/v1/status.ts';
import { UnsealClient, type RequestHandOverResponse } from './generated/trackrecord/v1/unseal.ts';
import type { Component, RpcSources } from './sources.ts';
import { parseAccount, parseCode, parseHour } from './parse-answer.ts';

export type {
  AccountStateName,
  AccountStatus,
  AttestationEvidence,
  Component,
  HourlyReturn,
  SignedStatement,
} from './sources.ts';

/** Bridges a lost connection, not a restart. A call repeated does no harm: a share counts once. */
const RETRY = {
  maxAttempts: 3,
  initialBackoff: '0.2s',
  maxBackoff: '2s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};

const ENDPOINT = /^\[?([^\]]+)\]?:([0-9]{1,5})$/;
/**
 * Sent as the server name where the endpoint has an IP address, which may not be one (RFC 6066
 * section 3).
 */
const NAME_OF_ADDRESS = 'localhost';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RpcTrustRoot {
  /** Certificates that may have signed the server's, or the server's own. */
  readonly rootCertificatePem: string;
}

export interface RpcTrustPin {
  /**
   * SHA-256 of the server's public key (SubjectPublicKeyInfo in DER), as verified evidence names
   * it.
   */
  readonly spkiSha256: Uint8Array;
}

/**
 * Whoever answers: for who takes no answer at its word, and sends only what is sealed. A holder of
 * a key share verifies the evidence that comes.
 */
export interface RpcTrustNobody {
  readonly untrusted: true;
}

export interface RpcClientOptions {
  /** `host:port`. */
  readonly endpoint: string;
  readonly trust: RpcTrustRoot | RpcTrustPin | RpcTrustNobody;
  /** For each call, streams included; a health watch has none. */
  readonly deadlineMs: number;
}

/** What the sources give the server, with cancellation. A failed call throws RecordError. */
export interface RpcClient {
  statusOf(...args: Cancellable<'statusOf'>): ReturnType<RpcSources['statusOf']>;
  hourlyReturns(...args: Cancellable<'hourlyReturns'>): ReturnType<RpcSources['hourlyReturns']>;
  statements(...args: Cancellable<'statements'>): ReturnType<RpcSources['statements']>;
  attestation(...args: Cancellable<'attestation'>): ReturnType<RpcSources['attestation']>;
  submitShare(...args: Cancellable<'submitShare'>): ReturnType<RpcSources['submitShare']>;
  handOver(...args: Cancellable<'handOver'>): ReturnType<RpcSources['handOver']>;
  /** Whether the component, or with '' the whole worker, serves. */
  isServing(component: Component | '', signal?: AbortSignal): Promise<boolean>;
  /** The present answer of `isServing`, then every change, until cancelled. */
  watchServing(component: Component | '', signal?: AbortSignal): AsyncIterable<boolean>;
  close(): void;
}

type Cancellable<Name extends keyof RpcSources> = [
  ...Parameters<RpcSources[Name]>,
  signal?: AbortSignal,
];

/**
 * Connects lazily with a root; with a pin the server's certificate is fetched and compared first.
 */
export async function connectRpc(options: RpcClientOptions): Promise<RpcClient> {
  const address = parseEndpoint(options.endpoint);
  const credentials = await trustedCredentials(options, address);
  const health = new HealthClient(options.endpoint, credentials, {
    ...(isIP(address.host) && { 'grpc.ssl_target_name_override': NAME_OF_ADDRESS }),
    'grpc.service_config': serviceConfig(options.deadlineMs),
    'grpc.service_config_disable_resolution': 1,
    // A proxy named by the environment has no part in this connection.
    'grpc.enable_http_proxy': 0,
  });
  const shared = { channelOverride: health.getChannel() };
  const accounts = new StatusClient(options.endpoint, credentials, shared);
  const results = new ResultsClient(options.endpoint, credentials, shared);
  const attestation = new AttestationClient(options.endpoint, credentials, shared);
  const unseal = new UnsealClient(options.endpoint, credentials, shared);
  return {
    statusOf: async (ownerId, accountId, signal) => {
      const request = { ownerId, accountId: accountId ?? undefined };
      const answer = await unary<GetStatusResponse>(signal, (reply) =>
        accounts.getStatus(request, reply),
      );
      return answer.accounts.map(parseAccount);
    },
    hourlyReturns: async function* (accountId, fromMs, toMs, signal) {
      const request = windowOf(accountId, fromMs, toMs);
      const answers = stream(signal, () => results.getHourlyReturns(request));
      for await (const answer of answers) yield* answer.hours.map(parseHour);
    },
    statements: async function* (accountId, fromMs, toMs, signal) {
      const request = windowOf(accountId, fromMs, toMs);
      const answers = stream(signal, () => results.exportStatements(request));
      for await (const answer of answers) yield* answer.statements;
    },
    attestation: (nonce, fresh = false, signal?: AbortSignal) => {
      const request = { nonce: Buffer.from(nonce), fresh };
      return unary(signal, (reply) => attestation.getAttestation(request, reply));
    },
    submitShare: (holder, message, signal) => {
      const request = { holder, sealedShare: Buffer.from(message) };
      return unary(signal, (reply) => unseal.submitShare(request, reply));
    },
    handOver: async (evidence, release, signal) => {
      const request = { evidence: Buffer.from(evidence), release: Buffer.from(release) };
      const answer = await unary<RequestHandOverResponse>(signal, (reply) =>
        unseal.requestHandOver(request, reply),
      );
      return answer.sealedKeys;
    },
    isServing: async (service, signal) => {
      const answer = await unary<HealthCheckResponse>(signal, (reply) =>
        health.check({ service }, reply),
      );
      return answer.status === Serving.SERVING;
    },
    watchServing: async function* (service, signal) {
      const answers = stream(signal, () => health.watch({ service }));
      for await (const answer of answers) yield answer.status === Serving.SERVING;
    },
    close: () => health.close(),
  };
}

function windowOf(accountId: string, fromMs: number, toMs: number) {
  return {
    accountId,
    fromMs: BigInt(fromMs),
    toMs: BigInt(toMs),
    resumeToken: Buffer.alloc(0),
  };
}

function serviceConfig(deadlineMs: number): string {
  const watch = { service: 'grpc.health.v1.Health', method: 'Watch' };
  return JSON.stringify({
    methodConfig: [
      { name: [watch] },
      { name: [{}], timeout: `${deadlineMs / 1000}s`, retryPolicy: RETRY },
    ],
  });
}

async function trustedCredentials(
  { trust, deadlineMs }: RpcClientOptions,
  address: Address,
): Promise<ChannelCredentials> {
  if ('rootCertificatePem' in trust) {
    return credentialsUnder(trust.rootCertificatePem, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(address.host, certificate),
    });
  }
  const certificate = await fetchCertificate(address, deadlineMs);
  const pin = 'untrusted' in trust ? spkiSha256(certificate.raw) : Buffer.from(trust.spkiSha256);
  const isPinned = (der: Buffer) => spkiSha256(der).equals(pin);
  if (!isPinned(certificate.raw)) throw new RecordError('RPC_PEER_UNTRUSTED');
  return credentialsUnder(certificate.toString(), {
    checkServerIdentity: (_name, { raw }) =>
      isPinned(raw) ? undefined : new RecordError('RPC_PEER_UNTRUSTED'),
  });
}

function credentialsUnder(ca: string, verify: VerifyOptions): ChannelCredentials {
  // A certificate given as trusted is an anchor, whoever issued it.
  const context = createSecureContext({ ca, minVersion: 'TLSv1.3', allowPartialTrustChain: true });
  return ChannelCredentials.createFromSecureContext(context, verify);
}

/**
 * The certificate the server presents, trusted in nothing: the caller compares its key with the
 * pin.
 */
async function fetchCertificate(address: Address, timeoutMs: number): Promise<X509Certificate> {
  const socket = connect({
    ...address,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
    return new X509Certificate(socket.getPeerCertificate().raw);
  } catch (cause) {
    throw new RecordError('RPC_UNAVAILABLE', { cause });
  } finally {
    socket.destroy();
  }
}

function parseEndpoint(endpoint: string): Address {
  const [, host, port] = ENDPOINT.exec(endpoint) ?? [];
  if (host === undefined || port === undefined) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'endpoint' });
  }
  return { host, port: Number(port) };
}

function spkiSha256(certificateDer: Buffer): Buffer {
  const { publicKey } = new X509Certificate(certificateDer);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function unary<Answer>(
  signal: AbortSignal | undefined,
  start: (reply: (error: ServiceError | null, answer: Answer) => void) => ClientUnaryCall,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const call = start((error, answer) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(answer);
      else reject(failureOf(error, signal));
    });
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel);
  });
}

/** One message at a time: the next is read when the caller asks for it. */
async function* stream<Answer>(
  signal: AbortSignal | undefined,
  start: () => ClientReadableStream<Answer>,
): AsyncGenerator<Answer> {
  signal?.throwIfAborted();
  const call = start();
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel);
  // The loop below reports the error; this one is for the CANCELLED that follows when a caller
  // stops early.
  call.on('error', () => undefined);
  const answers: AsyncIterable<Answer> = call;
  try {
    yield* answers;
  } catch (error) {
    throw failureOf(error, signal);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** The abort's own reason, or our code where the server sent one, or what the status means. */
function failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (!isServiceError(error)) return error;
  if (Object.hasOwn(codes, error.details)) {
    return new RecordError(parseCode(error.details), { cause: error });
  }
  return new RecordError(codeOfStatus(error.code), { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return Error.isError(error) && 'details' in error && 'code' in error;
}

function codeOfStatus(code: status): Code {
  if (code === status.UNAVAILABLE) return 'RPC_UNAVAILABLE';
  if (code === status.DEADLINE_EXCEEDED) return 'RPC_DEADLINE';
  if (code === status.RESOURCE_EXHAUSTED) return 'RPC_OVERLOADED';
  return 'RPC_ANSWER_MALFORMED';
}
