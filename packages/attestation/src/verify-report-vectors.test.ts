// Every single-bit flip of genuine reports and of a genuine certificate, the pins against AMD's own
// certificates, and a certificate table as a real host gave it. The files are read from VECTORS_DIR
// and never copied; their origin stands in its MANIFEST. The answers for all genuine reports are in
// the test of `track-record attestation verify`.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { parseTrustAnchors } from './auditor/index.ts';
import { parseCertificate } from './certificate.ts';
import { amdTrustAnchors, endorsementsOfAuxBlob, parseReport, verifyReport } from './index.ts';

const FOLDER = join(process.env['VECTORS_DIR'] ?? '../shared/vectors', 'attestation');
const present = existsSync(FOLDER) || process.env['CI'] !== undefined;
const withVectors = present ? describe : describe.skip;

const AT = Date.UTC(2026, 9, 1);
/** Verifications under way at once: enough for two cores. */
const BATCH = 64;

function read(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

/** The code of the refusal, or what else came of it. */
async function answer(
  report: Uint8Array,
  leaf: Uint8Array,
  intermediate: Uint8Array | null,
): Promise<string> {
  const endorsements = { leaf, intermediate, revocationList: null };
  try {
    const verified = await verifyReport(parseReport(report), endorsements, amdTrustAnchors, AT);
    return `accepted ${verified.product}`;
  } catch (error) {
    return error instanceof RecordError ? error.code : String(error);
  }
}

/** How many of all single-bit flips got which answer. */
async function answersToFlips(
  bytes: Buffer,
  ask: (flipped: Buffer) => Promise<string>,
): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  for (let first = 0; first < bytes.length * 8; first += BATCH) {
    const bits = Array.from({ length: BATCH }, (_, index) => first + index);
    const inside = bits.filter((bit) => bit < bytes.length * 8);
    for (const each of await Promise.all(inside.map((bit) => ask(flipped(bytes, bit))))) {
      answers.set(each, (answers.get(each) ?? 0) + 1);
    }
  }
  return answers;
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
}

withVectors('accepts', () => {
  const products = ['Milan', 'Genoa', 'Turin'];
  const names = products.flatMap((product) => [
    [`ca/${product.toLowerCase()}-ark.pem`, `ARK-${product}`],
    [`ca/${product.toLowerCase()}-ask.pem`, `SEV-${product}`],
    [`ca/${product.toLowerCase()}-asvk.pem`, `SEV-VLEK-${product}`],
  ]);
  test.each(names)('the pin of %s is that of %s', async (file = '', commonName = '') => {
    const { roots, intermediates } = await parseTrustAnchors(read(file));
    const ours = [...amdTrustAnchors.roots, ...amdTrustAnchors.intermediates];
    const [theirs] = [...roots, ...intermediates];
    expect(theirs?.commonName).toBe(commonName);
    expect(ours.find((anchor) => anchor.commonName === commonName)).toEqual(theirs);
  });

  test('with the certificate of the issuer, which the pinned root signed', async () => {
    const report = read('vectors/turin-v5-mstav.report.bin');
    const leaf = read('vectors/turin-v5-mstav.vcek.der');
    expect(await answer(report, leaf, read('ca/turin-ask.pem'))).toBe('accepted Turin');
  });

  test('the certificate table that a host gave with its report', async () => {
    const table = endorsementsOfAuxBlob(read('vectors/genoa-v3-veraison.auxblob.bin'));
    const leaf = parseCertificate(read('vectors/genoa-v3-veraison.vcek.der'));
    expect(parseCertificate(table.leaf).spki).toEqual(leaf.spki);
    expect(table.intermediate).not.toBeNull();
    const report = parseReport(read('vectors/genoa-v3-veraison.report.bin'));
    const verified = await verifyReport(report, table, amdTrustAnchors, AT);
    expect(verified.product).toBe('Genoa');
  });
});

withVectors('refuses', () => {
  test.each(['genoa-v3-mstav', 'turin-v5-mstav', 'milan-v2-virtee'])(
    'every flipped bit of the report %s',
    async (id) => {
      const report = read(`vectors/${id}.report.bin`);
      const leaf = read(`vectors/${id}.vcek.der`);
      expect(await answer(report, leaf, null)).toMatch(/^accepted/);
      const answers = await answersToFlips(report, (copy) => answer(copy, leaf, null));
      expect([...answers.keys()].toSorted()).toEqual([
        'CHAIN_INVALID',
        'REPORT_MALFORMED',
        'SIGNATURE_INVALID',
      ]);
      expect(sum(answers)).toBe(1184 * 8);
    },
  );

  test('every flipped bit of a leaf', async () => {
    const report = read('vectors/genoa-v3-mstav.report.bin');
    const leaf = read('vectors/genoa-v3-mstav.vcek.der');
    const answers = await answersToFlips(leaf, (copy) => answer(report, copy, null));
    expect([...answers]).toEqual([['CHAIN_INVALID', leaf.length * 8]]);
  });

  test('every truncation of a report and of its leaf', async () => {
    const report = read('vectors/genoa-v3-mstav.report.bin');
    const leaf = read('vectors/genoa-v3-mstav.vcek.der');
    for (let size = 0; size < report.length; size += 1) {
      expect(await answer(report.subarray(0, size), leaf, null)).toBe('REPORT_MALFORMED');
    }
    for (let size = 0; size < leaf.length; size += 1) {
      expect(await answer(report, leaf.subarray(0, size), null)).toBe('CHAIN_INVALID');
    }
  });

  test('every truncation of a genuine certificate table, and bytes behind a leaf', async () => {
    const table = read('vectors/genoa-v3-veraison.auxblob.bin');
    const entries = table.subarray(0, 24 * 3);
    const ends = [0, 24, 48].map(
      (at) => entries.readUInt32LE(at + 16) + entries.readUInt32LE(at + 20),
    );
    for (let size = 0; size < Math.max(...ends); size += 1) {
      expect(() => endorsementsOfAuxBlob(table.subarray(0, size))).toThrow(RecordError);
    }
    const report = read('vectors/genoa-v3-mstav.report.bin');
    const leaf = read('vectors/genoa-v3-mstav.vcek.der');
    const behind = [Buffer.of(0), Buffer.from('\n'), leaf].map((more) =>
      Buffer.concat([leaf, more]),
    );
    for (const longer of behind) expect(await answer(report, longer, null)).toBe('CHAIN_INVALID');
  });

  test('every leaf but its own, of its product and of others', async () => {
    const report = read('vectors/milan-v3-mstav.report.bin');
    const own = ['milan-v3-mstav.vcek.der', 'milan-v3-mstav.vcek-2.der'];
    const leaves = readdirSync(join(FOLDER, 'vectors')).filter((name) => name.endsWith('.der'));
    expect(leaves.length).toBeGreaterThan(19);
    for (const name of leaves) {
      const expected = own.includes(name) ? 'accepted Milan' : 'CHAIN_INVALID';
      expect([name, await answer(report, read(`vectors/${name}`), null)]).toEqual([name, expected]);
    }
  });
});

function sum(answers: ReadonlyMap<string, number>): number {
  return [...answers.values()].reduce((total, count) => total + count, 0);
}
