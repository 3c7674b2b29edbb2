import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { fromHex, toHex } from '../text-bytes.ts';
import {
  checkExtends,
  formatProofLines,
  parseProofLines,
  verifyCheckpoint,
  type LogPolicy,
} from './checkpoint.ts';
import { signCheckpoint } from './signer.ts';
import { parseLogProof, parseLogTrust, proveRecord, verifyLogProof } from './log-proof.ts';
import { noteKey, type NoteKey } from './note-key.ts';
import { formatNoteKey, signNoteText } from './note.ts';
import { hashLeaf, treeRoot } from './tree-hash.ts';
import { proveConsistency, treeOf } from './tree.ts';

const ORIGIN = 'log.example/records';
const TIME = 1_800_000_000;
const statements = Array.from({ length: 11 }, (_each, at) => at.toString(16).padStart(64, '0'));
const leaves = await Promise.all(statements.map((each) => hashLeaf(fromHex(each))));

interface Signer {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

/** Node's own Ed25519 rather than the code under test. */
function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    publicKey: Buffer.from(x, 'base64url'),
    sign: async (message) => sign(null, message, privateKey),
  };
}

const log = newSigner();
const other = newSigner();
const key = await noteKey('log', ORIGIN, log.publicKey);
const witness = await noteKey('witness', 'witness.example/w1', other.publicKey);
const logAsWitness = await noteKey('witness', 'witness.example/w2', log.publicKey);
const policy: LogPolicy = { key, witnesses: [], witnessesMin: 0 };

async function checkpointOf(size: number, root = treeRoot(leaves.slice(0, size))): Promise<string> {
  return signCheckpoint({ origin: ORIGIN, size, root: await root }, log.publicKey, log.sign);
}

async function cosigned(note: string): Promise<string> {
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  return note + (await signNoteText(text, witness, TIME, other.sign));
}

async function signedText(text: string, by: NoteKey = key): Promise<string> {
  return `${text}\n${await signNoteText(text, by, null, log.sign)}`;
}

async function extension(
  from: string,
  to: string,
  proof: () => Promise<readonly Uint8Array<ArrayBuffer>[]>,
): Promise<void> {
  const earlier = await verifyCheckpoint(from, policy);
  await checkExtends(earlier, await verifyCheckpoint(to, policy), await proof());
}

describe('accepts', () => {
  it('what it signed', async () => {
    const verified = await verifyCheckpoint(await checkpointOf(11), policy);
    expect(verified).toMatchObject({ origin: ORIGIN, size: 11, cosignatures: [] });
    expect(toHex(verified.root)).toBe(toHex(await treeRoot(leaves)));
  });

  it('the empty log', async () => {
    expect(await verifyCheckpoint(await checkpointOf(0), policy)).toMatchObject({ size: 0 });
  });

  it('a quorum of witnesses, and says when they looked', async () => {
    const note = await cosigned(await checkpointOf(11));
    const strict = { key, witnesses: [witness], witnessesMin: 1 };
    expect(await verifyCheckpoint(note, strict)).toMatchObject({ cosignatures: [{ time: TIME }] });
    // Unknown witnesses are ignored, not refused.
    expect(await verifyCheckpoint(note, policy)).toMatchObject({ cosignatures: [] });
  });

  it('a log that grew', async () => {
    const proof = await proveConsistency(treeOf(leaves).subtrees, 4, leaves.length);
    const lines = parseProofLines(formatProofLines(proof));
    expect(lines.map(toHex)).toEqual(proof.map(toHex));
    await extension(await checkpointOf(4), await checkpointOf(11), async () => lines);
  });

  it('the same checkpoint twice', async () => {
    await extension(await checkpointOf(4), await checkpointOf(4), async () => parseProofLines(''));
  });

  it('a proof for every statement of the log, and the policy that reads it', async () => {
    const note = await cosigned(await checkpointOf(11));
    const trust = await parseLogTrust({
      key: formatNoteKey(key),
      witnesses: [formatNoteKey(witness)],
      witnessesMin: 1,
      known: note,
    });
    for (const head of statements) {
      const proof = await proveRecord(note, treeOf(leaves), head);
      const parsed = parseLogProof(JSON.parse(JSON.stringify(proof)));
      await verifyLogProof(parsed, head, await verifyCheckpoint(parsed.checkpoint, trust));
    }
  });
});

