// The worker's libraries (ccxt, grpc-js, pg-boss, zod) under the flags that production asks for: a
// whole synchronisation, with no file readable but the code, the clock and what the kernel says of
// the process itself.

import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '../house/repository.ts';
import { freshDatabase } from '../postgres/template-database.ts';
import { freePort } from '../demo/stage.ts';
import { openSite } from './site.ts';
import { CONNECTED_AT, LAST_BACKFILLED, MASTER_KEY, scenario } from './small-account.ts';

const SYNC_MS = 60_000;
const image = readFileSync(path.join(repositoryRoot, 'docker/Dockerfile'), 'utf8');
/** What the image starts the worker with; its files are others here. */
const FLAGS = [...image.matchAll(/"(--(?!allow-fs)[^"]+)"/g)].map(([, flag = '']) => flag);
const READABLE = [
  `${repositoryRoot}/*`,
  // A scratch copy may share its libraries with the checkout it was made from.
  `${realpathSync(path.join(repositoryRoot, 'node_modules'))}/*`,
  '/proc/self/*',
  path.join(tmpdir(), 'track-record-site-*'),
];

const HEALTH_CHECK = [
  '--conditions=@track-record/source',
  path.join(repositoryRoot, 'packages/worker/src/health-check.ts'),
];

describe('accepts', () => {
  test(
    'a synchronisation under the flags of production, signed to the last hour; its health asked',
    async () => {
      const database = await freshDatabase();
      const site = await openSite({
        scenario,
        database,
        masterKey: MASTER_KEY,
        now: CONNECTED_AT,
        workerCommand: [
          ...FLAGS,
          ...READABLE.map((each) => `--allow-fs-read=${each}`),
          '--conditions=@track-record/source',
          path.join(repositoryRoot, 'packages/worker/src/main.ts'),
        ],
      });
      try {
        const ENCLAVE_PORT = String(await freePort());
        const isServing = (): boolean => {
          const settings = { ...site.world, ENCRYPTION_KEY: MASTER_KEY, ENCLAVE_PORT };
          const check = spawnSync(process.execPath, HEALTH_CHECK, { env: settings });
          return check.status === 0;
        };
        expect(isServing()).toBe(false);
        const worker = await site.startWorker({ ENCLAVE_PORT });
        expect(isServing()).toBe(true);
        await site.handIn();
        await site.untilSigned(LAST_BACKFILLED);
        expect(worker.log()).not.toContain('ERR_ACCESS_DENIED');
        expect(worker.log()).not.toContain('EvalError');
      } finally {
        await site.close();
        await database.drop();
      }
    },
    SYNC_MS,
  );
});
