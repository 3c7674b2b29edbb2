// Writes `packages/store/src/generated/tables.ts` from the schema that the migrations make: for
// `pnpm tables`, after a new migration.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { migrate } from '@track-record/store';
import { startEmbeddedPostgres } from '@track-record/store/embedded';
import { liveColumns, tablesFile } from './live-tables.ts';

const FILE = new URL('../../../store/src/generated/tables.ts', import.meta.url);

const server = await startEmbeddedPostgres({
  directory: null,
  durable: false,
  random: randomBytes,
});
try {
  await migrate(server.url);
  writeFileSync(FILE, tablesFile(await liveColumns(server.url, 'r')));
} finally {
  await server.stop();
}
