// The verb over files on disk. Evidence that a whole worker made is judged in
// packages/testkit/src/tsm; here is what becomes of other files and arguments.

import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { fakeAmdAuthority } from '../../../testkit/src/amd/fake-authority.ts';
import { fakeEvidenceDocument, SETTLED } from '../../../testkit/src/amd/fake-document.ts';
import { scratchFolder } from '../../../testkit/src/scratch-folder.ts';
import { UsageError, type VerbInput, type VerbOutput } from '../verb.ts';
import { evidenceVerify } from './evidence-verify.ts';

const AT = '2026-02-01T00:00:00Z';
const { folder, fileOf } = scratchFolder('evidence-verify');
const authority = fakeAmdAuthority();
const anchors = fileOf('anchors.pem', authority.rootsPem);
const measured = fileOf('policy.json', JSON.stringify({ measurements: ['4d'.repeat(48)] }));
/** SHA-512 of the label and of the ten fields of `SETTLED`, by Python's hashlib. */
const REPORT_DATA = Buffer.from(
  '45cb6ef402ff774c938cccd0d2a0a6f139ba0716b51ba10674fd81a7a7b6b2db' +
    'b40b63d22458a4e5991fe6d3f373406b6ab274f07720ccfe67ee6034402309d5',
  'hex',
);

/** What is signed over the binding is Python's, and not of the worker's code. */
function evidenceOf(product: 'Genoa' | 'Milan'): Promise<Readonly<Record<string, unknown>>> {
  return fakeEvidenceDocument(authority, SETTLED, { product, reportData: REPORT_DATA });
}

function run(
  positionals: readonly string[],
  options: VerbInput['options'] = {},
): Promise<VerbOutput> {
  return evidenceVerify.run({
    options: { at: AT, policy: measured, 'trust-anchors': anchors, ...options },
    positionals,
    stdin: process.stdin,
    progress: () => undefined,
  });
}

const genoa = fileOf('genoa.json', JSON.stringify(await evidenceOf('Genoa')));
const ofMilan = await evidenceOf('Milan');
const milan = fileOf('milan.json', JSON.stringify(ofMilan));

describe('accepts', () => {
  test('evidence written by hand from its description', async () => {
    const { document, failed } = await run([genoa]);
    expect(document).toMatchObject({ verdict: 'verified', evidence: { product: 'Genoa' } });
    expect(failed).toBe(false);
  });

  test('Milan on chips that the policy names, with a word of caution', async () => {
    const chipIds = [evidenceChip()];
    const policy = { measurements: ['4d'.repeat(48)], products: ['Milan'], chipIds };
    const { text, failed } = await run([milan], {
      policy: fileOf('milan-policy.json', JSON.stringify(policy)),
    });
    expect(failed).toBe(false);
    expect(text).toContain('Caution: Milan chip keys can be extracted');
  });
});

describe('refuses', () => {
  test.each([
    ['no policy', genoa, { policy: undefined }, 'POLICY_MEASUREMENT'],
    ['Milan by default', milan, {}, 'POLICY_PRODUCT'],
    ['AMD’s roots for another authority', genoa, { 'trust-anchors': undefined }, 'CHAIN_INVALID'],
    ['a time after the certificates', genoa, { at: '2046-01-01T00:00:00Z' }, 'CHAIN_INVALID'],
    ['a list', fileOf('list.json', '[]'), {}, 'EVIDENCE_MALFORMED'],
  ])('%s, as an answer', async (_name, file, options, code) => {
    const output = await run([file], options);
    expect(output).toMatchObject({ failed: true, document: { code, error: { code } } });
    expect(output.text).toMatch(new RegExp(`^REFUSED \\(${code}\\)\n`));
  });

  test('and shows what was seen, so that a measurement can be compared', async () => {
    const { document } = await run([genoa], { policy: undefined });
    expect(document).toMatchObject({
      evidence: { measurement: '4d'.repeat(48), product: null, reportedTcb: null },
    });
  });

  const arguments_: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['no file', () => run([]), 'usage'],
    ['two files', () => run([genoa, genoa]), 'usage'],
    ['a time without a zone', () => run([genoa], { at: '2026-02-01' }), 'usage'],
    ['a file that is not there', () => run([join(folder, 'none')]), 'ARGUMENT_INVALID FILE'],
    ['a file of megabytes', () => run([big()]), 'ARGUMENT_INVALID FILE'],
    ['no JSON', () => run([fileOf('page.html', '<html>')]), 'ARGUMENT_INVALID FILE'],
    ['a policy of another form', () => withPolicy('{"debug":true}'), 'ARGUMENT_INVALID policy'],
    ['a policy that is no JSON', () => withPolicy('{'), 'ARGUMENT_INVALID policy'],
    [
      'trust anchors that are no certificates',
      () => run([genoa], { 'trust-anchors': genoa }),
      'ARGUMENT_INVALID trust-anchors',
    ],
  ];
  test.each(arguments_)('%s, as an argument', async (_name, work, expected) => {
    const error: unknown = await work().catch((caught: unknown) => caught);
    if (expected === 'usage') expect(error).toBeInstanceOf(UsageError);
    else {
      const place = error instanceof RecordError ? error.place : null;
      expect(`${codeOf(error)} ${place}`).toBe(expected);
    }
  });
});

function withPolicy(text: string): Promise<unknown> {
  return run([genoa], { policy: fileOf('other-policy.json', text) });
}

function big(): string {
  return fileOf('big.json', ' '.repeat(2 ** 20));
}

/** CHIP_ID of the report, as its place in the layout says. */
function evidenceChip(): string {
  return Buffer.from(String(ofMilan['report']), 'base64').subarray(0x1a0, 0x1e0).toString('hex');
}
