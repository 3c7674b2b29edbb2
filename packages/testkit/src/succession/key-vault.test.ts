// A worker that asks an external key vault, one that waits for the keys of a rotation, and one
// that is stopped while it waits.

import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { manifestBytes, parseManifest } from '@track-record/attestation/manifest';
import { codeOf } from '@track-record/errors';
import type { RpcServer } from '@track-record/rpc';
import { parseConfig } from '../../../worker/src/config.ts';
import { startWorker, type Worker } from '../../../worker/src/worker.ts';
import { fakeAmdAuthority } from '../amd/fake-authority.ts';
import { freePort } from '../demo/stage.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { fakeTsm } from '../tsm/fake-tsm.ts';
import { connectWhenOpen, holdersOf, type Holders } from './holders.ts';
import { startKeyVault } from './key-vault.ts';

const NOW = Date.UTC(2026, 1, 1);
const KEY = 'c3'.repeat(32);
const NEXT_KEY = 'd4'.repeat(32);
const CODE = 'ab'.repeat(32);
const folder = mkdtempSync(join(tmpdir(), 'track-record-key-vault-'));
const authority = fakeAmdAuthority();
const trustAnchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));
const releaseKey = generateKeyPairSync('ed25519');
const key = releaseKey.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);

let database: FreshDatabase;
let holders: Holders;
let vault: RpcServer;

beforeAll(async () => {
  database = await freshDatabase();
  holders = await holdersOf(KEY, join(folder, 'succession.json'), [key.toString('hex')]);
  const { succession } = holders;
  const now = (): number => NOW;
  vault = await startKeyVault({ masterKey: KEY, succession, minSvn: 3, trustAnchors, now });
});

afterAll(async () => {
  await vault.stop(0);
  await database.drop();
  rmSync(folder, { recursive: true });
});

interface Started {
  readonly worker: Promise<Worker>;
  readonly endpoint: string;
  /** Events and codes. */
  readonly told: string[];
  readonly stopping: AbortController;
}

async function start(
  settings: Readonly<Record<string, string>>,
  svn = 3,
  report = {},
): Promise<Started> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const told: string[] = [];
  const stopping = new AbortController();
  const worker = startWorker({
    config: parseConfig({
      DATABASE_URL: database.urlFor('enclave_worker'),
      AMD_SEV_SNP: 'true',
      ENCLAVE_PORT: endpoint.split(':')[1],
      ENCLAVE_SUCCESSION_FILE: holders.file,
      ENCLAVE_RELEASE_FILE: releaseOf(svn),
      ...settings,
    }),
    clock: () => NOW,
    log: (event, { code } = {}) => {
      told.push(code === undefined ? event : `${event} ${code}`);
    },
    tsmFiles: fakeTsm({ authority, report }).files,
    trustAnchors,
    codeSha256: () => Promise.resolve(Buffer.from(CODE, 'hex')),
    stopping: stopping.signal,
    step: () => undefined,
    onBug: (error) => {
      throw error;
    },
  });
  return { worker, endpoint, told, stopping };
}

function releaseOf(svn: number): string {
  const manifest = parseManifest({
    format: 'track-record-release/1',
    version: '1.0.0',
    svn,
    codeSha256: CODE,
    measurements: [{ vcpus: 2, vcpuType: 'EPYC-v4', hex: '4d'.repeat(48) }],
    minTcb: { '19/11': { microcode: 84 } },
  });
  const signature = sign(null, manifestBytes(manifest), releaseKey.privateKey).toString('hex');
  const signed = { manifest, signatures: [{ key: key.toString('hex'), signature }] };
  writeFileSync(join(folder, `release-${svn}.json`), JSON.stringify(signed));
  return join(folder, `release-${svn}.json`);
}

/** What a worker that does not get its key says of that, and how it ends. */
async function refusedBy(started: Started): Promise<readonly string[]> {
  while (!started.told.some((each) => each.startsWith('hand-over-failed'))) await wait(20);
  started.stopping.abort();
  return [...started.told.slice(-1), await started.worker.then(() => 'started', codeOf)];
}

describe('accepts', () => {
  test('the key of a vault, and then both keys of a rotation from their holders', async () => {
    const asked = await start({ ENCLAVE_PEER: `127.0.0.1:${vault.port}` });
    await (await asked.worker).stop();
    expect(asked.told.slice(0, 4)).toEqual(['starting', 'sealed', 'unsealed', 'started']);

    const file = join(folder, 'rotated.json');
    const next = await holdersOf(NEXT_KEY, file, holders.succession.releaseKeys);
    const previous = holders.succession.quorum;
    writeFileSync(file, JSON.stringify({ ...next.succession, previous }));
    const rotating = await start({ ENCLAVE_SUCCESSION_FILE: file });
    await holders.unseal(rotating.endpoint);
    while (rotating.told.filter((each) => each === 'sealed').length < 2) await wait(20);
    await next.unseal(rotating.endpoint);
    await (await rotating.worker).stop();
    const again = await start({ ENCLAVE_SUCCESSION_FILE: next.file });
    await next.unseal(again.endpoint);
    await (await again.worker).stop();
    expect(again.told.filter((each) => each === 'sealed')).toHaveLength(1);
  });
});

describe('refuses', () => {
  test('a release below the vault’s svn, and a guest that may be debugged', async () => {
    const peer = { ENCLAVE_PEER: `127.0.0.1:${vault.port}` };
    expect(await refusedBy(await start(peer, 2))).toEqual([
      'hand-over-failed MANIFEST_SVN',
      'UNSEAL_INCOMPLETE',
    ]);
    expect(await refusedBy(await start(peer, 3, { policy: 0xb0000n }))).toEqual([
      'hand-over-failed POLICY_DEBUG',
      'UNSEAL_INCOMPLETE',
    ]);
    expect(await refusedBy(await start({ ENCLAVE_PEER: '127.0.0.1:1' }))).toEqual([
      'hand-over-failed RPC_UNAVAILABLE',
      'UNSEAL_INCOMPLETE',
    ]);
  });

  test('a key that the succession does not name, from a vault that lies', async () => {
    const now = (): number => NOW;
    const { succession } = holders;
    const liar = await startKeyVault({
      masterKey: NEXT_KEY,
      succession,
      minSvn: 0,
      trustAnchors,
      now,
    });
    const refused = await refusedBy(await start({ ENCLAVE_PEER: `127.0.0.1:${liar.port}` }));
    expect(refused).toEqual(['hand-over-failed HANDOVER_REFUSED', 'UNSEAL_INCOMPLETE']);
    await liar.stop(0);
  });
});

describe('holds', () => {
  test('a worker that waits says so to whoever asks', async () => {
    const waiting = await start({});
    const rpc = await connectWhenOpen(waiting.endpoint);
    expect(await rpc.isServing('')).toBe(false);
    expect(await rpc.isServing('key')).toBe(false);
    expect(await rpc.isServing('attestation')).toBe(true);
    rpc.close();
    waiting.stopping.abort();
    expect(await waiting.worker.then(() => 'started', codeOf)).toBe('UNSEAL_INCOMPLETE');
  });
});
