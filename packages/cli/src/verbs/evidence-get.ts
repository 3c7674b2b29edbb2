// `track-record evidence get`: the evidence that an enclave serves, into a file, and whether the
// statement key that it names answers now. With a policy it is verified before anything else is
// asked; without one `evidence verify` does that, anywhere and without a network.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import type { RpcClient } from '@track-record/gateway';
import { statementLabels } from '@track-record/statement';
import { requiredText } from '../input.ts';
import { enclaveOptions, isJudged, withCertified, withEnclave } from '../remote/enclave-session.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const NONCE_SIZE = 32;

export const evidenceGet: Verb = {
  name: 'evidence get',
  summary: 'Writes the evidence that an enclave serves to a file, for `evidence verify`.',
  example: 'evidence get --certificate enclave.pem -o evidence.json',
  options: {
    ...enclaveOptions,
    certificate: { type: 'string' },
    output: { type: 'string', short: 'o' },
    /** Asks for a new report; the enclave makes one per half minute at most. */
    fresh: { type: 'boolean' },
  },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  const { options } = input;
  const output = requiredText(options, 'output', 'FILE');
  const get = (rpc: RpcClient) => fetchEvidence(rpc, options['fresh'] === true);
  const { evidence, format, insecure } = await (isJudged(options)
    ? withEnclave(input, ({ rpc }) => get(rpc))
    : withCertified(options, get));
  await writeFile(output, `${JSON.stringify(evidence)}\n`);
  const verified = isJudged(options)
    ? 'verified against the policy'
    : 'to be verified with `evidence verify`';
  const kind = insecure ? 'no hardware vouches for it' : verified;
  return {
    document: { file: output, format, insecure, statementKeyAnswers: true },
    text: `${output}: ${format}, ${kind}; the statement key in it answers now\n`,
  };
}

async function fetchEvidence(rpc: RpcClient, fresh: boolean) {
  const nonce = randomBytes(NONCE_SIZE);
  const answer = await rpc.attestation(nonce, fresh);
  const evidence = readEvidence(answer.evidence);
  const isAnswering = await isSigned(nonce, answer.nonceSignature, statementKeyOf(evidence));
  if (!isAnswering) throw new RecordError('STATEMENT_KEY_UNBOUND');
  return { evidence, format: answer.evidenceFormat, insecure: answer.insecure };
}

/** RPC_ANSWER_MALFORMED for what is no JSON object. */
function readEvidence(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const evidence: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof evidence === 'object' && evidence !== null) return { ...evidence };
  } catch (cause) {
    throw new RecordError('RPC_ANSWER_MALFORMED', { cause, place: 'evidence' });
  }
  throw new RecordError('RPC_ANSWER_MALFORMED', { place: 'evidence' });
}

function statementKeyOf({ binding }: Readonly<Record<string, unknown>>): Buffer<ArrayBuffer> {
  const isRecord = typeof binding === 'object' && binding !== null;
  const key = isRecord && 'statementPublicKey' in binding ? binding.statementPublicKey : undefined;
  return Buffer.from(typeof key === 'string' ? key : '', 'hex');
}

async function isSigned(
  nonce: Uint8Array,
  signature: Uint8Array,
  publicKey: Buffer<ArrayBuffer>,
): Promise<boolean> {
  const message = Buffer.concat([Buffer.from(statementLabels.nonce), nonce]);
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), message);
  } catch (cause) {
    // WebCrypto's own word for bytes that are no key.
    if (cause instanceof DOMException) return false;
    throw cause;
  }
}
