// What the verbs that judge evidence are given besides it: whom to believe, and what to expect.

import { readFile, stat } from 'node:fs/promises';
import {
  amdTrustAnchors,
  parseEvidence,
  parseTrustAnchors,
  type Policy,
  type TrustAnchors,
  verifyEvidence,
} from '@track-record/attestation';
import { RecordError } from '@track-record/errors';
import type { EvidenceCheck } from '@track-record/statement/export';
import type { VerbInput } from './verb.ts';

/** A root and two intermediates for each of three products, in PEM, with room to spare. */
const TRUST_ANCHORS_SIZE_BYTES_MAX = 256 * 1024;

/** AMD's pinned roots, or in their place those of the file that `--trust-anchors` names. */
export async function trustAnchorsOf(options: VerbInput['options']): Promise<TrustAnchors> {
  const file = options['trust-anchors'];
  if (typeof file !== 'string') return amdTrustAnchors;
  const bytes = await readFileAtMost(file, TRUST_ANCHORS_SIZE_BYTES_MAX, 'trust-anchors');
  try {
    return await parseTrustAnchors(bytes);
  } catch (cause) {
    // The caller's own choice of authority is an argument, and no finding about the evidence.
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'trust-anchors' });
  }
}

/** The check of an export's evidence against this policy. */
export function evidenceCheck(policy: Policy, trustAnchors: TrustAnchors): EvidenceCheck {
  return async (evidence, at) => {
    const { binding } = await verifyEvidence(parseEvidence(evidence), trustAnchors, policy, at);
    return binding.statementPublicKey;
  };
}

/** ARGUMENT_INVALID, at `place`, for a file that is longer or cannot be read. */
export async function readFileAtMost(
  file: string,
  sizeBytesMax: number,
  place: string,
): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size <= sizeBytesMax) return await readFile(file);
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place });
  }
  throw new RecordError('ARGUMENT_INVALID', { place });
}

/** ARGUMENT_INVALID, at `place`, for what is no JSON. */
export function parseJson(bytes: Uint8Array, place: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place });
  }
}
