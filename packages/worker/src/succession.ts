// Who may have this worker's master key: the succession and the release as its settings name them,
// and what a running worker answers to another one that asks for the key. The answer is worth
// nothing to anybody but the enclave of the evidence. The files come from the host, and are bound
// in the evidence or signed; every request is untrusted.

import { readFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import type { RpcSources } from '@track-record/rpc/sources';
import type { MasterKey } from '@track-record/sealing';
import {
  parseSuccession,
  sealForPeer,
  successionSha256,
  type Succession,
} from '@track-record/sealing/unseal';
import type { Config } from './config.ts';
import { tryingSetting } from './door.ts';
import { startIsolate } from './isolate/isolate.ts';
import type { PeerClaim, ProvenPeer, VerifierCalls } from './isolate/verifier-calls.ts';
import type { WorkerOptions } from './worker.ts';

export interface LoadedSuccession {
  readonly document: Succession;
  /** Hex: what the evidence binds. */
  readonly sha256: string;
  /** The signed manifest as it was given; null where there is none. */
  readonly release: Uint8Array | null;
}

/** A manifest and a chain of certificates are a few hundred kilobytes. */
const VERIFIER_HEAP_SIZE_MB_MAX = 64;

/** Null where a setting gives the master key. CONFIG_INVALID with the setting as its place. */
export async function loadSuccession(config: Config): Promise<LoadedSuccession | null> {
  const { ENCLAVE_SUCCESSION_FILE: file, ENCLAVE_RELEASE_FILE: releaseFile } = config;
  if (file === undefined) return null;
  const document = await tryingSetting('ENCLAVE_SUCCESSION_FILE', async () =>
    parseSuccession(JSON.parse(await readFile(file, 'utf8'))),
  );
  const release = await tryingSetting('ENCLAVE_RELEASE_FILE', () =>
    releaseFile === undefined ? null : readFile(releaseFile),
  );
  return { document, release, sha256: await successionSha256(document, config.ENCLAVE_MODE) };
}

/**
 * The key goes to a release that the release keys signed, not older than this one, with the same
 * succession. Our own evidence must pass the same: what `verifyRelease` refuses. Without hardware
 * or a manifest nothing proves which release this is, and nothing is given.
 */
export async function handOverOf(
  { config, clock, log, trustAnchors }: WorkerOptions,
  succession: LoadedSuccession | null,
  ownEvidence: Uint8Array,
  master: MasterKey,
): Promise<RpcSources['handOver']> {
  const ownRelease = succession?.release ?? null;
  if (succession === null || ownRelease === null || config.AMD_SEV_SNP !== 'true') {
    return () => Promise.reject(new RecordError('HANDOVER_REFUSED'));
  }
  const { releaseKeys, releaseThreshold } = succession.document;
  const verify = async (evidence: Uint8Array, release: Uint8Array, minSvn: number) => {
    const { sha256: successionSha256 } = succession;
    const known = { releaseKeys, releaseThreshold, successionSha256, minSvn };
    const expected = { ...known, trustAnchors, now: clock() };
    return await verifyApart({ evidence, release, expected });
  };
  const own = await verify(ownEvidence, ownRelease, 0);
  let isBusy = false;
  return async (evidence, release) => {
    // A verification takes milliseconds of the processor, and anybody may ask for one.
    if (isBusy) throw new RecordError('RPC_OVERLOADED');
    isBusy = true;
    try {
      const peer = await verify(evidence, release, own.svn);
      const keys = master.previous === null ? [master] : [master, master.previous];
      const sealed = keys.map(async (key) => {
        const copy = key.copyForHandOver();
        return await sealForPeer(copy, peer).finally(() => copy.wipe());
      });
      const messages = await Promise.all(sealed);
      log('handed-over');
      return messages;
    } finally {
      isBusy = false;
    }
  };
}

/** In an isolate that starts for it and ends with it. */
async function verifyApart(claim: PeerClaim): Promise<ProvenPeer> {
  const isolate = startIsolate<VerifierCalls>({
    file: new URL('./isolate/verifier-isolate.ts', import.meta.url),
    given: () => ({}),
    calls: {},
    heapSizeMbMax: VERIFIER_HEAP_SIZE_MB_MAX,
    refusal: 'HANDOVER_REFUSED',
    onEnd: () => undefined,
  });
  try {
    return await isolate.ask('verifyRelease', claim);
  } finally {
    await isolate.stop();
  }
}
