// `pnpm worker`: the real worker, and on a developer's machine what it needs and was not given: a
// PostgreSQL of its own and a master key, both kept in one directory so that the next start finds
// them. In production, or when both settings are given, this adds nothing and `packages/worker`
// decides alone.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '@track-record/store';
import { createLogins, startEmbeddedPostgres } from '@track-record/store/embedded';

const DEFAULT_DIRECTORY = '.track-record';
const KEY_SIZE_BYTES = 32;
const OWNER_ONLY = 0o600;

const { env } = process;
const directory = env['DEVELOPMENT_DATA_DIRECTORY'] ?? DEFAULT_DIRECTORY;
const developing = env['ENCLAVE_MODE'] !== 'production';

const isGiven = env['ENCRYPTION_KEY'] || env['ENCLAVE_SUCCESSION_FILE'];
if (developing && !isGiven) env['ENCRYPTION_KEY'] = `file:${keyFile()}`;
const postgres = developing && !env['DATABASE_URL'] ? await startPostgres() : null;
await import('@track-record/worker/main');
await postgres?.stop();

/** Said in one line, because the database then lives and ends with this process. */
async function startPostgres(): Promise<{ stop: () => Promise<void> }> {
  const started = await startEmbeddedPostgres({
    directory: join(directory, 'postgres'),
    durable: true,
    random: randomBytes,
  });
  await migrate(started.url);
  env['DATABASE_URL'] = (await createLogins(started.url, randomBytes)).enclave_worker;
  process.stderr.write(
    `DATABASE_URL is not set: PostgreSQL runs in ${directory}/postgres, port ${started.port}.\n`,
  );
  return started;
}

function keyFile(): string {
  const path = join(directory, 'encryption-key');
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  const key = randomBytes(KEY_SIZE_BYTES).toString('hex');
  writeFileSync(path, `${key}\n`, { mode: OWNER_ONLY, flag: 'wx' });
  process.stderr.write(`ENCRYPTION_KEY is not set: a new key was written to ${path}.\n`);
  return path;
}
