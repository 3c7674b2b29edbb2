// The ceremony's files, and those of a rotation: what is in them, who may read them, and that
// nothing is overwritten. Shares are put together by what sealing has for it; that they are right
// is tested there.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { keyOfShare, parseSuccession, Secret } from '@track-record/sealing/unseal';
import { UsageError, type Verb, type VerbOutput } from '../verb.ts';
import { keysRotate } from './keys-rotate.ts';
import { keysSplit } from './keys-split.ts';

const folder = mkdtempSync(join(tmpdir(), 'track-record-keys-'));
const ceremony = join(folder, 'ceremony');
const options = {
  threshold: '3',
  holders: '5',
  'release-keys': `${'aa'.repeat(32)},${'bb'.repeat(32)}`,
  'release-threshold': '2',
  output: ceremony,
};

afterAll(() => rmSync(folder, { recursive: true }));

function run(verb: Verb, given: Readonly<Record<string, string>>): Promise<VerbOutput> {
  const input = { positionals: [], stdin: process.stdin, progress: () => undefined };
  return verb.run({ ...input, options: given });
}

function successionIn(place: string): ReturnType<typeof parseSuccession> {
  return parseSuccession(JSON.parse(readFileSync(join(place, 'succession.json'), 'utf8')));
}

describe('accepts', () => {
  test('five holders, and then another key for three', async () => {
    const { text } = await run(keysSplit, options);
    const { quorum, previous, releaseThreshold } = successionIn(ceremony);
    expect([quorum.threshold, quorum.shareCommitments.length]).toEqual([3, 5]);
    expect([previous, releaseThreshold]).toEqual([null, 2]);
    const files = readdirSync(ceremony).filter((name) => name.startsWith('share-'));
    expect(files).toHaveLength(5);
    for (const name of files) {
      const file = join(ceremony, name);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const share = Buffer.from(readFileSync(file, 'utf8'), 'base64');
      expect(keyOfShare(new Secret(new Uint8Array(share)))).toBe(quorum.keyCommitment);
      expect(text).not.toContain(readFileSync(file, 'utf8').trim());
    }

    const next = join(folder, 'rotation');
    const succession = join(ceremony, 'succession.json');
    await run(keysRotate, { succession, threshold: '2', holders: '3', output: next });
    const rotated = successionIn(next);
    expect(rotated.previous).toEqual(quorum);
    expect(rotated.quorum.keyCommitment).not.toBe(quorum.keyCommitment);
    expect(rotated.releaseKeys).toEqual(successionIn(ceremony).releaseKeys);
  });
});

describe('refuses', () => {
  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['no folder', { output: '' }],
    ['a threshold in words', { threshold: 'three' }],
    ['a release key that is none', { 'release-keys': 'aa' }],
    ['more signatures than release keys', { 'release-threshold': '3' }],
  ])('%s, as usage', async (_name, change) => {
    await expect(run(keysSplit, { ...options, ...change })).rejects.toThrow(UsageError);
  });

  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['a folder that has a ceremony', {}],
    ['a share for everybody', { threshold: '1', output: join(folder, 'one') }],
    ['fewer holders than shares needed', { holders: '2', output: join(folder, 'two') }],
  ])('%s, as an argument', async (_name, change) => {
    const outcome = run(keysSplit, { ...options, ...change }).then(String, codeOf);
    expect(await outcome).toBe('ARGUMENT_INVALID');
  });
});
