// The fixture was made with Python's json, hashlib, fractions and `cryptography` 48: a backfilled
// hour (1 %), an unpriced hour later corrected to 1e-18, and an hour of -0.5 %, with the exact
// compounded return 0.0049500000000000000 0495 rounded half-even to 18 decimals.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import {
  buildExport,
  verifyExport,
  type EvidenceCheck,
  type ExportFile,
  type ExportPolicy,
} from './export.ts';
import { fromBase64Url, fromHex } from './text-bytes.ts';

const AT = Date.parse('2026-02-01T00:00:00Z');
const allowed = { allowDevelopmentEvidence: true };
const noKeys = { statementPublicKey: new Uint8Array(), logPublicKey: new Uint8Array() };
const text = readFileSync(new URL('fixtures/export-by-python.json', import.meta.url), 'utf8');

function fixture(): ExportFile {
  return JSON.parse(text);
}

async function verdictOf(json: unknown, policy: ExportPolicy = allowed, at = AT): Promise<string> {
  const { verdict, code, checks } = await verifyExport(json, policy, at);
  const failed = checks.find(({ result }) => result === 'failed')?.name;
  return code === null ? verdict : `${code} ${failed}`;
}

function statementsOf({ statements }: ExportFile): { bytes: Uint8Array; signature: Uint8Array }[] {
  return statements.map(({ body, signature }) => ({
    bytes: fromBase64Url(body),
    signature: fromBase64Url(signature),
  }));
}

describe('accepts', () => {
  it('what Python exported, and says what it did not check', async () => {
    const verdict = await verifyExport(fixture(), allowed, AT);
    expect(verdict).toMatchObject({ verdict: 'verified', code: null, developmentEvidence: true });
    expect(verdict.export?.summary).toEqual({
      from: '2026-01-05T00:00:00Z',
      to: '2026-01-05T03:00:00Z',
      hours: 3,
      measured: 3,
      totalReturn: '0.004950000000000000',
    });
    expect(verdict.checks.map(({ name, result }) => `${name}: ${result}`)).toEqual([
      'format: passed',
      'evidence: not checked',
      'key binding: passed',
      'signatures: passed',
      'links: passed',
      'inception: passed',
      'times: passed',
      'figures: passed',
      'log history: not checked',
      'log inclusion: not checked',
    ]);
  });

  it('builds the same file from the same statements', async () => {
    const file = fixture();
    const publicKey = fromHex(file.publicKey);
    const { evidence } = file;
    expect(await buildExport({ publicKey, evidence, statements: statementsOf(file) })).toEqual(
      file,
    );
  });

  it('a later period, which says that it does not begin at inception', async () => {
    const file = fixture();
    const later = await buildExport({
      publicKey: fromHex(file.publicKey),
      evidence: file.evidence,
      statements: statementsOf(file).slice(2, 3),
    });
    expect(later.summary).toMatchObject({ hours: 1, totalReturn: '-0.005000000000000000' });
    const { verdict, checks } = await verifyExport(later, allowed, AT);
    expect(verdict).toBe('verified');
    expect(checks).toContainEqual({ name: 'inception', result: 'not checked', code: null });
  });

  it('hardware evidence that a verifier takes, for the key that it gives', async () => {
    const file = { ...fixture(), evidence: { insecure: false, report: 'opaque here' } };
    const seen: unknown[] = [];
    const checkEvidence: EvidenceCheck = async (...given) => {
      seen.push(...given);
      return { ...noKeys, statementPublicKey: fromHex(file.publicKey) };
    };
    const policy = { allowDevelopmentEvidence: false, checkEvidence };
    const verdict = await verifyExport(file, policy, AT);
    expect(verdict).toMatchObject({ verdict: 'verified', developmentEvidence: false });
    expect(verdict.checks).toContainEqual({ name: 'evidence', result: 'passed', code: null });
    expect(verdict.checks).toContainEqual({ name: 'key binding', result: 'passed', code: null });
    expect(seen).toEqual([file.evidence, AT]);
  });

  it('a period without a measured hour has no return', async () => {
    const file = fixture();
    const unmeasured = await buildExport({
      publicKey: fromHex(file.publicKey),
      evidence: file.evidence,
      statements: statementsOf(file).slice(1, 2),
    });
    expect(unmeasured.summary).toMatchObject({ hours: 1, measured: 0, totalReturn: null });
    expect(await verdictOf(unmeasured)).toBe('verified');
  });
});

