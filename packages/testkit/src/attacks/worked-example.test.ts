// The worked example of docs/statement.md, executed: every byte on the page is made again from two
// seeds of RFC 8032 and compared.

import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseStatement, signingKeyFromSeed, signStatement } from '@track-record/statement';
import { buildExport, verifyExport } from '@track-record/statement/export';
import {
  formatNoteKey,
  formatProofLines,
  hashLeaf,
  noteKey,
  parseLogTrust,
  proveInclusion,
  proveRecord,
  signCheckpoint,
  treeOf,
  treeRoot,
} from '@track-record/statement/log';
import { parseDocument } from '../house/document.ts';
import { repositoryRoot } from '../house/repository.ts';
import { developmentEvidence } from './sample-export.ts';

const path = 'docs/statement.md';
const text = readFileSync(join(repositoryRoot, path), 'utf8');
const page = parseDocument({ path, text });
const [keyText, chainText, summaryText, logKeyText, leafText, checkpointText, pathText] =
  page.blocks.map((block) => block.text);

/** RFC 8032, 7.1, test 2. */
const LOG_SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
/** PKCS #8 of an Ed25519 seed is this prefix and the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = '302e020100300506032b657004220420';

const named = new Map(
  (keyText ?? '').split('\n').map((line): [string, string] => {
    const [, name = '', value = ''] = /^(.+?) +([0-9a-f]+)$/.exec(line) ?? [];
    return [name, value];
  }),
);
const key = await signingKeyFromSeed(Buffer.from(named.get('seed') ?? '', 'hex'));

interface Shown {
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly signature: string;
}

function shownStatements(): readonly Shown[] {
  const lines = (chainText ?? '').split('\n');
  return Array.from({ length: lines.length / 3 }, (_each, index) => ({
    bytes: Buffer.from(lines[index * 3] ?? '', 'utf8'),
    hash: lines[index * 3 + 1]?.replace(/^hash +/, '') ?? '',
    signature: lines[index * 3 + 2]?.replace(/^signature +/, '') ?? '',
  }));
}

const shown = shownStatements();
const signed = await Promise.all(
  shown.map(({ bytes }) => signStatement(parseStatement(bytes), key)),
);
const hashes = signed.map(({ hash }) => hash);
const leaves = await Promise.all(hashes.map((hash) => hashLeaf(Buffer.from(hash, 'hex'))));
const logPublicKey = (await signingKeyFromSeed(Buffer.from(LOG_SEED, 'hex'))).publicKey;

async function signAsLog(message: Uint8Array): Promise<Uint8Array> {
  const der = Buffer.from(PKCS8_PREFIX + LOG_SEED, 'hex');
  return sign(null, message, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

describe('accepts', () => {
  it('the key', () => {
    expect(Buffer.from(key.publicKey).toString('hex')).toBe(named.get('public key'));
    expect(key.keyId).toBe(named.get('key id'));
  });

  it('the bytes, hashes and signatures', () => {
    expect(shown).toHaveLength(3);
    const again = signed.map(({ bytes, hash, signature }) => ({
      bytes: Buffer.from(bytes).toString('utf8'),
      hash,
      signature: Buffer.from(signature).toString('base64url'),
    }));
    const onPage = shown.map((each) => ({
      ...each,
      bytes: Buffer.from(each.bytes).toString('utf8'),
    }));
    expect(again).toEqual(onPage);
  });

  it('the figures, and the whole export with its log', async () => {
    const file = await buildExport({
      publicKey: key.publicKey,
      evidence: developmentEvidence(key),
      statements: signed,
      prove: (head) => proveRecord(`${checkpointText}\n`, treeOf(leaves), head),
    });
    expect(JSON.stringify(file.summary)).toBe(summaryText);
    const policy = {
      allowDevelopmentEvidence: true,
      log: await parseLogTrust({ key: logKeyText }),
    };
    const { verdict } = await verifyExport(file, policy, Date.parse('2026-01-06T00:00:00Z'));
    expect(verdict).toBe('verified');
  });

  it('the log', async () => {
    const origin = 'log.example/records';
    expect(formatNoteKey(await noteKey('log', origin, logPublicKey))).toBe(logKeyText);
    const hex = leaves.map((leaf) => Buffer.from(leaf).toString('hex'));
    expect(hex.join('\n')).toBe(leafText);
    const checkpoint = { origin, size: 3, root: await treeRoot(leaves) };
    const note = await signCheckpoint(checkpoint, logPublicKey, signAsLog);
    expect(note).toBe(`${checkpointText}\n`);
    expect(formatProofLines(await proveInclusion(treeOf(leaves).subtrees, 2, 3))).toBe(
      `${pathText}\n`,
    );
  });
});

describe('holds', () => {
  it('the page describes every field of a statement and no other', () => {
    const fields = text.slice(text.indexOf('## Fields'), text.indexOf('## Chain'));
    const described = [...fields.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
    const first = shown[0]?.bytes ?? new Uint8Array();
    expect(described).toHaveLength(new Set(described).size);
    expect(new Set(described)).toEqual(new Set(Object.keys(parseStatement(first))));
  });
});
