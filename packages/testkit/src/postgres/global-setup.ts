// Starts one PostgreSQL server for the whole test run, or takes the one of TEST_DATABASE_URL (a
// superuser's URL, PostgreSQL 15 or later), and makes the template that every test file clones.

import { randomBytes } from 'node:crypto';
import { startEmbeddedPostgres } from '@track-record/store/embedded';
import { buildTemplate } from './template-database.ts';

const undo: (() => Promise<void>)[] = [];

// oxlint-disable-next-line import/no-default-export -- jest calls the default export.
export default async function globalSetup(): Promise<void> {
  const foreign = process.env['TEST_DATABASE_URL'];
  try {
    undo.push(await buildTemplate(foreign ? foreign : await startServer()));
  } catch (error) {
    await stopTestServer();
    throw error;
  }
}

/** What the setup has begun, ended in the reverse order. */
export async function stopTestServer(): Promise<void> {
  for (const step of undo.splice(0).toReversed()) await step();
}

async function startServer(): Promise<string> {
  const options = { directory: null, durable: false, random: randomBytes };
  const server = await startEmbeddedPostgres(options);
  undo.push(server.stop);
  return server.url;
}
