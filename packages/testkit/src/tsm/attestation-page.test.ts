// docs/ATTESTATION.md, run as a stranger would: every block of it in one shell, against files that
// nobody made with the code it checks. The test stands in for three things: AMD (an authority of
// its own, which `evidence verify` is told of), the guest's files, and the evidence of real
// hardware, which takes the place of what a worker without any gave in the first step.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bindingFields } from '@track-record/attestation/binding';
import { fakeAmdAuthority, fakeCertificateTable } from '../amd/fake-authority.ts';
import { fakeFirmware } from '../amd/fake-firmware.ts';
import { freePort } from '../demo/stage.ts';
import { pem } from '../der-writer.ts';
import { parseDocument } from '../house/document.ts';
import { readRepository, readText, repositoryRoot } from '../house/repository.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openSite, type Site } from '../route/site.ts';
import { CONNECTED_AT, MASTER_KEY, scenario } from '../route/small-account.ts';

const PAGE = 'docs/ATTESTATION.md';
const START_MS = 60_000;
/** The label and fields of REPORT_DATA as docs/evidence.md has them. */
const LABEL = 'track-record-enclave/report-data/v1\0';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const withOpenssl = hasOpenssl ? describe : describe.skip;

const text = readText(readRepository(repositoryRoot), PAGE);
const [take = '', ...others] = parseDocument({ path: PAGE, text })
  .blocks.filter(({ language }) => language === 'bash')
  .map((block) => block.text);

let folder: string;
let database: FreshDatabase;
let site: Site;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'track-record-site-page-'));
  database = await freshDatabase();
  site = await openSite({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
  port = await freePort();
  await site.startWorker({
    ENCLAVE_PORT: String(port),
    ENCLAVE_CERTIFICATE_FILE: path.join(folder, 'enclave.pem'),
  });
  writeGuest();
}, START_MS);

afterAll(async () => {
  await site.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

withOpenssl('accepts', () => {
  test('every command of the page, one after the other', () => {
    const hardware = `cp hardware.json evidence.json`;
    const { status, output } = runPage([take, hardware, ...others]);
    expect([status, output]).toEqual([0, expect.stringContaining('VERIFIED')]);
    for (const shown of ['SEV-VCEK.pem: OK', 'Verified OK', 'SNP 020117']) {
      expect(output).toContain(shown);
    }
  });
});

withOpenssl('refuses', () => {
  const changes: readonly (readonly [string, string])[] = [
    ['another measurement', `echo 00 > measurement`],
    [
      'another key in the binding',
      `sed -i 's/"statementPublicKey":"../"statementPublicKey":"00/' evidence.json`,
    ],
    [
      'another signature',
      `printf '\\001' | dd of=report.bin bs=1 seek=680 conv=notrunc status=none`,
    ],
    [
      'another certificate of TLS',
      `sed -i 's/"tlsSpkiSha256":"../"tlsSpkiSha256":"00/' evidence.json`,
    ],
    ['another root', `cp stranger.pem ark.pem`],
  ];
  test.each(changes)('by hand, %s', (_name, change) => {
    const [measure = '', _verify, parts = '', ...steps] = others;
    const byHand = [take, 'cp hardware.json evidence.json', measure, parts, change, ...steps];
    expect(runPage(byHand).status).not.toBe(0);
  });
});

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** In a folder of its own; the first command that fails ends it. */
function runPage(blocks: readonly string[]): Ended {
  const place = mkdtempSync(path.join(folder, 'run-'));
  cpSync(path.join(folder, 'files'), place, { recursive: true });
  const bin = path.dirname(process.execPath);
  const child = spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', blocks.join('\n')], {
    cwd: place,
    encoding: 'utf8',
    env: { PATH: `${folder}:${bin}:${process.env['PATH']}`, ENCLAVE: `127.0.0.1:${port}` },
  });
  return { status: child.status, output: child.stdout + child.stderr };
}

/** What the page takes as given, and `pnpm` as it works in the checkout. */
function writeGuest(): void {
  const files = path.join(folder, 'files');
  mkdirSync(files);
  const main = path.join(repositoryRoot, 'packages/cli/src/main.ts');
  const node = `"${process.execPath}" --conditions=@track-record/source "${main}"`;
  writeFileSync(
    path.join(folder, 'pnpm'),
    [
      '#!/bin/sh',
      'shift 2',
      'case "$1 $2" in',
      `  "evidence verify") exec ${node} "$@" --trust-anchors ark.pem --at 2026-02-01T00:00:00Z;;`,
      `  *) exec ${node} "$@";;`,
      'esac',
      '',
    ].join('\n'),
  );
  chmodSync(path.join(folder, 'pnpm'), 0o755);
  const authority = fakeAmdAuthority();
  const guest = {
    'OVMF.fd': fakeFirmware({ pages: 2 }),
    vmlinuz: 'a kernel',
    'initrd.img': 'an initrd',
    cmdline: 'console=ttyS0 verity=1234',
    'ark.pem': pem('CERTIFICATE', authority.root('Genoa')),
    'stranger.pem': pem('CERTIFICATE', fakeAmdAuthority().root('Genoa')),
  };
  for (const [name, content] of Object.entries(guest))
    writeFileSync(path.join(files, name), content);
  copyFileSync(path.join(folder, 'enclave.pem'), path.join(files, 'enclave.pem'));
  writeFileSync(path.join(files, 'hardware.json'), hardwareEvidence(authority, files));
}

/** Written by hand: evidence of a guest of these files, bound to the TLS key that answers. */
function hardwareEvidence(authority: ReturnType<typeof fakeAmdAuthority>, files: string): string {
  const run = (command: string): string =>
    execFileSync('sh', ['-c', command], { cwd: files, encoding: 'utf8' }).trim();
  const spki = 'openssl x509 -in enclave.pem -pubkey -noout | openssl pkey -pubin -outform DER';
  const binding = Object.fromEntries(bindingFields.map((field) => [field, '']));
  binding['statementPublicKey'] = 'ab'.repeat(32);
  binding['hpkeSuite'] = '002000010002';
  binding['successionSha256'] = 'cd'.repeat(32);
  binding['tlsSpkiSha256'] = hasOpenssl ? run(`${spki} | sha256sum`).slice(0, 64) : '';
  const hash = createHash('sha512').update(LABEL);
  for (const [index, value] of Object.values(binding).entries()) {
    const head = Buffer.alloc(6);
    head.writeUInt16BE(index + 1);
    head.writeUInt32BE(value.length / 2, 2);
    hash.update(head).update(value, 'hex');
  }
  const measured = run(
    `"${folder}/pnpm" --silent track-record measure --ovmf OVMF.fd --kernel vmlinuz ` +
      `--initrd initrd.img --append "$(cat cmdline)" --vcpus 2 --vcpu-type EPYC-v4`,
  );
  const kind = { product: 'Genoa', signer: 'VCEK' } as const;
  const leaf = authority.leaf(kind);
  const measurement = Buffer.from(measured, 'hex');
  const report = authority.report({ ...kind, measurement, reportData: hash.digest() }, leaf);
  const table = fakeCertificateTable([
    ['63da758d-e664-4564-adc5-f4b93be8accd', leaf.der],
    ['4ab7b379-bbac-4fe4-a02f-05aef327c782', authority.intermediate(kind)],
  ]);
  return JSON.stringify({
    format: 'track-record-evidence/1',
    insecure: false,
    collectedAt: '2026-01-05T00:00:00.000Z',
    report: report.toString('base64'),
    certificateTable: table.toString('base64'),
    binding,
  });
}
