// Every attack of the table, each with its own code and the check that finds it.

import { describe, expect, it } from '@jest/globals';
import { verifyExport, type ExportPolicy } from '@track-record/statement/export';
import { parseLogTrust } from '@track-record/statement/log';
import { attacks } from './attacks.ts';
import { SAMPLE_AT } from './sample-export.ts';
import { openScene } from './scene.ts';

const scene = await openScene();
const { log, ...rest } = scene.policy;
const policy: ExportPolicy = {
  allowDevelopmentEvidence: rest['allowDevelopmentEvidence'] === true,
  log: await parseLogTrust(log),
};

async function verdictOf(file: unknown): Promise<string> {
  const { verdict, code, checks } = await verifyExport(reread(file), policy, SAMPLE_AT);
  const failed = checks.find(({ result }) => result === 'failed')?.name;
  return code === null ? verdict : `${code} ${failed}`;
}

/** As a verifier gets it: text. What is no JSON is nothing. */
function reread(file: unknown): unknown {
  try {
    return JSON.parse(typeof file === 'string' ? file : JSON.stringify(file));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

describe('accepts', () => {
  it('the record as it is, with every check passed', async () => {
    const { verdict, checks } = await verifyExport(scene.file, policy, SAMPLE_AT);
    expect(verdict).toBe('verified');
    const open = checks.filter(({ result }) => result !== 'passed').map(({ name }) => name);
    expect(open).toEqual(['evidence']);
  });
});

describe('refuses', () => {
  it.each(attacks)('S3 an-altered-record-is-no-record: $name', async ({ make, found }) => {
    expect(await verdictOf(await make(scene))).toBe(found);
  });

  it('to date an hour after the check', async () => {
    const { verdict, code } = await verifyExport(scene.file, policy, SAMPLE_AT - 30 * 86_400_000);
    expect([verdict, code]).toEqual(['refused', 'STATEMENT_TIME_INVALID']);
  });
});

describe('holds', () => {
  it('sixty attacks and more, each with a name of its own', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(60);
    expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
  });

  it('no single bit of an hour, a signature or the proof can be flipped', async () => {
    const text = JSON.stringify(scene.file);
    for (let at = 0; at < text.length; at += 97) {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ 1);
      const changed = reread(text.slice(0, at) + flipped + text.slice(at + 1));
      // What development evidence says besides the key is opaque: nobody vouches for it anyway.
      if (isOpaque(changed)) continue;
      expect([at, await verdictOf(changed)]).not.toEqual([at, 'verified']);
    }
  });
});

function isOpaque(changed: unknown): boolean {
  if (typeof changed !== 'object' || changed === null) return false;
  const plain = JSON.stringify({ ...changed, evidence: 0 });
  return plain === JSON.stringify({ ...scene.file, evidence: 0 });
}
