// `track-record unseal`: a holder gives a share of the master key to an enclave that waits for it,
// once the enclave's evidence passed: the report up to AMD's roots, the release that the release
// keys signed, and the succession that the holder knows. The share leaves this process sealed to
// the key of that evidence, so that whoever stands between can withhold it and nothing else.

import { reportDataOf } from '@track-record/attestation/binding';
import { verifyRelease } from '@track-record/attestation/manifest';
import { RecordError } from '@track-record/errors';
import { connectRpc } from '@track-record/gateway';
import { keyOfShare, sealShare, successionSha256 } from '@track-record/sealing/unseal';
import { trustAnchorsOf } from '../evidence-input.ts';
import { instant, readJsonFile, requiredText } from '../input.ts';
import { readShare, readSuccession } from '../key-files.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const DEADLINE_MS = 30_000;
const RELEASE_SIZE_BYTES_MAX = 256 * 1024;

export const unseal: Verb = {
  name: 'unseal',
  summary: 'Verify an enclave that waits for its master key, and give it one share of the key.',
  example:
    'unseal --endpoint HOST:PORT --holder ann --share share-1 --succession succession.json' +
    ' --release release.json',
  options: {
    endpoint: { type: 'string', default: '127.0.0.1:50051' },
    holder: { type: 'string' },
    share: { type: 'string' },
    succession: { type: 'string' },
    release: { type: 'string' },
    'min-svn': { type: 'string', default: '0' },
    at: { type: 'string' },
    'trust-anchors': { type: 'string' },
    // An enclave in development obeys settings that could lead the key elsewhere.
    development: { type: 'boolean' },
  },
  run,
};

async function run({ options }: VerbInput): Promise<VerbOutput> {
  const holder = requiredText(options, 'holder', 'NAME');
  const endpoint = requiredText(options, 'endpoint', 'HOST:PORT');
  const release = requiredText(options, 'release', 'FILE');
  const signed = await readJsonFile(release, 'release', RELEASE_SIZE_BYTES_MAX);
  const succession = await readSuccession(options);
  const mode = options['development'] === true ? 'development' : 'production';
  const expected = {
    ...succession,
    successionSha256: await successionSha256(succession, mode),
    minSvn: Number(requiredText(options, 'min-svn', 'NUMBER')),
    trustAnchors: await trustAnchorsOf(options),
    now: instant(options, 'at', Date.now()),
  };
  const rpc = await connectRpc({ endpoint, trust: { untrusted: true }, deadlineMs: DEADLINE_MS });
  const share = await readShare(options);
  try {
    const { evidence } = await rpc.attestation(new Uint8Array());
    const { binding, manifest, report } = await verifyRelease(parse(evidence), signed, expected);
    if (binding.unsealPublicKey.length === 0) {
      throw new RecordError('UNSEAL_SHARE_REFUSED', { place: 'enclave' });
    }
    const { quorum, previous } = succession;
    const named = keyOfShare(share);
    const key = [quorum, previous].find((each) => each?.keyCommitment === named) ?? quorum;
    const context = { holder, reportData: await reportDataOf(binding) };
    const message = await sealShare(binding.unsealPublicKey, share, key.keyCommitment, context);
    const { held, threshold } = await rpc.submitShare(holder, message);
    const { version, svn } = manifest;
    const { product } = report;
    return {
      document: { verdict: 'verified', version, svn, product, held, threshold },
      text:
        `VERIFIED: release ${version}, security version ${svn}, on ${product}\n` +
        `The share was taken: ${held} of ${threshold}\n`,
    };
  } finally {
    share.wipe();
    rpc.close();
  }
}

function parse(evidence: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(evidence).toString());
  } catch (cause) {
    throw new RecordError('RPC_ANSWER_MALFORMED', { cause, place: 'evidence' });
  }
}
