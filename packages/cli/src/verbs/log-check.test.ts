// The verb over files on disk, as a monitor saves them.

import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import {
  formatNoteKey,
  formatProofLines,
  hashLeaf,
  noteKey,
  proveConsistency,
  signCheckpoint,
  treeOf,
  treeRoot,
  type TreeHash,
} from '@track-record/statement/log';
import { UsageError, type VerbInput, type VerbOutput } from '../verb.ts';
import { logCheck } from './log-check.ts';

const ORIGIN = 'log.example/records';
const folder = mkdtempSync(join(tmpdir(), 'track-record-log-'));
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const rawKey = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const key = formatNoteKey(await noteKey('log', ORIGIN, rawKey));
const leaves = await Promise.all([0, 1, 2, 3, 4].map((each) => hashLeaf(Uint8Array.of(each))));

afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function checkpointOf(name: string, held: readonly TreeHash[]): Promise<string> {
  const checkpoint = { origin: ORIGIN, size: held.length, root: await treeRoot(held) };
  const note = await signCheckpoint(checkpoint, rawKey, async (message) =>
    sign(null, message, privateKey),
  );
  return fileOf(name, note);
}

const monday = await checkpointOf('monday', leaves.slice(0, 3));
const tuesday = await checkpointOf('tuesday', leaves);
const split = await checkpointOf('split', leaves.slice(1));
const splitToo = await checkpointOf('split-too', leaves.slice(0, 4));
const growth = await proveConsistency(treeOf(leaves).subtrees, 3, leaves.length);
const proof = fileOf('proof', formatProofLines(growth));

function run(files: readonly string[], options: VerbInput['options'] = {}): Promise<VerbOutput> {
  return logCheck.run({
    options: { key, ...options },
    positionals: files,
    stdin: process.stdin,
    progress: () => undefined,
  });
}

describe('accepts', () => {
  it('a log that grew', async () => {
    const output = await run([monday, tuesday], { proof });
    expect(output.text).toBe(
      'log.example/records: 2 entries were added after the first 3, and none of those was ' +
        'changed or removed.\n',
    );
    expect(output.document).toEqual({ verdict: 'extends', log: ORIGIN, from: 3, to: 5 });
    expect(output.failed).not.toBe(true);
  });

  it('the key as evidence names it', async () => {
    const hex = Buffer.from(rawKey).toString('hex');
    expect((await run([monday, tuesday], { proof, key: hex })).failed).not.toBe(true);
  });

  it('a log that stood still, without a proof', async () => {
    expect((await run([monday, monday])).failed).not.toBe(true);
  });
});

describe('refuses', () => {
  const refusals: readonly (readonly [string, readonly string[], VerbInput['options'], string])[] =
    [
      ['a split view', [split, splitToo], {}, 'LOG_SPLIT_VIEW'],
      ['a log that shrank', [tuesday, monday], { proof }, 'LOG_ROLLED_BACK'],
      ['growth without a proof', [monday, tuesday], {}, 'LOG_INCONSISTENT'],
      ['a proof between others', [splitToo, tuesday], { proof }, 'LOG_INCONSISTENT'],
    ];
  it.each(refusals)('%s', async (_name, files, options, expected) => {
    const output = await run(files, options);
    expect(output.failed).toBe(true);
    expect(output.document).toMatchObject({ verdict: 'refused', error: { code: expected } });
    expect(output.text).toContain(`REFUSED`);
    expect(output.text).toContain(expected);
  });

  const rows: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['one checkpoint', () => run([monday]), 'usage'],
    ['three checkpoints', () => run([monday, tuesday, tuesday]), 'usage'],
    ['no key', () => run([monday, tuesday], { key: '' }), 'usage'],
    ['a key that is none', () => run([monday, tuesday], { key: 'log' }), 'LOG_MALFORMED'],
    ['a file that is not there', () => run([monday, join(folder, 'none')]), 'ARGUMENT_INVALID'],
    ['a folder', () => run([monday, folder]), 'ARGUMENT_INVALID'],
    ['no checkpoint', () => run([monday, proof]), 'LOG_MALFORMED'],
    ['no proof', () => run([monday, tuesday], { proof: monday }), 'LOG_MALFORMED'],
    ['a file too large', () => run([monday, large()]), 'ARGUMENT_INVALID'],
    ['a checkpoint of another log', () => run([monday, foreign()]), 'LOG_SIGNATURE_INVALID'],
  ];
  it.each(rows)('%s', async (_name, work, expected) => {
    const error: unknown = await work().then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error instanceof UsageError ? 'usage' : codeOf(error)).toBe(expected);
  });

  function large(): string {
    return fileOf('large', 'a'.repeat(2 ** 17));
  }

  function foreign(): string {
    return fileOf(
      'foreign',
      'If you think cryptography is the answer to your problem,\n' +
        "then you don't know what your problem is.\n\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIA" +
        'QxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
    );
  }
});
