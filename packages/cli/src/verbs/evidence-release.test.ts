// `evidence verify --release`: evidence of the release that enough release keys signed, and of no
// other code, measurement or firmware. The manifest is written and signed as docs/unseal.md says.

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { fakeAmdAuthority } from '../../../testkit/src/amd/fake-authority.ts';
import { fakeEvidenceDocument, SETTLED } from '../../../testkit/src/amd/fake-document.ts';
import { scratchFolder } from '../../../testkit/src/scratch-folder.ts';
import type { VerbOutput } from '../verb.ts';
import { evidenceVerify } from './evidence-verify.ts';

const CODE = 'c0'.repeat(32);
const MEASUREMENT = '4d'.repeat(48);
const { fileOf } = scratchFolder('evidence-release');
const authority = fakeAmdAuthority();
const anchors = fileOf('anchors.pem', authority.rootsPem);
const keys = [1, 2, 3].map(() => generateKeyPairSync('ed25519'));
const releaseKeys = keys.map(({ publicKey }) => hexOf(publicKey));

describe('accepts', () => {
  test('evidence of the release that two of three keys signed', async () => {
    const { document, text } = await run({});
    expect(document).toMatchObject({ verdict: 'verified' });
    expect(text).toContain('Of release 1.2.3, its code and its measurement.');
  });
});

describe('refuses', () => {
  test.each<readonly [string, Change, string]>([
    ['other code under the same measurement', { code: 'c1'.repeat(32) }, 'POLICY_CODE'],
    ['another measurement', { measurement: '4e'.repeat(48) }, 'POLICY_MEASUREMENT'],
    ['firmware below the manifest', { microcode: 255 }, 'POLICY_TCB'],
  ])('%s: %s', async (_name, change, code) => {
    const { document, failed } = await run(change);
    expect([failed, document]).toMatchObject([true, { code }]);
  });

  test.each<readonly [string, Change, string]>([
    ['a manifest that one key signed', { signers: 1 }, 'MANIFEST_UNSIGNED'],
    ['no release keys', { policy: {} }, 'ARGUMENT_INVALID'],
    [
      'a policy that names measurements of its own',
      { policy: { releaseKeys, releaseThreshold: 2, measurements: [MEASUREMENT] } },
      'ARGUMENT_INVALID',
    ],
    [
      'more agreement than there are keys',
      { policy: { releaseKeys, releaseThreshold: 4 } },
      'CONFIG_INVALID',
    ],
  ])('%s: %s', async (_name, change, code) => {
    await expect(run(change)).rejects.toMatchObject({ code });
  });
});

interface Change {
  readonly code?: string;
  readonly measurement?: string;
  readonly microcode?: number;
  readonly signers?: number;
  readonly policy?: object;
}

async function run(change: Change): Promise<VerbOutput> {
  const policy = change.policy ?? { releaseKeys, releaseThreshold: 2 };
  return await evidenceVerify.run({
    options: {
      at: '2026-02-01T00:00:00Z',
      'trust-anchors': anchors,
      policy: fileOf('policy.json', JSON.stringify(policy)),
      release: fileOf('release.json', JSON.stringify(signedManifest(change))),
    },
    positionals: [fileOf('evidence.json', JSON.stringify(await evidenceOf(change)))],
    stdin: process.stdin,
    progress: () => undefined,
  });
}

function signedManifest({ microcode = 1, signers = 2 }: Change): unknown {
  const manifest = {
    format: 'track-record-release/1',
    version: '1.2.3',
    svn: 7,
    codeSha256: CODE,
    measurements: [{ vcpus: 2, vcpuType: 'EPYC-v4', hex: MEASUREMENT }],
    minTcb: { '19/11': { microcode } },
  };
  const bytes = Buffer.from(`track-record-release/1\0${JSON.stringify(manifest)}`);
  const signatures = keys.slice(0, signers).map(({ publicKey, privateKey }) => ({
    key: hexOf(publicKey),
    signature: sign(null, bytes, privateKey).toString('hex'),
  }));
  return { manifest, signatures };
}

function evidenceOf({ code = CODE, measurement = MEASUREMENT }: Change): Promise<unknown> {
  const report = { measurement: Buffer.from(measurement, 'hex') };
  return fakeEvidenceDocument(authority, { ...SETTLED, codeSha256: code }, report);
}

/** The raw key: the last 32 bytes of its SubjectPublicKeyInfo (RFC 8410). */
function hexOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
}
