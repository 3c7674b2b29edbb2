// `track-record database migrate`: brings the database to the schema of this version, as its owner.
// The worker itself never migrates; it refuses to start on a schema it does not know.

import { RecordError } from '@track-record/errors';
import { migrate } from '@track-record/store';
import type { Verb, VerbOutput } from '../verb.ts';

export const databaseMigrate: Verb = {
  name: 'database migrate',
  summary: 'Bring the database of DATABASE_OWNER_URL to the schema of this version.',
  example: 'database migrate',
  options: {},
  run,
};

/** The URL holds a password, so it comes from the environment and not from the command line. */
async function run(): Promise<VerbOutput> {
  const url = process.env['DATABASE_OWNER_URL'];
  if (url === undefined) throw new RecordError('CONFIG_INVALID', { place: 'DATABASE_OWNER_URL' });
  await migrate(url);
  return {
    document: { migrated: true },
    text: 'The database has the schema of this version.\n',
  };
}
