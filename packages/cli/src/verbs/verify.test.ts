// The verb over files on disk. The fixture was made with Python: see packages/statement.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { UsageError, type VerbInput, type VerbOutput } from '../verb.ts';
import { verify } from './verify.ts';

const AT = '2026-02-01T00:00:00Z';
const fixture = readFileSync(
  new URL('../../../statement/src/fixtures/export-by-python.json', import.meta.url),
  'utf8',
);
const folder = mkdtempSync(join(tmpdir(), 'track-record-verify-'));
const record = fileOf('record.json', fixture);
const allowed = fileOf('policy.json', '{"allowDevelopmentEvidence":true}');

afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function run(files: readonly string[], options: VerbInput['options'] = {}): Promise<VerbOutput> {
  return verify.run({
    options: { at: AT, ...options },
    positionals: files,
    stdin: process.stdin,
    progress: () => undefined,
  });
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof UsageError ? 'usage' : codeOf(error);
}

describe('accepts', () => {
  it('development evidence where the policy allows it, and says so', async () => {
    const output = await run([record], { policy: allowed });
    expect(output.failed).toBe(false);
    expect(output.text).toBe(
      [
        `${record}: VERIFIED (signed by a development enclave: no hardware evidence)`,
        '  account 8019b8446b847dc2bbf8478fde13f2d3 at binance, live, in USDT',
        '  2026-01-05T00:00:00Z to 2026-01-05T03:00:00Z: 3 hours',
        '  of a record that began 2026-01-05T00:00:00Z, from its first hour',
        '  account 1 of 2 that its owner connected, of which 0 closed or ruined',
        '  disclosed by the hour, 24 hours after its day, thin hours merged',
        '  3 measured, 0 without a return (each with its signed reason)',
        '  1 backfilled, 0 stated late, 1 corrected later',
        '  compounded return: 0.50 % (0.004950000000000000)',
        '  passed       the file has the documented form',
        '  NOT CHECKED  signed by a development enclave: no hardware evidence',
        '  passed       the evidence names the key that signed',
        '  passed       every hour is signed by that key, unaltered',
        '  passed       every hour links to the one before: none is missing, reordered or replaced',
        '  passed       the record begins at its first hour',
        '  passed       no hour is dated in the future',
        '  passed       the stated figures follow from the hours',
        '  NOT CHECKED  whether the public log was rewritten: no checkpoint known before was given',
        '  NOT CHECKED  whether the record is in a public log: the file and the policy name none',
        '',
      ].join('\n'),
    );
    expect(output.document).toMatchObject({
      verdicts: [
        {
          file: record,
          verdict: 'verified',
          code: null,
          record: { venue: 'binance', paper: false, restatements: 1, backfilled: 1, late: 0 },
          summary: { hours: 3, measured: 3, totalReturn: '0.004950000000000000' },
        },
      ],
    });
    expect(output.document).not.toHaveProperty('error');
  });
});

describe('refuses', () => {
  it('development evidence without that policy', async () => {
    const output = await run([record]);
    expect(output.failed).toBe(true);
    expect(output.text).toContain(
      'REFUSED (signed by a development enclave: no hardware evidence)\n  STATEMENT_KEY_UNBOUND',
    );
    expect(output.document).toMatchObject({ error: { code: 'STATEMENT_KEY_UNBOUND' } });
  });

  it('one file of two, with a verdict for each', async () => {
    const altered = fileOf('altered.json', fixture.replace('0.00495', '0.10495'));
    const output = await run([record, altered], { policy: allowed });
    expect(output).toMatchObject({
      failed: true,
      document: {
        verdicts: [{ verdict: 'verified' }, { code: 'STATEMENT_RETURN_MISMATCH' }],
        error: { code: 'STATEMENT_RETURN_MISMATCH' },
      },
    });
    expect(output.text).toContain('FAILED       the stated figures do not follow from the hours');
  });

  it('a file that is no JSON', async () => {
    const output = await run([fileOf('page.html', '<html>')], { policy: allowed });
    expect(output.document).toMatchObject({ error: { code: 'STATEMENT_MALFORMED' } });
  });

  const rows: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['no file', () => run([]), 'usage'],
    ['a file that is not there', () => run([join(folder, 'none')]), 'ARGUMENT_INVALID'],
    ['a time without a zone', () => run([record], { at: '2026-02-01' }), 'usage'],
    ['a policy that is no JSON', () => withPolicy('{'), 'ARGUMENT_INVALID'],
    ['a policy with no log key', () => withPolicy('{"log":{"key":"log"}}'), 'LOG_MALFORMED'],
    ['a policy that is no object', () => withPolicy('[true]'), 'ARGUMENT_INVALID'],
    [
      'a policy with a misspelt name',
      () => withPolicy('{"allowDevelopment":true}'),
      'ARGUMENT_INVALID',
    ],
    [
      'a policy with another value',
      () => withPolicy('{"allowDevelopmentEvidence":"true"}'),
      'ARGUMENT_INVALID',
    ],
  ];
  it.each(rows)('%s', async (_name, work, expected) => {
    expect(await refusalOf(work())).toBe(expected);
  });

  function withPolicy(text: string): Promise<unknown> {
    return run([record], { policy: fileOf('other-policy.json', text) });
  }
});
