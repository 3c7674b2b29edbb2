// What the verbs that judge evidence are given besides it: whom to believe, and what to expect.

import {
  amdTrustAnchors,
  parseEvidence,
  parsePolicy,
  type Policy,
  type TrustAnchors,
  type UnverifiedEvidence,
  verifyEvidence,
} from '@track-record/attestation';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import {
  checkRelease,
  policyOf,
  verifyManifest,
  type VerifiedManifest,
} from '@track-record/attestation/manifest';
import { RecordError } from '@track-record/errors';
import type { EvidenceCheck } from '@track-record/statement/export';
import { readFileAtMost, readJsonFile } from './input.ts';
import type { VerbInput } from './verb.ts';

/** A root and two intermediates for each of three products, in PEM, with room to spare. */
const TRUST_ANCHORS_SIZE_BYTES_MAX = 256 * 1024;
/** A hundred thousand measurements. */
const POLICY_SIZE_BYTES_MAX = 16 * 1024 * 1024;
/** A thousand measurements and sixty-four signatures. */
const RELEASE_SIZE_BYTES_MAX = 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

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

type VerifiedEvidence = Awaited<ReturnType<typeof verifyEvidence>>;

/** What evidence must be of: a policy, and a release where one was named. */
export interface Expectation {
  readonly policy: Policy;
  readonly release: VerifiedManifest | null;
}

/**
 * `expected` as in `attestation verify`. With `--release`, the signed manifest says the
 * measurements and the firmware, and `releaseKeys` (Ed25519, in hex) and `releaseThreshold` say
 * whose word on it counts, and of how many. ARGUMENT_INVALID when both name measurements or
 * firmware.
 */
export async function expectationOf(
  options: VerbInput['options'],
  expected: unknown,
): Promise<Expectation> {
  const file = options['release'];
  if (typeof file !== 'string') return { policy: parsePolicy(expected, 'refuse'), release: null };
  const given: Json = typeof expected === 'object' ? { ...expected } : {};
  const { releaseKeys, releaseThreshold, ...rest } = given;
  const isTold = ['measurements', 'minTcb', 'minTcbByCpu'].some((name) => name in rest);
  if (isTold || !isTextList(releaseKeys) || typeof releaseThreshold !== 'number') {
    throw new RecordError('ARGUMENT_INVALID', { place: 'policy' });
  }
  const signed = await readJsonFile(file, 'release', RELEASE_SIZE_BYTES_MAX);
  const release = await verifyManifest(signed, releaseKeys, releaseThreshold);
  const { measurements, minTcb, minTcbByCpu } = policyOf(release);
  const policy = { ...parsePolicy(rest, 'refuse'), measurements, minTcb, minTcbByCpu };
  return { policy, release };
}

/** As verifyEvidence; POLICY_CODE when it is bound to other code than the release's. */
export async function verifyExpected(
  evidence: UnverifiedEvidence,
  trustAnchors: TrustAnchors,
  { policy, release }: Expectation,
  at: number,
): Promise<VerifiedEvidence> {
  const verified = await verifyEvidence(evidence, trustAnchors, policy, at);
  if (release !== null) checkRelease(release, verified.binding, 0);
  return verified;
}

/** The check of an export's evidence against this expectation. */
export function evidenceCheck(expected: Expectation, trustAnchors: TrustAnchors): EvidenceCheck {
  return async (evidence, at) => {
    const { binding } = await verifyExpected(parseEvidence(evidence), trustAnchors, expected, at);
    return binding.statementPublicKey;
  };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
