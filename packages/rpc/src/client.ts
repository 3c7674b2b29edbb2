// The client of the door, for the gateway, the command line and anyone with Node. It speaks TLS 1.3
// to a pinned key or under a given root, and treats every answer as untrusted: what is not of the
// documented form is RPC_ANSWER_MALFORMED. It verifies no evidence and no signature: that is the
// caller's part.

import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, createSecureContext } from 'node:tls';
import { ChannelCredentials, type VerifyOptions } from '@grpc/grpc-js';
import { RecordError } from '@track-record/errors';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthClient,
  type HealthCheckResponse,
} from './generated/grpc/health/v1/health.ts';
import { AttestationClient } from './generated/trackrecord/v1/attestation.ts';
import {
  CheckpointClient,
  type GetCheckpointResponse,
} from './generated/trackrecord/v1/checkpoint.ts';
import { UnsealClient, type RequestHandOverResponse } from './generated/trackrecord/v1/unseal.ts';
import type {
  AccountStatus,
  Component,
  HourlyReturn,
  Metrics,
  MonthlyTable,
  PeriodReturn,
  ReturnPeriodName,
  RpcSources,
  SignedStatement,
} from './sources.ts';
import { stream, unary } from './one-call.ts';
import { ownedCalls } from './owned-client.ts';
import type { TlsKeyPair } from './transport.ts';

export { backfillOf } from './sources.ts';
export { remediationOf } from './remediation.ts';
export { signOwnerToken, type OwnerClaims } from './sign-owner-token.ts';
export type {
  AccountStateName,
  AccountStatus,
  AttestationEvidence,
  Backfill,
  Component,
  Figure,
  FigureKey,
  HourlyReturn,
  Metrics,
  MonthlyTable,
  PeriodReturn,
  ReturnPeriodName,
  SignedStatement,
} from './sources.ts';
export type { TlsKeyPair } from './transport.ts';

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
  /** For each call, streams included; a watch has none. */
  readonly deadlineMs: number;
  /** The client's certificate and key: its role at the door. */
  readonly identity?: TlsKeyPair;
  /** A new owner token, asked for at each attempt of a call: none is taken twice. */
  readonly ownerToken?: () => string | Promise<string>;
}

export type Windowed<T> = (
  accountId: string,
  fromMs: number,
  toMs: number,
  signal?: AbortSignal,
) => AsyncIterable<T>;

/** Every call can be cancelled. A failed one throws RecordError. Lists go on by themselves. */
export interface RpcClient {
  /** All accounts of the owner, or one. */
  statusOf(
    ownerId: string,
    accountId: string | null,
    signal?: AbortSignal,
  ): Promise<readonly AccountStatus[]>;
  /** The same now, then the accounts that changed, until the door ends it or it is cancelled. */
  watchStatus(
    ownerId: string,
    accountId: string | null,
    signal?: AbortSignal,
  ): AsyncIterable<readonly AccountStatus[]>;
  hourlyReturns: Windowed<HourlyReturn>;
  dailyReturns: Windowed<PeriodReturn>;
  statements: Windowed<SignedStatement>;
  monthlyTable(accountId: string, signal?: AbortSignal): Promise<MonthlyTable>;
  metrics(
    accountId: string,
    window: { readonly fromMs: number; readonly toMs: number; readonly period: ReturnPeriodName },
    signal?: AbortSignal,
  ): Promise<Metrics>;
  /** The signed note. LOG_EMPTY before the first one. */
  checkpoint(signal?: AbortSignal): Promise<Uint8Array>;
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
  const attestation = new AttestationClient(options.endpoint, credentials, shared);
  const checkpoint = new CheckpointClient(options.endpoint, credentials, shared);
  const unseal = new UnsealClient(options.endpoint, credentials, shared);
  return {
    ...ownedCalls(options, credentials, shared),
    checkpoint: async (signal) => {
      const answer = await unary<GetCheckpointResponse>(signal, (reply) =>
        checkpoint.getCheckpoint({}, reply),
      );
      return answer.checkpoint;
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

function serviceConfig(deadlineMs: number): string {
  const watches = [
    { service: 'grpc.health.v1.Health', method: 'Watch' },
    { service: 'trackrecord.v1.Watch', method: 'WatchStatus' },
  ];
  return JSON.stringify({
    methodConfig: [
      { name: watches },
      { name: [{}], timeout: `${deadlineMs / 1000}s`, retryPolicy: RETRY },
    ],
  });
}

async function trustedCredentials(
  { trust, deadlineMs, identity }: RpcClientOptions,
  address: Address,
): Promise<ChannelCredentials> {
  if ('rootCertificatePem' in trust) {
    return credentialsUnder(trust.rootCertificatePem, identity, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(address.host, certificate),
    });
  }
  const certificate = await fetchCertificate(address, deadlineMs);
  const pin = 'untrusted' in trust ? spkiSha256(certificate.raw) : Buffer.from(trust.spkiSha256);
  const isPinned = (der: Buffer) => spkiSha256(der).equals(pin);
  if (!isPinned(certificate.raw)) throw new RecordError('RPC_PEER_UNTRUSTED');
  return credentialsUnder(certificate.toString(), identity, {
    checkServerIdentity: (_name, { raw }) =>
      isPinned(raw) ? undefined : new RecordError('RPC_PEER_UNTRUSTED'),
  });
}

function credentialsUnder(
  ca: string,
  identity: TlsKeyPair | undefined,
  verify: VerifyOptions,
): ChannelCredentials {
  const context = createSecureContext({
    ca,
    ...(identity && { cert: identity.certificatePem, key: identity.privateKeyPem }),
    minVersion: 'TLSv1.3',
    // A certificate given as trusted is an anchor, whoever issued it.
    allowPartialTrustChain: true,
  });
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
