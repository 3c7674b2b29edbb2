// The verifier in Python, which follows docs/statement.md and shares no line with ours, gives the
// same verdict on every file: the same code and the same check. It runs where there is a python3; a
// machine without one skips it, and with CI set it must be there.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { verifyExport, type ExportPolicy } from '@track-record/statement/export';
import { parseLogTrust } from '@track-record/statement/log';
import { repositoryRoot } from '../house/repository.ts';
import { attacks } from './attacks.ts';
import { SAMPLE_AT } from './sample-export.ts';
import { openScene } from './scene.ts';

const script = join(repositoryRoot, 'docs/verify_statement.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const ifPython = hasPython || process.env['CI'] !== undefined ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'track-record-second-'));
const scene = await openScene();
const policy: ExportPolicy = {
  allowDevelopmentEvidence: true,
  log: await parseLogTrust({ key: scene.log.key }),
};

afterAll(() => rmSync(folder, { recursive: true }));

async function ours(text: string): Promise<string> {
  const { code, checks, export: verified } = await verifyExport(parsed(text), policy, SAMPLE_AT);
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

/** One verdict per text, in order. */
function theirs(texts: readonly string[]): readonly string[] {
  const files = texts.map((text, at) => {
    const file = join(folder, `${at}.json`);
    writeFileSync(file, text);
    return file;
  });
  const at = new Date(SAMPLE_AT).toISOString();
  const known = ['--development', '--log-key', scene.log.key, '--at', at];
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
    const expected = await Promise.all(texts.map(ours));
    expect(theirs(texts)).toEqual(expected);
    expect(expected[0]).toMatch(/^verified -0\.0/);
  });

  it('the same verdict, code and check on every attack', async () => {
    const made = await Promise.all(attacks.map(({ make }) => make(scene)));
    const texts = made.map((file) => (typeof file === 'string' ? file : JSON.stringify(file)));
    const expected = await Promise.all(texts.map(ours));
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
    expect(theirs(texts)).toEqual(await Promise.all(texts.map(ours)));
  });
});
