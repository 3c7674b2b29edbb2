// The verifier and the intake client inside Chromium, against the same modules in Node: the same
// answer to every question, in code, reason and parsed fields (regression for field-lessons R47 and
// R57: interop both ways, on genuine reports). Skipped where there is no Chromium.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { intakeKeyPair, openIntake, sealIntake, Secret } from '@track-record/sealing/intake';
import { splitMasterKey, UnsealSession } from '@track-record/sealing/unseal';
import { fakeAmdAuthority } from '../amd/fake-authority.ts';
import { fakeEvidenceDocument, SETTLED } from '../amd/fake-document.ts';
import { type EvidenceChange, fakeEvidence } from '../amd/fake-evidence.ts';
import { type Browser, hasChromium, startBrowser } from './browser.ts';
import { base64Of, bytesOf, type Question, verdictsOf, verdictsOnFlips } from './verdicts.ts';

const FOLDER = join(process.env['VECTORS_DIR'] ?? '../shared/vectors', 'attestation');
const hasVectors = existsSync(FOLDER) || process.env['CI'] !== undefined;
const inChromium = hasChromium ? describe : describe.skip;
const onVectors = hasVectors ? test : test.skip;

const VERDICTS = './verdicts.ts';
const INTAKE = './intake-client.ts';
const HOLDER = './share-holder.ts';
const NOW = Date.UTC(2026, 0, 1);
/** RFC 9180, A.1.1: ikmR. */
const SEED = Buffer.from('6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037', 'hex');
const IDENTITY = { ownerId: 'owner-1', venue: 'binance', accountId: 'account-1' };
const FIELDS = { apiKey: 'an api key', secret: 'ein Geheimnis, ünïcode' };

interface Vector {
  readonly id: string;
  readonly report: string;
  readonly certs: readonly string[];
  readonly product: string;
  readonly signer: string;
  readonly expect: { readonly verifyAt: string };
  readonly fields: Readonly<Record<'measurement' | 'reportData' | 'chipId', string>>;
}

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  if (hasChromium) await browser.close();
});

function readVectors(): readonly Vector[] {
  const text = readFileSync(join(FOLDER, 'vectors.json'), 'utf8');
  return (JSON.parse(text) as { readonly vectors: readonly Vector[] }).vectors;
}

/** A question per leaf: two chips have two certificates of one key. */
function questionsOf(vector: Vector): readonly Question[] {
  return vector.certs.map((leaf) => ({
    name: `${vector.id} ${leaf}`,
    report: readFileSync(join(FOLDER, vector.report)).toString('base64'),
    leaf: readFileSync(join(FOLDER, leaf)).toString('base64'),
    intermediate: null,
    revocationList: null,
    anchors: null,
    now: Date.parse(vector.expect.verifyAt),
    policy: null,
  }));
}

const authority = fakeAmdAuthority();
const anchors = authority.rootsPem;
const accepting = { measurements: ['4d'.repeat(48)], reportData: ['00'.repeat(64)] };

function fakeQuestion(name: string, change: EvidenceChange, policy = {}): Question {
  const { report, endorsements } = fakeEvidence(authority, change);
  return {
    name,
    report: report.toString('base64'),
    leaf: endorsements.leaf.toString('base64'),
    intermediate: endorsements.intermediate?.toString('base64') ?? null,
    revocationList: endorsements.revocationList?.toString('base64') ?? null,
    anchors,
    now: NOW,
    policy: { ...accepting, ...policy },
  };
}

async function expectSameVerdicts(questions: readonly Question[]): Promise<readonly string[]> {
  const inNode = await verdictsOf(questions);
  expect(await browser.call(VERDICTS, 'verdictsOf', questions)).toEqual(inNode);
  return inNode.map(({ code }) => code);
}

