// The file that carries a claim to whoever is to believe it, and its verification offline: the
// evidence, the key, the signature, the form. What cannot be checked without the hours is that they
// meet the bounds: for that stands the enclave. The file is untrusted.

import { RecordError, type Code } from '@track-record/errors';
import { isPlainObject } from './canonical-json.ts';
import { parseClaimBytes, type ClaimBody, type SignedClaim } from './claim.ts';
import { boundKeyOf, type ExportPolicy } from './export.ts';
import { keyIdOf, signatureCheckOf } from './signing-key.ts';
import { fromBase64Url, fromHex, toBase64Url, toHex } from './text-bytes.ts';

export const CLAIM_FILE_FORMAT = 'track-record-claim-file/1';

export interface ClaimFile {
  readonly format: typeof CLAIM_FILE_FORMAT;
  readonly publicKey: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly signature: string;
}

export interface ClaimVerdict {
  readonly verdict: 'verified' | 'refused';
  readonly code: Code | null;
  readonly developmentEvidence: boolean;
  readonly claim: ClaimBody | null;
}

/** Nothing is checked here. */
export function buildClaimFile(
  { bytes, signature }: SignedClaim,
  publicKey: Uint8Array,
  evidence: ClaimFile['evidence'],
): ClaimFile {
  return {
    format: CLAIM_FILE_FORMAT,
    publicKey: toHex(publicKey),
    evidence,
    body: toBase64Url(bytes),
    signature: toBase64Url(signature),
  };
}

/** `at`: the verifier's clock, ms UTC. A refusal is an answer, not an exception. */
export async function verifyClaimFile(
  json: unknown,
  policy: ExportPolicy,
  at: number,
): Promise<ClaimVerdict> {
  const developmentEvidence = hasDevelopmentEvidence(json);
  try {
    const { publicKey, evidence, body, signature } = parseFile(json);
    const bound = await boundKeyOf(evidence, policy, at);
    if (bound !== publicKey) throw new RecordError('STATEMENT_KEY_UNBOUND');
    const key = fromHex(publicKey);
    const bytes = fromBase64Url(body);
    const isSigned = await signatureCheckOf(key, 'claim');
    if (!(await isSigned(bytes, fromBase64Url(signature)))) {
      throw new RecordError('CLAIM_SIGNATURE_INVALID');
    }
    const claim = parseClaimBytes(bytes);
    if (claim.keyId !== (await keyIdOf(key))) throw new RecordError('CLAIM_SIGNATURE_INVALID');
    if (Date.parse(claim.madeAt) > at) throw new RecordError('STATEMENT_TIME_INVALID');
    return { verdict: 'verified', code: null, developmentEvidence, claim };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { verdict: 'refused', code: error.code, developmentEvidence, claim: null };
  }
}

function hasDevelopmentEvidence(json: unknown): boolean {
  const evidence = isPlainObject(json) ? json['evidence'] : null;
  return isPlainObject(evidence) && evidence['insecure'] === true;
}

function parseFile(json: unknown): Omit<ClaimFile, 'format'> {
  if (!isPlainObject(json) || Object.keys(json).length !== 5) return malformed();
  const { format, publicKey, evidence, body, signature } = json;
  const isText = (value: unknown): value is string => typeof value === 'string';
  if (format !== CLAIM_FILE_FORMAT || !isPlainObject(evidence)) return malformed();
  if (!isText(publicKey) || !isText(body) || !isText(signature)) return malformed();
  return { publicKey, evidence, body, signature };
}

function malformed(): never {
  throw new RecordError('CLAIM_MALFORMED');
}
