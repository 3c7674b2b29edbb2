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
import type { BoundKeys, EnclaveOptions, EvidenceJson } from '@track-record/gateway';
import type { EvidenceCheck } from '@track-record/statement/export';
import { instant, readFileAtMost, readJsonFile, requiredText } from './input.ts';
import type { VerbInput } from './verb.ts';

/** A root and two intermediates for each of three products, in PEM, with room to spare. */
const TRUST_ANCHORS_SIZE_BYTES_MAX = 256 * 1024;
/** A hundred thousand measurements. */
const POLICY_SIZE_BYTES_MAX = 16 * 1024 * 1024;
/** A thousand measurements and sixty-four signatures. */
const RELEASE_SIZE_BYTES_MAX = 1024 * 1024;

/** 32 bytes in hex. */
const KEY = /^[0-9a-f]{64}$/;

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

/** The JSON of the file that the option names; without one, a policy that says nothing. */
export async function policyJsonOf(
  options: VerbInput['options'],
  name = 'policy',
): Promise<unknown> {
  const file = options[name];
  if (typeof file !== 'string') return {};
  return await readJsonFile(file, name, POLICY_SIZE_BYTES_MAX);
}

/** A policy as `verify` takes it: with the log of a record, and development excepted or not. */
export async function verifyPolicyOf(options: VerbInput['options'], name: string) {
  const given = await policyJsonOf(options, name);
  const isRecord = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (!isRecord) throw new RecordError('ARGUMENT_INVALID', { place: name });
  const { allowDevelopmentEvidence = false, log, ...expected }: Json = { ...given };
  if (typeof allowDevelopmentEvidence !== 'boolean') {
    throw new RecordError('ARGUMENT_INVALID', { place: `${name}.allowDevelopmentEvidence` });
  }
  return { allowDevelopmentEvidence, log, expected };
}

/**
 * The judge of an enclave by the file that `--evidence-policy` names, which has the form of
 * `verify`'s. Development evidence proves nothing about its keys.
 */
export async function judgeOf(options: VerbInput['options']): Promise<EnclaveOptions['judge']> {
  requiredText(options, 'evidence-policy', 'FILE');
  const policy = await verifyPolicyOf(options, 'evidence-policy');
  const { allowDevelopmentEvidence, expected } = policy;
  const expectation = await expectationOf(options, expected);
  const trustAnchors = await trustAnchorsOf(options);
  return async (evidence) => {
    if (evidence['insecure'] === true && allowDevelopmentEvidence) return boundKeysOf(evidence);
    const at = instant(options, 'at', Date.now());
    const { binding } = await verifyExpected(
      parseEvidence(evidence),
      trustAnchors,
      expectation,
      at,
    );
    return binding;
  };
}

function boundKeysOf({ binding }: EvidenceJson): BoundKeys {
  const fields = new Map<string, unknown>(Object.entries(binding ?? {}));
  const keyOf = (name: string): Uint8Array => {
    const text = fields.get(name);
    if (typeof text === 'string' && KEY.test(text)) return Buffer.from(text, 'hex');
    throw new RecordError('EVIDENCE_MALFORMED', { place: `evidence.binding.${name}` });
  };
  return {
    tlsSpkiSha256: keyOf('tlsSpkiSha256'),
    statementPublicKey: keyOf('statementPublicKey'),
  };
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
    return binding;
  };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
