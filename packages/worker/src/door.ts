// The worker's door, before and after the master key has come: one address, one TLS key, and one
// isolate, which is told when more is offered. What it cannot answer without a key it asks here.

import assert from 'node:assert';
import { writeFileSync } from 'node:fs';
import { RecordError } from '@track-record/errors';
import type { RpcSources } from '@track-record/rpc/sources';
import type { Config } from './config.ts';
import type { ServedEvidence } from './evidence.ts';
import type {
  DoorAccess,
  DoorCalls,
  DoorGiven,
  FiguresCalls,
  FiguresGiven,
  RecordCalls,
  RecordHealth,
} from './isolate/door-calls.ts';
import { startIsolate, type Isolate } from './isolate/isolate.ts';
import type { TlsIdentity } from './tls-identity.ts';
import type { WorkerOptions } from './worker.ts';

/** What the record answers its door. */
export interface DoorOffers extends Pick<RpcSources, 'submitShare' | 'handOver'> {
  readonly isSealed: boolean;
  readonly evidence: ServedEvidence;
  /** Nothing for a worker that has no key to sign with yet. */
  readonly signNonce: (nonce: Uint8Array) => Promise<Uint8Array>;
  readonly queue: () => Promise<boolean>;
}

export interface Door {
  /** From now on these are the answers; the first offer opens the door. Its port. */
  readonly offer: (offers: DoorOffers) => Promise<number>;
  readonly askPeer: DoorCalls['askPeer'];
  readonly stop: () => Promise<void>;
}

/** Running calls may end in this time at a stop. */
const GRACE_MS = 2_000;
/** A thousand streams whose readers are slow, each with two pages of 200 kB. */
const HEAP_SIZE_MB_MAX = 512;

export function startDoor(
  { config, log, onBug }: Pick<WorkerOptions, 'config' | 'log' | 'onBug'>,
  tls: TlsIdentity,
): Door {
  let offers: DoorOffers | null = null;
  let port = config.ENCLAVE_PORT;
  const onEnd = (place: string) => (error: unknown) => {
    log('isolate-ended', { place });
    onBug(error);
  };
  const figures = startIsolate<FiguresCalls>({
    file: new URL('./isolate/figures-isolate.ts', import.meta.url),
    given: (): FiguresGiven => ({ databaseUrl: config.DATABASE_URL }),
    calls: {},
    heapSizeMbMax: HEAP_SIZE_MB_MAX,
    refusal: 'RPC_UNAVAILABLE',
    onEnd: onEnd('figures'),
  });
  const isolate = startIsolate<DoorCalls>({
    file: new URL('./isolate/door-isolate.ts', import.meta.url),
    given: (): DoorGiven => ({
      databaseUrl: config.DATABASE_URL,
      host: config.ENCLAVE_HOST,
      port,
      tls: { certificatePem: tls.certificatePem, privateKeyPem: tls.privateKeyPem },
      access: doorAccess(config),
      clockFile:
        config.ENCLAVE_MODE === 'development' ? (config.DEVELOPMENT_CLOCK_FILE ?? null) : null,
      isSealed: offers?.isSealed ?? null,
    }),
    calls: recordCalls(
      figures,
      () => {
        assert(offers !== null);
        return offers;
      },
      (error) => {
        log('call-failed', { code: 'INTERNAL' });
        onBug(error);
      },
    ),
    heapSizeMbMax: HEAP_SIZE_MB_MAX,
    refusal: 'RPC_UNAVAILABLE',
    onEnd: onEnd('door'),
  });
  return {
    offer: async (next) => {
      const { ENCLAVE_CERTIFICATE_FILE: file } = config;
      if (file !== undefined) {
        await tryingSetting('ENCLAVE_CERTIFICATE_FILE', () =>
          writeFileSync(file, tls.certificatePem),
        );
      }
      offers = next;
      port = await tryingSetting('ENCLAVE_PORT', () => isolate.ask('offer', next.isSealed));
      return port;
    },
    askPeer: (given) => isolate.ask('askPeer', given),
    stop: async () => {
      // One that has just ended by itself has nothing left to end.
      await Promise.allSettled([isolate.ask('stop', GRACE_MS)]);
      await isolate.stop();
      await figures.stop();
    },
  };
}

/** The configuration has all three, or in development none. */
function doorAccess(config: Config): DoorAccess | null {
  const {
    ENCLAVE_CLIENT_CA_FILE: clientCaFile,
    ENCLAVE_ISSUER_KEY_FILE: issuerKeyFile,
    ENCLAVE_TRUST_DOMAIN: trustDomain,
  } = config;
  if (clientCaFile === undefined || issuerKeyFile === undefined) return null;
  return trustDomain === undefined ? null : { clientCaFile, issuerKeyFile, trustDomain };
}

function recordCalls(
  figures: Isolate<FiguresCalls>,
  offers: () => DoorOffers,
  onBug: (error: unknown) => void,
): RecordCalls {
  return {
    metrics: (given) => figures.ask('metrics', given),
    monthlyTable: (given) => figures.ask('monthlyTable', given),
    attestation: async ({ nonce, fresh }) => {
      const { evidence, signNonce } = offers();
      const { binding, format: evidenceFormat, insecure } = evidence;
      return {
        evidenceFormat,
        evidence: fresh ? await evidence.fresh() : evidence.bytes(),
        insecure,
        signingPublicKey: binding.statementPublicKey,
        intakePublicKey: binding.intakePublicKey,
        tlsSpkiSha256: binding.tlsSpkiSha256,
        nonceSignature: nonce.length === 0 ? new Uint8Array() : await signNonce(nonce),
      };
    },
    health: async (): Promise<RecordHealth> => {
      const { isSealed, evidence, queue } = offers();
      return { queue: await queue(), attestation: evidence.isCurrent(), key: !isSealed };
    },
    submitShare: ({ holder, sealedShare }) => offers().submitShare(holder, sealedShare),
    handOver: ({ evidence, release }) => offers().handOver(evidence, release),
    bug: async (text) => {
      onBug(new Error(text));
      return null;
    },
  };
}

/** What this machine refuses (a port in use, a folder that is not there) is a wrong setting. */
export async function tryingSetting<T>(place: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new RecordError('CONFIG_INVALID', { cause, place });
  }
}