describe('refuses', () => {
  const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
  const texts: readonly (readonly [string, string])[] = [
    ['no origin', `\n1\n${root}\n`],
    ['a size with a leading zero', `${ORIGIN}\n01\n${root}\n`],
    ['a negative size', `${ORIGIN}\n-1\n${root}\n`],
    ['a size beyond counting', `${ORIGIN}\n9999999999999999\n${root}\n`],
    ['a size with a point', `${ORIGIN}\n1.0\n${root}\n`],
    ['a root cut short', `${ORIGIN}\n1\n${root.slice(4)}\n`],
    ['a root of the URL alphabet', `${ORIGIN}\n1\n${root.replace('/', '_')}\n`],
    ['an extension line', `${ORIGIN}\n1\n${root}\nmore\n`],
    ['an empty line', `${ORIGIN}\n1\n${root}\n\n`],
    ['no root', `${ORIGIN}\n1\n`],
  ];
  it.each(texts)('a checkpoint with %s', async (_name, text) => {
    const refusal = signedText(text).then((note) => verifyCheckpoint(note, policy));
    await expect(refusal.catch(codeOf)).resolves.toBe('LOG_MALFORMED');
  });

  it('the checkpoint of another log by the same key', async () => {
    const refusal = signedText(`other.example\n1\n${root}\n`).then((note) =>
      verifyCheckpoint(note, policy),
    );
    await expect(refusal.catch(codeOf)).resolves.toBe('LOG_SIGNATURE_INVALID');
  });

  it('fewer witnesses than the policy asks for', async () => {
    const strict = { key, witnesses: [witness], witnessesMin: 1 };
    const refusal = verifyCheckpoint(await checkpointOf(3), strict);
    await expect(refusal.catch(codeOf)).resolves.toBe('LOG_COSIGNATURE_MISSING');
  });

  const forged = Promise.resolve(leaves[0] ?? new Uint8Array(32));
  const pairs: readonly (readonly [string, () => Promise<void>, string])[] = [
    [
      'a log that shrank',
      async () => extension(await checkpointOf(11), await checkpointOf(4), async () => []),
      'LOG_ROLLED_BACK',
    ],
    [
      'two roots of one size',
      async () => extension(await checkpointOf(4), await checkpointOf(4, forged), async () => []),
      'LOG_SPLIT_VIEW',
    ],
    [
      'a log rewritten and grown',
      async () =>
        extension(await checkpointOf(4, forged), await checkpointOf(11), () =>
          proveConsistency(treeOf(leaves).subtrees, 4, leaves.length),
        ),
      'LOG_INCONSISTENT',
    ],
    [
      'growth without a proof',
      async () => extension(await checkpointOf(4), await checkpointOf(11), async () => []),
      'LOG_INCONSISTENT',
    ],
  ];
  it.each(pairs)('%s', async (_name, work, expected) => {
    await expect(work().catch(codeOf)).resolves.toBe(expected);
  });

  it.each([['AAAA\n'], [root], [`${root}\n\n`], [' '], [`${root} ${root}\n`]])(
    'the proof lines %j',
    (text) => {
      expect(() => parseProofLines(text)).toThrow(RecordError);
    },
  );

  const members: readonly (readonly [string, unknown])[] = [
    ['text', 'log'],
    ['a member missing', { checkpoint: '', index: 0 }],
    ['a member more', { checkpoint: '', index: 0, inclusion: [], note: '' }],
    ['an index as text', { checkpoint: '', index: '0', inclusion: [] }],
    ['an index below zero', { checkpoint: '', index: -1, inclusion: [] }],
    ['half an index', { checkpoint: '', index: 0.5, inclusion: [] }],
    ['a checkpoint as bytes', { checkpoint: [1], index: 0, inclusion: [] }],
    ['a path as text', { checkpoint: '', index: 0, inclusion: '' }],
    ['a path of numbers', { checkpoint: '', index: 0, inclusion: [1] }],
    ['an endless path', { checkpoint: '', index: 0, inclusion: Array(54).fill(root) }],
  ];
  it.each(members)('a log member: %s', (_name, json) => {
    expect(() => parseLogProof(json)).toThrow(RecordError);
  });

  const keyText = formatNoteKey(key);
  const witnessText = formatNoteKey(witness);
  const ownWitness = formatNoteKey(logAsWitness);
  const policies: readonly (readonly [string, unknown])[] = [
    ['no key', {}],
    ['a witness as log', { key: witnessText }],
    ['a log as witness', { key: keyText, witnesses: [keyText] }],
    ['a witness twice', { key: keyText, witnesses: [witnessText, witnessText] }],
    ['the log as its own witness', { key: keyText, witnesses: [ownWitness] }],
    ['more than there are', { key: keyText, witnesses: [witnessText], witnessesMin: 2 }],
    ['half a witness', { key: keyText, witnesses: [witnessText], witnessesMin: 0.5 }],
    ['a misspelt member', { key: keyText, witness: [witnessText] }],
    ['a known checkpoint that is none', { key: keyText, known: 'checkpoint' }],
    ['a list', [keyText]],
  ];
  it.each(policies)('a policy with %s', async (_name, json) => {
    await expect(parseLogTrust(json).catch(codeOf)).resolves.toBe('LOG_MALFORMED');
  });
});

describe('holds', () => {
  it('a proof holds for its own statement only', async () => {
    const note = await checkpointOf(11);
    const checkpoint = await verifyCheckpoint(note, policy);
    const proof = await proveRecord(note, treeOf(leaves), statements[3] ?? '');
    for (const [at, head] of statements.entries()) {
      const outcome = await verifyLogProof(proof, head, checkpoint).then(() => 'accepted', codeOf);
      expect(outcome).toBe(at === 3 ? 'accepted' : 'LOG_INCLUSION_INVALID');
    }
  });
});
