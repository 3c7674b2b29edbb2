// A worker in this process with hardware evidence that the fake AMD authority vouches for, unsealed
// by its holders: the whole of what a client meets. For tests; outside the trusted base.

import { join } from 'node:path';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { parseConfig } from '@track-record/worker/config';
import { startWorker } from '@track-record/worker/worker';
import type { FakeAmdAuthority } from '../amd/fake-authority.ts';
import { freePort } from '../demo/stage.ts';
import type { FreshDatabase } from '../postgres/template-database.ts';
import { testCallers, type TestCallers } from '../rpc/callers.ts';
import { holdersOf } from '../succession/holders.ts';
import { fakeTsm } from './fake-tsm.ts';

export interface FakeEnclaveOptions {
  readonly authority: FakeAmdAuthority;
  readonly database: Pick<FreshDatabase, 'urlFor'>;
  /** 64 hex digits: of a database whose record root is fixed. */
  readonly masterKey: string;
  /** Where its clock stands, milliseconds UTC. */
  readonly now: number;
  /** For its files. */
  readonly folder: string;
}

export interface FakeEnclave {
  readonly endpoint: string;
  readonly callers: TestCallers;
  readonly stop: () => Promise<void>;
}

export async function startFakeEnclave(options: FakeEnclaveOptions): Promise<FakeEnclave> {
  const { authority, database, masterKey, now, folder } = options;
  const file = join(folder, 'succession.json');
  const holders = await holdersOf(masterKey, file, ['00'.repeat(32)]);
  const endpoint = `127.0.0.1:${await freePort()}`;
  const callers = testCallers();
  let unsealing = Promise.resolve();
  const worker = await startWorker({
    config: parseConfig({
      ENCLAVE_MODE: 'production',
      AMD_SEV_SNP: 'true',
      DATABASE_URL: database.urlFor('enclave_worker'),
      ENCLAVE_HOST: '127.0.0.1',
      ENCLAVE_PORT: endpoint.split(':')[1],
      ENCLAVE_SUCCESSION_FILE: holders.file,
      ...callers.settingsIn(folder),
    }),
    clock: () => now,
    log: (event) => {
      if (event === 'sealed') unsealing = holders.unseal(endpoint);
    },
    tsmFiles: fakeTsm({ authority }).files,
    trustAnchors: await parseTrustAnchors(Buffer.from(authority.rootsPem)),
    codeSha256: () => Promise.resolve(new Uint8Array()),
    stopping: new AbortController().signal,
    step: () => undefined,
    onBug: (error) => {
      throw error;
    },
  });
  await unsealing;
  return {
    endpoint,
    callers,
    stop: worker.stop,
  };
}
