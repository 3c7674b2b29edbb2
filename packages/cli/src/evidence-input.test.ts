// The judge of an enclave by a policy file. What hardware evidence must be is tried in
// packages/testkit/src/interop and by the verbs that verify it.

import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { scratchFolder } from '../../testkit/src/scratch-folder.ts';
import { judgeOf } from './evidence-input.ts';

const { fileOf } = scratchFolder('evidence-input');
const DEVELOPMENT = { allowDevelopmentEvidence: true, log: { key: 'of verify alone' } };
const binding = { tlsSpkiSha256: '11'.repeat(32), statementPublicKey: '22'.repeat(32) };
const evidence = { insecure: true, binding };

async function judged(policy: unknown, given: Readonly<Record<string, unknown>> = evidence) {
  const judge = await judgeOf({ 'evidence-policy': fileOf('policy', JSON.stringify(policy)) });
  return await judge(given);
}

describe('accepts', () => {
  test('development evidence at its word, when the policy says so', async () => {
    expect(await judged(DEVELOPMENT)).toEqual({
      tlsSpkiSha256: Buffer.alloc(32, 0x11),
      statementPublicKey: Buffer.alloc(32, 0x22),
    });
  });
});

describe('refuses', () => {
  test.each<readonly [string, unknown, Readonly<Record<string, unknown>>, string]>([
    ['development evidence', {}, evidence, 'EVIDENCE_MALFORMED'],
    [
      'a policy that nearly allows it',
      { allowDevelopmentEvidence: 1 },
      evidence,
      'ARGUMENT_INVALID',
    ],
    ['evidence without a binding', DEVELOPMENT, { insecure: true }, 'EVIDENCE_MALFORMED'],
    [
      'a key that is none',
      DEVELOPMENT,
      { insecure: true, binding: { ...binding, tlsSpkiSha256: '11' } },
      'EVIDENCE_MALFORMED',
    ],
    ['evidence that is not marked as such', DEVELOPMENT, { binding }, 'EVIDENCE_MALFORMED'],
    ['a list in place of a policy', [], evidence, 'ARGUMENT_INVALID'],
    ['a word that no policy has', { measurement: 'x' }, evidence, 'ARGUMENT_INVALID'],
  ])('%s: %#', async (_name, policy, given, code) => {
    expect(await judged(policy, given).then(() => 'accepted', codeOf)).toContain(code);
  });
});
