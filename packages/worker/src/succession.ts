// The succession and the release of this worker as its settings name them. Both files are public,
// and both come from the host: the first is bound in the evidence, the second is signed.

import { readFile } from 'node:fs/promises';
import type { TrustAnchors, VerifiedEvidence } from '@track-record/attestation';
import { verifyRelease, type VerifiedManifest } from '@track-record/attestation/manifest';
import { type Code, RecordError } from '@track-record/errors';
import type { HandOverRequest } from '@track-record/rpc';
import { parseSuccession, successionSha256, type Succession } from '@track-record/sealing/unseal';
import type { Config } from './config.ts';

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
  const bytes = await read(file, 'ENCLAVE_SUCCESSION_FILE');
  const document = parseSuccession(parseJson(bytes, 'CONFIG_INVALID'));
  return {
    document,
    sha256: await successionSha256(document, config.ENCLAVE_MODE),
    release: releaseFile === undefined ? null : await read(releaseFile, 'ENCLAVE_RELEASE_FILE'),
  };
}

/** The enclave of this evidence is of a release that may have our master key. */
export async function verifySuccessor(
  { document, sha256 }: LoadedSuccession,
  { evidence, release }: HandOverRequest,
  minSvn: number,
  trustAnchors: TrustAnchors,
  now: number,
): Promise<VerifiedEvidence & { readonly manifest: VerifiedManifest }> {
  const signed = parseJson(release, 'MANIFEST_MALFORMED');
  return await verifyRelease(parseJson(evidence, 'EVIDENCE_MALFORMED'), signed, {
    releaseKeys: document.releaseKeys,
    releaseThreshold: document.releaseThreshold,
    minSvn,
    successionSha256: sha256,
    trustAnchors,
    now,
  });
}

async function read(file: string, place: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new RecordError('CONFIG_INVALID', { cause, place });
  }
}

function parseJson(bytes: Uint8Array, code: Code): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RecordError(code, { cause });
  }
}
