// Login users for the demo, development and tests: one in each role, with a password made for this
// call. In production the deployment makes them, with certificates or a password store of its own.

import pg from 'pg';
import { roleNames, type RoleName } from './open-store.ts';
import { storeFailure } from './store-failure.ts';

/** 192 bits: beyond guessing. */
const PASSWORD_SIZE_BYTES = 24;

/**
 * Users named PREFIX_ROLE on the server of `ownerUrl`, and the URLs with which they reach its
 * database.
 */
export async function createLogins(
  ownerUrl: string,
  random: (sizeBytes: number) => Uint8Array,
  prefix = 'track_record',
): Promise<Readonly<Record<RoleName, string>>> {
  const client = new pg.Client({ connectionString: ownerUrl });
  try {
    await client.connect();
    const urls = { enclave_worker: '', gateway: '', operator: '' };
    for (const role of roleNames) {
      urls[role] = await createLogin(client, ownerUrl, `${prefix}_${role}`, role, random);
    }
    return urls;
  } catch (error) {
    throw storeFailure(error);
  } finally {
    await client.end();
  }
}

/** The user of an earlier start is kept and given the new password. */
async function createLogin(
  client: pg.Client,
  ownerUrl: string,
  user: string,
  role: RoleName,
  random: (sizeBytes: number) => Uint8Array,
): Promise<string> {
  const password = Buffer.from(random(PASSWORD_SIZE_BYTES)).toString('base64url');
  const name = client.escapeIdentifier(user);
  const found = await client.query('select from pg_roles where rolname = $1', [user]);
  if (found.rowCount === 0) await client.query(`create role ${name} login in role ${role}`);
  await client.query(`alter role ${name} password ${client.escapeLiteral(password)}`);
  const url = new URL(ownerUrl);
  url.username = user;
  url.password = password;
  return url.href;
}
