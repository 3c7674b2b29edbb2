// The image under a container engine, as docs/BUILD.md says: WORKER_IMAGE names it, and
// WORKER_IMAGE_ENGINE the engine with its options. Left out where no image is named.

import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { freshDatabase } from '../postgres/template-database.ts';
import { openSite } from '../route/site.ts';
import {
  CONNECTED_AT,
  LAST_BACKFILLED,
  LAST_OBSERVED,
  MASTER_KEY,
  OBSERVED_AT,
  scenario,
} from '../route/small-account.ts';

const { WORKER_IMAGE: image = '', WORKER_IMAGE_ENGINE: engine = 'podman' } = process.env;
const DRILL_MS = 180_000;

(image === '' ? describe.skip : describe)('accepts', () => {
  test(
    'a synchronisation in a container without capabilities, writable files or a network',
    async () => {
      const database = await freshDatabase();
      const site = await openSite({
        scenario,
        database,
        masterKey: MASTER_KEY,
        now: CONNECTED_AT,
        workerCommand: [
          path.join(import.meta.dirname, 'run-image.ts'),
          image,
          ...engine.split(' '),
        ],
      });
      try {
        const worker = await site.startWorker();
        await site.handIn();
        await site.untilSigned(LAST_BACKFILLED);
        site.setClock(OBSERVED_AT);
        await site.untilSigned(LAST_OBSERVED);
        expect(worker.log()).not.toMatch(/ERR_ACCESS_DENIED|EROFS|EACCES/);
      } finally {
        await site.close();
        await database.drop();
      }
    },
    DRILL_MS,
  );
});