inChromium('accepts', () => {
  onVectors('every genuine report, with the fields of its MANIFEST', async () => {
    const vectors = readVectors();
    expect(vectors).toHaveLength(19);
    const codes = await expectSameVerdicts(vectors.flatMap(questionsOf));
    expect(new Set(codes)).toEqual(new Set(['ACCEPTED']));
    for (const vector of vectors) {
      const [question] = questionsOf(vector);
      const answer = await browser.call(VERDICTS, 'verdictsOf', [question]);
      const [{ report = '' } = {}] = answer as readonly { readonly report?: string }[];
      const { measurement, reportData, chipId } = vector.fields;
      expect(JSON.parse(report)).toMatchObject({
        product: vector.product,
        fields: { measurement, reportData, chipId, signer: vector.signer },
      });
    }
  });

  test('what a browser sealed, in Node, and the other way round', async () => {
    const keys = await intakeKeyPair(new Secret(new Uint8Array(SEED)));
    const call = { publicKey: base64Of(keys.publicKey), fields: FIELDS };
    const sealed = await browser.call(INTAKE, 'sealedInBrowser', call);
    const opened = await openIntake(keys, bytesOf(String(sealed)), IDENTITY);
    const texts = [...opened].map(([name, secret]) => [
      name,
      secret.open((bytes) => new TextDecoder().decode(bytes)),
    ]);
    expect(Object.fromEntries(texts)).toEqual(FIELDS);
    const message = base64Of(await sealIntake(keys.publicKey, { ...IDENTITY, fields: FIELDS }));
    const back = { seed: SEED.toString('base64'), message };
    expect(await browser.call(INTAKE, 'openedInBrowser', back)).toEqual(FIELDS);
  });

  test('credentials that a browser sealed to evidence it verified itself', async () => {
    const keys = await intakeKeyPair(new Secret(new Uint8Array(SEED)));
    const intakePublicKey = Buffer.from(keys.publicKey).toString('hex');
    const evidence = await fakeEvidenceDocument(authority, { ...SETTLED, intakePublicKey });
    const policy = { measurements: accepting.measurements };
    const call = { evidence, policy, anchors, now: NOW, fields: FIELDS };
    const sealed = await browser.call(INTAKE, 'sealedToEvidence', call);
    const opened = await openIntake(keys, bytesOf(String(sealed)), IDENTITY);
    expect([...opened.keys()]).toEqual(Object.keys(FIELDS));
  });

  test('shares of the master key that holders sealed in a browser', async () => {
    const { quorum, shares } = await splitMasterKey(new Secret(new Uint8Array(SEED)), 2, 3);
    const session = await UnsealSession.start(quorum, new Secret(new Uint8Array(32).fill(9)));
    const publicKey = base64Of(session.publicKey);
    const reportData = new Uint8Array(64).fill(7);
    for (const [at, each] of shares.slice(1).entries()) {
      const context = { holder: `holder-${at}`, reportData };
      const { keyCommitment } = quorum;
      const share = each.open(base64Of);
      const call = {
        ...context,
        publicKey,
        keyCommitment,
        share,
        reportData: base64Of(reportData),
      };
      const message = await browser.call(HOLDER, 'sealedShareInBrowser', call);
      await session.acceptShare(bytesOf(String(message)), context);
    }
    const master = await session.masterKeyOfShares();
    expect(master.open((bytes) => Buffer.from(bytes).equals(SEED))).toBe(true);
  });
});

inChromium('refuses', () => {
  const late = { leaf: { notAfter: NOW - 1 } };
  const stranger = fakeAmdAuthority().intermediate({ product: 'Genoa', signer: 'VCEK' });
  const list = {
    product: 'Genoa',
    revoked: [1],
    thisUpdate: NOW - 1,
    nextUpdate: NOW + 1,
  } as const;
  const cases: readonly (readonly [string, Question])[] = [
    ['ACCEPTED', fakeQuestion('a good one', {})],
    ['REPORT_MALFORMED', fakeQuestion('a cut one', { after: (report) => report.subarray(1) })],
    ['REPORT_MALFORMED', fakeQuestion('version 6', { report: { version: 6 } })],
    ['CHAIN_INVALID', fakeQuestion('a leaf out of date', late)],
    ['CHAIN_INVALID', fakeQuestion('PKCS #1 v1.5', { leaf: { signature: 'pkcs1' } })],
    ['CHAIN_INVALID', fakeQuestion('a short salt', { leaf: { signature: 'shortSalt' } })],
    ['CHAIN_INVALID', fakeQuestion('another curve', { leaf: { curve: 'P-256' } })],
    ['CHAIN_INVALID', fakeQuestion('a strange issuer', { intermediate: stranger })],
    ['CHAIN_INVALID', fakeQuestion('no issuer', { intermediate: null })],
    ['CHAIN_INVALID', fakeQuestion('revoked', { revocationList: authority.revocationList(list) })],
    ['CHAIN_INVALID', { ...fakeQuestion('not AMD', {}), anchors: null }],
    ['CHAIN_INVALID', fakeQuestion('another chip', { report: { chipId: Buffer.alloc(64, 7) } })],
    ['POLICY_DEBUG', fakeQuestion('debug', { report: { policy: 0xb0000n } })],
    ['POLICY_VMPL', fakeQuestion('VMPL 1', { report: { vmpl: 1 } })],
    ['POLICY_MEASUREMENT', fakeQuestion('nothing expected', {}, { measurements: [] })],
    ['POLICY_REPORT_DATA', fakeQuestion('other keys', {}, { reportData: ['11'.repeat(64)] })],
    ['POLICY_TCB', fakeQuestion('old microcode', {}, { minTcb: { microcode: 255 } })],
  ];

  test('the same as Node, for the same reason', async () => {
    const codes = await expectSameVerdicts(cases.map(([, question]) => question));
    expect(codes).toEqual(cases.map(([code]) => code));
  });

  const flips = [
    ['genoa-v3-mstav', 'report', 5],
    ['turin-v5-mstav', 'report', 7],
    ['genoa-v3-mstav', 'leaf', 11],
  ] as const;
  for (const [id, part, stride] of flips) {
    onVectors(`every ${stride}th flipped bit of the ${part} ${id}`, async () => {
      const [question] = readVectors()
        .filter((vector) => vector.id === id)
        .flatMap(questionsOf);
      if (question === undefined) throw new Error(`There is no vector ${id}.`);
      const inNode = await verdictsOnFlips({ question, part, stride });
      expect(await browser.call(VERDICTS, 'verdictsOnFlips', { question, part, stride })).toEqual(
        inNode,
      );
      expect(inNode.filter((answer) => answer.includes('ACCEPTED'))).toEqual([]);
      expect(inNode.length).toBeGreaterThan(900);
    });
  }
});

inChromium('holds', () => {
  test('nothing is asked of anybody but the test', () => {
    expect(browser.requests.length).toBeGreaterThan(0);
    expect(browser.requests.filter((url) => !url.startsWith(browser.origin))).toEqual([]);
  });
});
