// Writes what the migrations make of an empty database: `packages/store/src/generated/tables.ts`
// and `docs/roles.md`. For `pnpm tables`, after a new migration.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { migrate } from '@track-record/store';
import { startEmbeddedPostgres } from '@track-record/store/embedded';
import { liveRights, rolesPage } from './live-roles.ts';
import { liveColumns, tablesFile } from './live-tables.ts';

const ROOT = new URL('../../../../', import.meta.url);

const server = await startEmbeddedPostgres({
  directory: null,
  durable: false,
  random: randomBytes,
});
try {
  await migrate(server.url);
  const tables = tablesFile(await liveColumns(server.url, 'r'));
  writeFileSync(new URL('packages/store/src/generated/tables.ts', ROOT), tables);
  writeFileSync(new URL('docs/roles.md', ROOT), rolesPage(await liveRights(server.url)));
} finally {
  await server.stop();
}
