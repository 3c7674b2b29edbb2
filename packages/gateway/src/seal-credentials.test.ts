// Evidence is made by testkit's authority in the form of docs/evidence.md; what was sealed is
// opened with the enclave's private key.

import { describe, expect, test } from '@jest/globals';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { codeOf } from '@track-record/errors';
import { intakeKeyPair, openIntake, Secret } from '@track-record/sealing/intake';
import { fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { fakeEvidenceDocument, SETTLED } from '../../testkit/src/amd/fake-document.ts';
import { sealCredentials, type Credentials } from './seal-credentials.ts';

const NOW = Date.UTC(2026, 1, 1);
const IDENTITY = { accountId: 'account-1', ownerId: 'owner-1', venue: 'binance' };
const CREDENTIALS: Credentials = { ...IDENTITY, fields: { apiKey: 'marker-key', secret: 's' } };
const POLICY = { measurements: ['4d'.repeat(48)] };
const authority = fakeAmdAuthority();
const trustAnchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));
const keys = await intakeKeyPair(new Secret(new Uint8Array(32).fill(7)));
const binding = { ...SETTLED, intakePublicKey: Buffer.from(keys.publicKey).toString('hex') };
const otherKeys = { ...SETTLED, intakePublicKey: '01'.repeat(32) };

describe('accepts', () => {
  test('evidence that the policy expects: the enclave alone reads what was sealed', async () => {
    const evidence = await fakeEvidenceDocument(authority, binding);
    const sealed = await sealCredentials(evidence, POLICY, CREDENTIALS, { now: NOW, trustAnchors });
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('marker');
    const opened = await openIntake(keys, sealed, IDENTITY);
    expect(opened.get('apiKey')?.open((bytes) => Buffer.from(bytes).toString())).toBe('marker-key');
  });
});

describe('refuses', () => {
  const given = { now: NOW, trustAnchors };
  test.each<readonly [string, () => unknown, unknown, object, string]>([
    [
      'a policy that expects nothing',
      () => fakeEvidenceDocument(authority, binding),
      {},
      given,
      'POLICY_MEASUREMENT',
    ],
    [
      'other code than the policy expects',
      () => fakeEvidenceDocument(authority, binding),
      { measurements: ['4e'.repeat(48)] },
      given,
      'POLICY_MEASUREMENT',
    ],
    [
      'a report of other keys: a gateway put its own into the evidence',
      () => fakeEvidenceDocument(authority, otherKeys, {}, binding),
      POLICY,
      given,
      'POLICY_REPORT_DATA',
    ],
    [
      'another authority than AMD',
      () => fakeEvidenceDocument(authority, binding),
      POLICY,
      { now: NOW },
      'CHAIN_INVALID',
    ],
    [
      'a development enclave',
      async () => ({ ...(await fakeEvidenceDocument(authority, binding)), insecure: true }),
      POLICY,
      given,
      'EVIDENCE_MALFORMED',
    ],
    ['what is no evidence', () => [], POLICY, given, 'EVIDENCE_MALFORMED'],
  ])('%s: %s', async (_name, evidence, policy, options, code) => {
    const attempt = sealCredentials(await evidence(), policy, CREDENTIALS, {
      now: NOW,
      ...options,
    });
    expect(await attempt.then(() => 'accepted', codeOf)).toBe(code);
  });
});