describe('refuses', () => {
  const file = fixture();
  const [first, second, third, fourth] = file.statements;
  const summary = (change: object): object => ({
    ...file,
    summary: { ...file.summary, ...change },
  });
  const { format: _format, ...unformatted } = file;
  const rows: readonly (readonly [string, unknown, string])[] = [
    ['nothing', undefined, 'STATEMENT_MALFORMED format'],
    ['a list', [file], 'STATEMENT_MALFORMED format'],
    ['no format', unformatted, 'STATEMENT_MALFORMED format'],
    ['another format', { ...file, format: 'track-record-export/2' }, 'STATEMENT_MALFORMED format'],
    ['a further member', { ...file, verified: true }, 'STATEMENT_MALFORMED format'],
    ['a key that is no hex', { ...file, publicKey: 'XY' }, 'STATEMENT_MALFORMED format'],
    [
      'a key of many megabytes',
      { ...file, publicKey: '00'.repeat(2 ** 23) },
      'STATEMENT_MALFORMED format',
    ],
    ['evidence as text', { ...file, evidence: 'insecure' }, 'STATEMENT_MALFORMED format'],
    ['statements as object', { ...file, statements: {} }, 'STATEMENT_MALFORMED format'],
    [
      'a body with padding',
      withStatement({ body: `${first?.body}==` }),
      'STATEMENT_MALFORMED format',
    ],
    ['a body of one digit', withStatement({ body: 'A' }), 'STATEMENT_MALFORMED format'],
    ['another spelling of a body', withStatement({ body: 'AB' }), 'STATEMENT_MALFORMED format'],
    [
      'a body of a mebibyte',
      withStatement({ body: 'A'.repeat(2 ** 20) }),
      'STATEMENT_MALFORMED format',
    ],
    [
      'a statement with a further member',
      withStatement({ note: '' }),
      'STATEMENT_MALFORMED format',
    ],
    [
      'hardware evidence, and nobody who verifies it',
      withEvidence({ insecure: false }),
      'STATEMENT_KEY_UNBOUND evidence',
    ],
    ['evidence that says nothing', { ...file, evidence: {} }, 'STATEMENT_KEY_UNBOUND evidence'],
    [
      'evidence for another key',
      withEvidence({ binding: { statementPublicKey: '00' } }),
      'STATEMENT_KEY_UNBOUND key binding',
    ],
    ['evidence for no key', withEvidence({ binding: null }), 'STATEMENT_KEY_UNBOUND key binding'],
    ['another key', { ...file, publicKey: '00'.repeat(32) }, 'STATEMENT_KEY_UNBOUND key binding'],
    [
      'swapped signatures',
      { ...file, statements: [swapped(), second] },
      'STATEMENT_SIGNATURE_INVALID signatures',
    ],
    ['no statements', { ...file, statements: [] }, 'STATEMENT_LINK_BROKEN links'],
    [
      'a dropped hour',
      { ...file, statements: [first, third, fourth] },
      'STATEMENT_LINK_BROKEN links',
    ],
    [
      'reordered hours',
      { ...file, statements: [second, first, third] },
      'STATEMENT_LINK_BROKEN links',
    ],
    ['a repeated hour', { ...file, statements: [first, first] }, 'STATEMENT_LINK_BROKEN links'],
    [
      'the record of another account',
      { ...file, account: 'ab'.repeat(16) },
      'STATEMENT_LINK_BROKEN links',
    ],
    [
      'a correction left out',
      { ...file, statements: [first, second, third] },
      'STATEMENT_RETURN_MISMATCH figures',
    ],
    [
      'a better return',
      summary({ totalReturn: '0.104950000000000001' }),
      'STATEMENT_RETURN_MISMATCH figures',
    ],
    ['a return as number', summary({ totalReturn: 0.00495 }), 'STATEMENT_RETURN_MISMATCH figures'],
    ['more hours', summary({ hours: 4 }), 'STATEMENT_RETURN_MISMATCH figures'],
    ['fewer unmeasured hours', summary({ measured: 2 }), 'STATEMENT_RETURN_MISMATCH figures'],
    [
      'an earlier start',
      summary({ from: '2025-01-05T00:00:00Z' }),
      'STATEMENT_RETURN_MISMATCH figures',
    ],
    ['a figure of no kind', summary({ sharpe: '9' }), 'STATEMENT_RETURN_MISMATCH figures'],
  ];
  it.each(rows)('%s', async (_name, json, expected) => {
    expect(await verdictOf(json)).toBe(expected);
  });

  it('development evidence unless the policy allows it', async () => {
    const policy = { allowDevelopmentEvidence: false };
    expect(await verdictOf(file, policy)).toBe('STATEMENT_KEY_UNBOUND evidence');
  });

  it('an hour dated after the check', async () => {
    const at = Date.parse('2026-01-05T04:00:00.122Z');
    expect(await verdictOf(file, allowed, at)).toBe('STATEMENT_TIME_INVALID times');
    expect(await verdictOf(file, allowed, at + 1)).toBe('verified');
  });

  it('to build an export that would not verify', async () => {
    const building = buildExport({
      publicKey: fromHex(file.publicKey),
      evidence: file.evidence,
      statements: statementsOf(file).toReversed(),
    });
    await expect(building.catch(codeOf)).resolves.toBe('STATEMENT_LINK_BROKEN');
  });

  it('a file with any one of its characters changed', async () => {
    const compact = JSON.stringify(file);
    for (let at = 0; at < compact.length; at += 1) {
      const other = compact[at] === 'A' ? 'B' : 'A';
      const json = parsed(compact.slice(0, at) + other + compact.slice(at + 1));
      // The evidence's own format is opaque to this version; everything else must be refused.
      if (json === undefined || isOpaqueChange(json)) continue;
      expect([at, await verdictOf(json)]).not.toEqual([at, 'verified']);
    }
  });

  it('hardware evidence that its verifier refuses, with that code', async () => {
    const checkEvidence: EvidenceCheck = () =>
      Promise.reject(new RecordError('POLICY_MEASUREMENT'));
    const policy = { ...allowed, checkEvidence };
    const hardware = withEvidence({ insecure: false });
    expect(await verdictOf(hardware, policy)).toBe('POLICY_MEASUREMENT evidence');
    const { checks } = await verifyExport(hardware, policy, AT);
    expect(checks).toContainEqual({ name: 'key binding', result: 'not checked', code: null });
  });

  it('hardware evidence for another key than the one that signed', async () => {
    const checkEvidence: EvidenceCheck = async () => noKeys;
    const hardware = withEvidence({ insecure: false });
    expect(await verdictOf(hardware, { ...allowed, checkEvidence })).toBe(
      'STATEMENT_KEY_UNBOUND key binding',
    );
  });

  it('a bug of the verifier is no verdict', async () => {
    const checkEvidence: EvidenceCheck = () => Promise.reject(new TypeError('bug'));
    const hardware = withEvidence({ insecure: false });
    await expect(verdictOf(hardware, { ...allowed, checkEvidence })).rejects.toThrow(TypeError);
  });

  function withStatement(change: object): object {
    return { ...file, statements: [{ ...first, ...change }] };
  }

  function withEvidence(change: object): object {
    return { ...file, evidence: { ...file.evidence, ...change } };
  }

  function swapped(): object {
    return { body: first?.body, signature: second?.signature };
  }

  function parsed(changed: string): unknown {
    try {
      return JSON.parse(changed);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  function isOpaqueChange(json: unknown): boolean {
    const changed = json as ExportFile;
    return JSON.stringify({ ...changed, evidence: 0 }) === JSON.stringify({ ...file, evidence: 0 });
  }
});

describe('holds', () => {
  it('no verdict without every one of its checks listed', async () => {
    for (const json of [undefined, fixture()]) {
      expect((await verifyExport(json, allowed, AT)).checks).toHaveLength(10);
    }
  });

  it('the room needs nothing of Node, so that a browser can verify', () => {
    const folder = new URL('.', import.meta.url);
    const files = readdirSync(folder).filter((file) => /(?<!\.test)\.ts$/.test(file));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const source = readFileSync(new URL(file, folder), 'utf8');
      expect([file, source]).not.toEqual([
        file,
        expect.stringMatching(/'node:|\bBuffer\b|\bprocess\./),
      ]);
    }
  });
});
