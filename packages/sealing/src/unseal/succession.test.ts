// The document, and its digest by Python's hashlib and json.

import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { parseSuccession, successionSha256 } from './succession.ts';

const quorum = {
  format: 'track-record-quorum/1',
  keyCommitment: 'c0'.repeat(32),
  threshold: 2,
  shareCommitments: ['01'.repeat(32), '02'.repeat(32)],
};
const good = {
  format: 'track-record-succession/1',
  quorum,
  previous: null,
  releaseKeys: ['aa'.repeat(32), 'bb'.repeat(32)],
  releaseThreshold: 2,
};
const PRODUCTION = '99cc173841e24bcc7f28e03d5841fc9942181826918ade2ade9812da909f6e9a';
const DEVELOPMENT = 'aa77ece45fbe408a805e7792f010bd7b238e4b8267bb88e83a6abaed5ec996eb';

function outcome(value: unknown): string {
  try {
    parseSuccession(value);
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

describe('accepts', () => {
  it('a succession, and one in the middle of a rotation', () => {
    expect(parseSuccession(good)).toEqual(good);
    expect(outcome({ ...good, previous: quorum })).toBe('accepted');
  });

  it('members in any order, and gives them one digest', async () => {
    const turned = Object.fromEntries(Object.entries(good).toReversed());
    expect(await successionSha256(parseSuccession(turned), 'production')).toBe(PRODUCTION);
  });
});

describe('refuses', () => {
  const { previous: _previous, ...short } = good;
  it.each<readonly [string, unknown]>([
    ['nothing', null],
    ['a member too few', short],
    ['a member more', { ...good, more: 1 }],
    ['another format', { ...good, format: 'track-record-succession/2' }],
    ['no quorum', { ...good, quorum: null }],
    ['a quorum of one', { ...good, quorum: { ...quorum, threshold: 1 } }],
    ['a quorum before that is none', { ...good, previous: {} }],
    ['one release key that is no list', { ...good, releaseKeys: 'aa'.repeat(32) }],
    ['a threshold that is no number', { ...good, releaseThreshold: '2' }],
  ])('%s', (_name, value) => {
    expect(outcome(value)).toBe('CONFIG_INVALID');
  });
});

describe('holds', () => {
  it('a development enclave has another digest, and so has every other document', async () => {
    expect(await successionSha256(parseSuccession(good), 'development')).toBe(DEVELOPMENT);
    const others = [
      { ...good, releaseThreshold: 1 },
      { ...good, releaseKeys: ['aa'.repeat(32), 'cc'.repeat(32)] },
      { ...good, previous: quorum },
      { ...good, quorum: { ...quorum, keyCommitment: 'c1'.repeat(32) } },
    ];
    const digests = others.map((each) => successionSha256(parseSuccession(each), 'production'));
    expect(new Set([PRODUCTION, ...(await Promise.all(digests))]).size).toBe(others.length + 1);
  });
});
