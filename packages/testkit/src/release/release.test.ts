// The worker as deployed: complete without the checkout, the same bytes wherever it is built, and
// every change of it found and named.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { codeSha256, listFiles } from '@track-record/worker/code-digest';
import { freePort } from '../demo/stage.ts';
import { repositoryRoot } from '../house/repository.ts';
import { freshDatabase } from '../postgres/template-database.ts';
import { openSite } from '../route/site.ts';
import { CONNECTED_AT, LAST_BACKFILLED, MASTER_KEY, scenario } from '../route/small-account.ts';

const MAIN = 'node_modules/@track-record/worker/dist/main.js';
const LEDGER = 'node_modules/@track-record/ledger/dist/decimal.js';
const SYNC_MS = 60_000;
const BUILD_MS = 120_000;

let folder: string;
let release: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'track-record-release-'));
  release = path.join(folder, 'release');
  build(release, { TZ: 'UTC' }, '022');
}, BUILD_MS);

afterAll(() => rmSync(folder, { recursive: true }));

describe('accepts', () => {
  test(
    'a sync by the release alone, with its digest in the evidence',
    async () => {
      const database = await freshDatabase();
      const site = await openSite({
        scenario,
        database,
        masterKey: MASTER_KEY,
        now: CONNECTED_AT,
        workerCommand: [path.join(release, MAIN)],
      });
      try {
        const port = await freePort();
        await site.startWorker({
          ENCLAVE_PORT: String(port),
          ENCLAVE_CERTIFICATE_FILE: path.join(folder, 'enclave.pem'),
        });
        await site.handIn();
        await site.untilSigned(LAST_BACKFILLED);
        const { rows } = await site.admin.query('select from record.statement');
        expect(rows.length).toBeGreaterThan(0);
        const { binding } = readEvidence(port);
        expect(binding.codeSha256).toBe(await digestOf(release));
      } finally {
        await site.close();
        await database.drop();
      }
    },
    SYNC_MS,
  );

  test('what was built, by the command', () => {
    expect(verify(release)).toMatchObject({ verdict: 'same', differing: [] });
  });
});

describe('refuses', () => {
  test('a byte more in one file, and names the file', () => {
    const altered = copyOf('altered');
    appendFileSync(path.join(altered, LEDGER), '\n');
    expect(verify(altered)).toMatchObject({ verdict: 'different', differing: [LEDGER] });
  });

  test('a file that moved, with both of its names', () => {
    const moved = copyOf('moved');
    renameSync(path.join(moved, LEDGER), path.join(moved, `${LEDGER}.bak`));
    const answer = verify(moved);
    expect(answer).toMatchObject({ missing: [LEDGER], unexpected: [`${LEDGER}.bak`] });
  });

  test('to start in production otherwise than the image starts it, and begins so', () => {
    const image = readFileSync(path.join(repositoryRoot, 'docker/Dockerfile'), 'utf8');
    const given = [...image.matchAll(/"(--[^"]+)"/g)].map(([, flag = '']) => flag);
    const flags = given.map((flag) => flag.replace('=/app/', `=${release}/`));
    expect(startInProduction(flags)).toContain('"event":"starting"');
    expect(startInProduction([])).toContain('"code":"PROCESS_EXPOSED","place":"--permission"');
    const looking = startInProduction([...flags, '--inspect=127.0.0.1:0']);
    expect(looking).toContain('"code":"PROCESS_EXPOSED","place":"execArgv"');
  });

  test('a link, which would lead out of the tree: CODE_UNEXPECTED', async () => {
    const linked = copyOf('linked');
    symlinkSync('/etc/hostname', path.join(linked, 'link'));
    await expect(listFiles(linked).then(() => 'accepted', codeOf)).resolves.toBe('CODE_UNEXPECTED');
  });
});

describe('holds', () => {
  test(
    'another folder, zone, user mask and locale give the same digest',
    async () => {
      const again = path.join(folder, 'a', 'deeper', 'folder');
      build(again, { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' }, '077');
      expect(await digestOf(again)).toBe(await digestOf(release));
    },
    BUILD_MS,
  );
});

function build(target: string, env: Readonly<Record<string, string>>, umask: string): void {
  const script = path.join(import.meta.dirname, 'build.ts');
  const node = [process.execPath, '--conditions=@track-record/source', script, target];
  execFileSync('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...node], {
    cwd: repositoryRoot,
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
}

/** What the release prints when it is started so; without a database it goes no further. */
function startInProduction(flags: readonly string[]): string {
  const command = [process.execPath, ...flags, path.join(release, MAIN)];
  const env = {
    PATH: process.env['PATH'],
    ENCLAVE_MODE: 'production',
    AMD_SEV_SNP: 'true',
    DATABASE_URL: 'postgres://nobody:nobody@127.0.0.1:1/nothing',
    ENCLAVE_SUCCESSION_FILE: path.join(release, 'none.json'),
    ENCLAVE_CLIENT_CA_FILE: path.join(release, 'none.pem'),
    ENCLAVE_ISSUER_KEY_FILE: path.join(release, 'none.pem'),
    ENCLAVE_TRUST_DOMAIN: 'track-record.example',
  };
  const core = ['-c', 'ulimit -c 0; exec "$@"', 'sh', ...command];
  return spawnSync('sh', core, { env, encoding: 'utf8' }).stdout;
}

function verify(place: string): unknown {
  return JSON.parse(trackRecord(['build', 'verify', place, '--json']));
}

function readEvidence(port: number): { readonly binding: { readonly codeSha256: string } } {
  const file = path.join(folder, 'evidence.json');
  const certificate = path.join(folder, 'enclave.pem');
  const endpoint = `127.0.0.1:${port}`;
  const place = ['--endpoint', endpoint, '--certificate', certificate];
  trackRecord(['evidence', 'get', ...place, '-o', file]);
  return JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readEvidence>;
}

/** What the command prints, also when it refuses. */
function trackRecord(verb: readonly string[]): string {
  const main = path.join(repositoryRoot, 'packages/cli/src/main.ts');
  const command = ['--conditions=@track-record/source', main, ...verb];
  return spawnSync(process.execPath, command, { encoding: 'utf8' }).stdout;
}

function copyOf(name: string): string {
  const copy = path.join(folder, name);
  cpSync(release, copy, { recursive: true });
  return copy;
}

async function digestOf(tree: string): Promise<string> {
  return Buffer.from(codeSha256(await listFiles(tree))).toString('hex');
}
