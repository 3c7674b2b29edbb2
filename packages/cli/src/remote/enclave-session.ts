// What every verb begins with that asks an enclave over the network: evidence first, judged by the
// policy that the caller names, and then a connection to the key that the evidence binds, as the
// client that its certificate names. Files come from the caller; the enclave is untrusted until its
// evidence has passed.

import { createPrivateKey, randomBytes } from 'node:crypto';
import { RecordError } from '@track-record/errors';
import {
  connectRpc,
  openEnclave,
  signOwnerToken,
  type BoundKeys,
  type Enclave,
  type EnclaveOptions,
  type EvidenceJson,
  type RpcClient,
} from '@track-record/gateway';
import { judgeOf } from '../evidence-input.ts';
import { readTextFile, requiredText } from '../input.ts';
import { UsageError, type Verb, type VerbInput } from '../verb.ts';

type Options = VerbInput['options'];

/** A first page of a large record may take a while. */
const DEADLINE_MS = 60_000;
const NONCE_SIZE_BYTES = 16;
const PEM_SIZE_BYTES_MAX = 64 * 1024;
const TOKENS_SIZE_BYTES_MAX = 1024 * 1024;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the enclave is, what it must be, and who asks. */
export const enclaveOptions: Verb['options'] = {
  endpoint: { type: 'string', default: '127.0.0.1:50051' },
  'evidence-policy': { type: 'string' },
  release: { type: 'string' },
  'trust-anchors': { type: 'string' },
  at: { type: 'string' },
  'client-certificate': { type: 'string' },
  'client-key': { type: 'string' },
};

/** What an example ends with. */
export const AS_CLIENT =
  '--endpoint HOST:PORT --evidence-policy policy.json' +
  ' --client-certificate me.pem --client-key me.key --tokens tokens.txt';

/** And whose accounts: an owner's word for each call, or the key that gives it. */
export const ownerOptions: Verb['options'] = {
  ...enclaveOptions,
  owner: { type: 'string' },
  account: { type: 'string' },
  tokens: { type: 'string' },
  'issuer-key': { type: 'string' },
  audience: { type: 'string' },
};

/** Works with an enclave whose evidence has passed. */
export async function withEnclave<T>(
  { options, progress }: Pick<VerbInput, 'options' | 'progress'>,
  work: (enclave: Enclave) => Promise<T>,
): Promise<T> {
  const judge = await judgeOf(options);
  const enclave = await openEnclave({
    endpoint: requiredText(options, 'endpoint', 'HOST:PORT'),
    judge: (evidence) => judgeAloud(judge, evidence, progress),
    deadlineMs: DEADLINE_MS,
    ...(await identityOf(options)),
    ...(await ownerTokenOf(options)),
  });
  try {
    return await work(enclave);
  } finally {
    enclave.close();
  }
}

/** Whether a policy says what the enclave must be; else a certificate says which it is. */
export function isJudged(options: Options): boolean {
  return options['evidence-policy'] !== undefined;
}

/** Works with the enclave that the caller knows by its certificate. */
export async function withCertified<T>(
  options: Options,
  work: (rpc: RpcClient) => Promise<T>,
): Promise<T> {
  const file = requiredText(options, 'certificate', 'FILE');
  const rpc = await connectRpc({
    endpoint: requiredText(options, 'endpoint', 'HOST:PORT'),
    trust: { rootCertificatePem: await readTextFile(file, 'certificate', PEM_SIZE_BYTES_MAX) },
    deadlineMs: DEADLINE_MS,
    ...(await identityOf(options)),
    ...(await ownerTokenOf(options)),
  });
  try {
    return await work(rpc);
  } finally {
    rpc.close();
  }
}

/** The id that this option names; null where it may be absent. */
export function uuidOf(options: Options, name: string): string | null {
  const text = options[name];
  if (text === undefined) return null;
  const id = String(text).toLowerCase();
  if (!UUID.test(id)) throw new UsageError(`--${name} takes the id of one ${name}.`);
  return id;
}

export function requiredUuid(options: Options, name: string): string {
  const id = uuidOf(options, name);
  if (id === null) throw new UsageError(`--${name} ID is required.`);
  return id;
}

async function judgeAloud(
  judge: EnclaveOptions['judge'],
  evidence: EvidenceJson,
  progress: VerbInput['progress'],
): Promise<BoundKeys> {
  const keys = await judge(evidence);
  if (evidence['insecure'] === true) progress('DEVELOPMENT EVIDENCE: no hardware vouches for it.');
  return keys;
}

async function identityOf(options: Options): Promise<Pick<EnclaveOptions, 'identity'>> {
  const [certificate, key] = [options['client-certificate'], options['client-key']];
  if (certificate === undefined && key === undefined) return {};
  const read = (name: string) =>
    readTextFile(requiredText(options, name, 'FILE'), name, PEM_SIZE_BYTES_MAX);
  return {
    identity: {
      certificatePem: await read('client-certificate'),
      privateKeyPem: await read('client-key'),
    },
  };
}

async function ownerTokenOf(options: Options): Promise<Pick<EnclaveOptions, 'ownerToken'>> {
  const [tokens, issuerKey] = [options['tokens'], options['issuer-key']];
  if (typeof tokens === 'string') {
    const text = await readTextFile(tokens, 'tokens', TOKENS_SIZE_BYTES_MAX);
    const left = text.split(/\s+/).filter((token) => token !== '');
    if (left.length === 0) throw new RecordError('ARGUMENT_INVALID', { place: 'tokens' });
    // What comes after the last is refused at the door.
    return { ownerToken: () => left.shift() ?? '' };
  }
  if (typeof issuerKey !== 'string') return {};
  const ownerId = requiredUuid(options, 'owner');
  const audience = requiredText(options, 'audience', 'spiffe://DOMAIN/enclave');
  const pem = await readTextFile(issuerKey, 'issuer-key', PEM_SIZE_BYTES_MAX);
  const key = parsePrivateKey(pem);
  return {
    ownerToken: () => {
      const nonce = randomBytes(NONCE_SIZE_BYTES);
      return signOwnerToken({ ownerId, audience, nonce }, key, Date.now());
    },
  };
}

function parsePrivateKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'issuer-key' });
  }
}
