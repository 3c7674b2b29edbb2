// The verifier in Python, which follows docs/statement.md and shares no line with ours, gives the
// same verdict on every file: the same code and the same check. It runs where there is a python3; a
// machine without one skips it, and with CI set it must be there.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { verifyExport, type ExportPolicy } from '@track-record/statement/export';
import { parseLogTrust, parseProofLines } from '@track-record/statement/log';
import { repositoryRoot } from '../house/repository.ts';
import { attacks } from './attacks.ts';
import { SAMPLE_AT } from './sample-export.ts';
import { KNOWN_SIZE, openScene } from './scene.ts';

const script = join(repositoryRoot, 'docs/verify_statement.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const ifPython = hasPython || process.env['CI'] !== undefined ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'track-record-second-'));
const scene = await openScene();
const policy: ExportPolicy = {
  allowDevelopmentEvidence: true,
  log: await parseLogTrust({ key: scene.log.key, known: scene.known, growth: scene.growth }),
};

afterAll(() => rmSync(folder, { recursive: true }));

async function ours(text: string, given = policy): Promise<string> {
  const { code, checks, export: verified } = await verifyExport(parsed(text), given, SAMPLE_AT);
  const failed = checks.find(({ result }) => result === 'failed')?.name;
  if (code !== null) return `refused ${code} at ${failed}`;
  return `verified ${verified?.summary.totalReturn ?? 'None'}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const atIso = new Date(SAMPLE_AT).toISOString();
const logOptions = ['--log-key', scene.log.key, '--checkpoint', fileOf('known', scene.known)];
const proofOptions = ['--proof', fileOf('proof', scene.growth)];

/** One verdict per text, in order. */
function theirs(
  texts: readonly string[],
  options: readonly string[] = [...logOptions, ...proofOptions],
): readonly string[] {
  const files = texts.map((text, at) => {
    return fileOf(`${at}.json`, text);
  });
  const known = ['--development', '--at', atIso, ...options];
  const { stdout } = spawnSync('python3', [script, ...known, ...files], { encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line, index) => line.replace(`${files[index]}: `, ''));
}

ifPython('holds', () => {
  it('the same verdict on good files', async () => {
    const python = new URL(
      '../../../statement/src/fixtures/export-by-python.json',
      import.meta.url,
    );
    const { log: _log, ...unlogged } = scene.file;
    const texts = [JSON.stringify(scene.file), JSON.stringify(unlogged)];
    texts.push(readFileSync(python, 'utf8'));
    const expected = await Promise.all(texts.map((text) => ours(text)));
    expect(theirs(texts)).toEqual(expected);
    expect(expected[0]).toMatch(/^verified -0\.0/);
  });

  it('the same verdict, code and check on every attack', async () => {
    const made = await Promise.all(attacks.map(({ make }) => make(scene)));
    const texts = made.map((file) => (typeof file === 'string' ? file : JSON.stringify(file)));
    const expected = await Promise.all(texts.map((text) => ours(text)));
    const found = theirs(texts);
    const named = (verdicts: readonly string[]): readonly string[] =>
      attacks.map(({ name }, at) => `${name}: ${verdicts[at]}`);
    expect(named(found)).toEqual(named(expected));
  });

  it('the same verdict wherever one bit is flipped', async () => {
    const text = JSON.stringify(scene.file);
    const texts = Array.from({ length: 60 }, (_each, index) => {
      const at = (index * 211) % text.length;
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ 1);
      return text.slice(0, at) + flipped + text.slice(at + 1);
    });
    expect(theirs(texts)).toEqual(await Promise.all(texts.map((text) => ours(text))));
  });

  it('the same verdict on the log of the evidence, and on what was known of it', async () => {
    const key = Buffer.from(scene.log.signer.key.publicKey).toString('hex');
    const naming = (logPublicKey: string): object => {
      const binding = { ...Object(scene.file.evidence['binding']), logPublicKey };
      return { ...scene.file, evidence: { ...scene.file.evidence, binding } };
    };
    const other = await scene.log.checkpoint(KNOWN_SIZE, scene.log.leaves.toReversed());
    const wrong = scene.growth.split('\n').toReversed().join('\n').trimStart().concat('\n');
    const rows: readonly (readonly [object, string | null, string, string])[] = [
      [naming(key), null, '', 'verified -0.0'],
      [naming('00'.repeat(32)), null, '', 'refused LOG_SIGNATURE_INVALID at log inclusion'],
      [naming(''), null, '', 'verified -0.0'],
      [naming(''), scene.known, scene.growth, 'refused LOG_MALFORMED at log inclusion'],
      [naming(key), scene.known, scene.growth, 'verified -0.0'],
      [naming(key), scene.known, '', 'refused LOG_INCONSISTENT at log history'],
      [naming(key), scene.known, wrong, 'refused LOG_INCONSISTENT at log history'],
      [naming(key), other, scene.growth, 'refused LOG_INCONSISTENT at log history'],
      [naming(key), 'checkpoint', '', 'refused LOG_MALFORMED at log history'],
    ];
    for (const [file, known, proof, verdict] of rows) {
      const text = JSON.stringify(file);
      const given = { note: known ?? '', growth: async () => parseProofLines(proof) };
      const expected = await ours(text, {
        allowDevelopmentEvidence: true,
        ...(known === null ? {} : { known: given }),
      });
      const saved = known === null ? [] : ['--checkpoint', fileOf('saved', known)];
      const lines = proof === '' ? [] : ['--proof', fileOf('lines', proof)];
      expect(theirs([text], [...saved, ...lines])).toEqual([expected]);
      expect(expected).toContain(verdict);
    }
  });
});
