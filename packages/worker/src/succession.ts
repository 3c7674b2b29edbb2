// Who may have this worker's master key: the succession and the release as its settings name them,
// and what a running worker answers to another one that asks for the key. The answer is worth
// nothing to anybody but the enclave of the evidence. The files come from the host, and are bound
// in the evidence or signed; every request is untrusted.

import { readFile } from 'node:fs/promises';
import { reportDataOf } from '@track-record/attestation/binding';
import { verifyRelease } from '@track-record/attestation/manifest';
import { type Code, RecordError } from '@track-record/errors';
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
import type { WorkerOptions } from './worker.ts';

export interface LoadedSuccession {
  readonly document: Succession;
  /** Hex: what the evidence binds. */
  readonly sha256: string;
  /** The signed manifest as it was given; null where there is none. */
  readonly release: Uint8Array | null;
}

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
  const verify = async (evidence: Uint8Array, release: Uint8Array, minSvn: number) => {
    const given = [parseJson(evidence, 'EVIDENCE_MALFORMED'), parseJson(release)] as const;
    const { document, sha256: successionSha256 } = succession;
    const expected = { ...document, successionSha256, minSvn, trustAnchors, now: clock() };
    return await verifyRelease(...given, expected);
  };
  const own = await verify(ownEvidence, ownRelease, 0);
  let isBusy = false;
  return async (evidence, release) => {
    // A verification takes milliseconds of the processor, and anybody may ask for one.
    if (isBusy) throw new RecordError('RPC_OVERLOADED');
    isBusy = true;
    try {
      const { binding } = await verify(evidence, release, own.manifest.svn);
      const peer = { publicKey: binding.unsealPublicKey, reportData: await reportDataOf(binding) };
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

function parseJson(bytes: Uint8Array, code: Code = 'MANIFEST_MALFORMED'): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RecordError(code, { cause });
  }
}
