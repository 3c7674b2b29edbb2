// Before the worker serves anything: is this the key that sealed this database? And after another
// key took its place: every root sealed again, while jobs run.

import { RecordError } from '@track-record/errors';
import {
  openRecordRoot,
  resealAccountRoot,
  resealRecordRoot,
  sealRecordRoot,
  type MasterKey,
  type RandomBytes,
  type RecordRoot,
} from '@track-record/sealing';
import {
  accountKeysUnder,
  insertRows,
  loadSentinel,
  masterKeyIds,
  replaceAccountKey,
  replaceSentinel,
  type Database,
} from '@track-record/store';
import type { Kysely } from 'kysely';

/**
 * The caller wipes it. An empty database gets a new root. KEY_UNKNOWN when another key sealed this
 * one, and when its row was taken away: a new root would sign in another name.
 */
export async function loadRecordRoot(
  db: Kysely<Database>,
  master: MasterKey,
  random: RandomBytes,
): Promise<RecordRoot> {
  const found = await loadSentinel(db);
  if (found !== null) return openRecordRoot(master, found.envelope);
  if ((await masterKeyIds(db)).length > 0) throw new RecordError('KEY_UNKNOWN');
  const sentinel = { keyId: master.id, envelope: sealRecordRoot(master, random) };
  await insertRows(db, 'record.sentinel', [sentinel]);
  return openRecordRoot(master, sentinel.envelope);
}

/**
 * Seals again what lies under the key before, a row at a time, each of which opens under one of the
 * two keys at every instant: whatever ends it, the next start goes on. Then wipes that key. A root
 * that does not open ends it with that code.
 */
export async function resealRoots(
  db: Kysely<Database>,
  master: MasterKey,
  random: RandomBytes,
): Promise<void> {
  const { previous } = master;
  if (previous === null) return;
  const sentinel = await loadSentinel(db);
  if (sentinel?.keyId === previous.id) {
    const envelope = resealRecordRoot(master, sentinel.envelope, random);
    await replaceSentinel(db, { keyId: master.id, envelope }, sentinel.envelope);
  }
  for (const { accountId, envelope: before } of await accountKeysUnder(db, previous.id)) {
    const envelope = resealAccountRoot(master, accountId, before, random);
    await replaceAccountKey(db, { accountId, keyId: master.id, envelope }, before);
  }
  if (!(await masterKeyIds(db)).includes(previous.id)) master.wipePrevious();
}
