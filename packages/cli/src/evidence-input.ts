// What the verbs that judge evidence are given besides it: whom to believe, and what to expect.

import {
  amdTrustAnchors,
  parseEvidence,
  type Policy,
  type TrustAnchors,
  verifyEvidence,
} from '@track-record/attestation';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { RecordError } from '@track-record/errors';
import type { EvidenceCheck } from '@track-record/statement/export';
import { readFileAtMost, readJsonFile } from './input.ts';
import type { VerbInput } from './verb.ts';

/** A root and two intermediates for each of three products, in PEM, with room to spare. */
const TRUST_ANCHORS_SIZE_BYTES_MAX = 256 * 1024;
/** A hundred thousand measurements. */
const POLICY_SIZE_BYTES_MAX = 16 * 1024 * 1024;

/** AMD's pinned roots, or in their place those of the file that `--trust-anchors` names. */
export async function trustAnchorsOf(options: VerbInput['options']): Promise<TrustAnchors> {
  const file = options['trust-anchors'];
  if (typeof file !== 'string') return amdTrustAnchors;
  const bytes = await readFileAtMost(file, 'trust-anchors', TRUST_ANCHORS_SIZE_BYTES_MAX);
  try {
    return await parseTrustAnchors(bytes);
  } catch (cause) {
    // The caller's own choice of authority is an argument, and no finding about the evidence.
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'trust-anchors' });
  }
}

/** The JSON of the file that `--policy` names; without one, a policy that says nothing. */
export async function policyJsonOf(options: VerbInput['options']): Promise<unknown> {
  const file = options['policy'];
  if (typeof file !== 'string') return {};
  return await readJsonFile(file, 'policy', POLICY_SIZE_BYTES_MAX);
}

/** The check of an export's evidence against this policy. */
export function evidenceCheck(policy: Policy, trustAnchors: TrustAnchors): EvidenceCheck {
  return async (evidence, at) => {
    const { binding } = await verifyEvidence(parseEvidence(evidence), trustAnchors, policy, at);
    return binding.statementPublicKey;
  };
}
