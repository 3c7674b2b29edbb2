// The roots of a database under one master key and then under another, with a real PostgreSQL: what
// is refused, what survives an end in the middle, and what stays the same.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import {
  MasterKey,
  openAccountKeys,
  openRow,
  parseMasterKey,
  sealAccountRoot,
  sealRow,
} from '@track-record/sealing';
import { insertAccount, insertRows, loadRow, openStore, type Store } from '@track-record/store';
import { sql } from 'kysely';
import pg from 'pg';
import { keysList } from '../../../cli/src/verbs/keys-list.ts';
import { sampleAccount } from '../postgres/sample-record.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { loadRecordRoot, resealRoots } from '../../../worker/src/record-root.ts';

const OLD = 'a1'.repeat(32);
const NEW = 'b2'.repeat(32);
const VERSION = { table: 'checkpoint', version: 1 };
const ids = Array.from({ length: 5 }, (_, at) => `00000000-0000-4000-8000-00000000000${at}`);

let database: FreshDatabase;
let store: Store;
let admin: pg.Pool;
const sealed = new Map<string, Uint8Array>();
let pseudonym: string;

function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(randomBytes(sizeBytes));
}

function bothKeys(): MasterKey {
  return new MasterKey(parseMasterKey(NEW).copyForHandOver(), parseMasterKey(OLD));
}

async function opensWith(master: MasterKey, accountId: string): Promise<string> {
  const row = await loadRow(store.db, 'record.account_key', accountId);
  try {
    const keys = openAccountKeys(master, accountId, row?.envelope ?? new Uint8Array());
    const bytes = openRow(keys, VERSION, sealed.get(accountId) ?? new Uint8Array());
    return Buffer.from(bytes).toString();
  } catch (error) {
    return codeOf(error);
  }
}

/** As the role operator sees it. */
async function listed(): Promise<unknown> {
  process.env['DATABASE_OPERATOR_URL'] = database.urlFor('operator');
  const input = { options: {}, positionals: [], stdin: process.stdin, progress: () => undefined };
  return (await keysList.run(input)).document;
}

beforeAll(async () => {
  database = await freshDatabase();
  store = openStore(database.urlFor('enclave_worker'), { connectionsMax: 2 });
  admin = new pg.Pool({ connectionString: database.url, max: 1 });
  const master = parseMasterKey(OLD);
  pseudonym = (await loadRecordRoot(store.db, master, random)).pseudonym('a');
  for (const accountId of ids) {
    const venueAccountHash = randomBytes(32).toString('hex');
    await insertAccount(store.db, { ...sampleAccount(), accountId, venueAccountHash });
    const envelope = sealAccountRoot(master, accountId, random);
    await insertRows(store.db, 'record.account_key', [{ accountId, keyId: master.id, envelope }]);
    const keys = openAccountKeys(master, accountId, envelope);
    sealed.set(accountId, sealRow(keys, VERSION, Buffer.from(accountId), random));
  }
});

afterAll(async () => {
  await store.close();
  await admin.end();
  await database.drop();
});

describe('accepts', () => {
  test('the same root at the next start', async () => {
    const root = await loadRecordRoot(store.db, parseMasterKey(OLD), random);
    expect(root.pseudonym('a')).toBe(pseudonym);
  });
});

describe('refuses', () => {
  test('another master key', async () => {
    const loading = loadRecordRoot(store.db, parseMasterKey(NEW), random);
    expect(await loading.then(String, codeOf)).toBe('KEY_UNKNOWN');
  });

  test('a database whose root was taken away, instead of signing in another name', async () => {
    const taken = await admin.query('delete from record.sentinel returning *');
    const loading = loadRecordRoot(store.db, parseMasterKey(OLD), random);
    expect(await loading.then(String, codeOf)).toBe('KEY_UNKNOWN');
    const { key_id: keyId, envelope } = taken.rows[0] as { key_id: string; envelope: Buffer };
    await admin.query('insert into record.sentinel values ($1, $2)', [keyId, envelope]);
  });
});

describe('holds', () => {
  test('a rotation cut in the middle goes on at the next start; every row opens', async () => {
    await admin.query(`
      create function public.power_cut() returns trigger language plpgsql as $$
      begin raise exception 'power cut'; end $$;
      create trigger power_cut before update on record.account_key for each row
      when (old.account_id = '${ids[3]}') execute function public.power_cut()`);
    const interrupted = bothKeys();
    await expect(resealRoots(store.db, interrupted, random)).rejects.toThrow('power cut');
    expect(interrupted.previous).not.toBeNull();
    const under = await sql<{ keyId: string }>`
      select distinct key_id as "keyId" from record.account_key`.execute(store.db);
    expect(under.rows).toHaveLength(2);
    for (const id of ids) expect(await opensWith(bothKeys(), id)).toBe(id);
    await admin.query('drop trigger power_cut on record.account_key');

    const master = bothKeys();
    await resealRoots(store.db, master, random);
    expect(master.previous).toBeNull();
    expect(await listed()).toEqual({
      keys: [{ keyId: master.id, accounts: String(ids.length), sealsRecord: true }],
    });
    for (const id of ids) {
      expect(await opensWith(parseMasterKey(NEW), id)).toBe(id);
      expect(await opensWith(parseMasterKey(OLD), id)).toBe('KEY_UNKNOWN');
    }
    const root = await loadRecordRoot(store.db, parseMasterKey(NEW), random);
    expect(root.pseudonym('a')).toBe(pseudonym);
    await resealRoots(store.db, master, random);
  });
});
