// Before the worker serves anything: is this the key that sealed this database?

import { RecordError } from '@track-record/errors';
import {
  proveSentinel,
  sealSentinel,
  type MasterKey,
  type RandomBytes,
} from '@track-record/sealing';
import { insertRows, loadSentinel, type Database } from '@track-record/store';
import type { Kysely } from 'kysely';

/** Seals the sentinel on an empty database. KEY_UNKNOWN when another key sealed this one. */
export async function proveMasterKey(
  db: Kysely<Database>,
  master: MasterKey,
  random: RandomBytes,
): Promise<void> {
  const found = await loadSentinel(db);
  if (found === null) {
    const sentinel = { keyId: master.id, envelope: sealSentinel(master, random) };
    await insertRows(db, 'record.sentinel', [sentinel]);
    return;
  }
  if (found.keyId !== master.id) throw new RecordError('KEY_UNKNOWN');
  proveSentinel(master, found.envelope);
}
