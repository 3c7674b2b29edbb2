// A record's root that two databases can share: statements carry a pseudonym and a signature made
// of it, and runs of a test are compared. Its value is that of the master key, as in a database
// that was first served before roots were random.

import { randomBytes } from 'node:crypto';
import { contextBytes, parseMasterKey, RecordRoot, Secret } from '@track-record/sealing';
import type pg from 'pg';

const PLAINTEXT = 'track-record/v1/sentinel';

/** Does nothing where there is a root already. */
export async function fixRecordRoot(
  admin: Pick<pg.Pool, 'query'>,
  masterKey: string,
): Promise<void> {
  const master = parseMasterKey(masterKey);
  const random = (sizeBytes: number): Uint8Array => new Uint8Array(randomBytes(sizeBytes));
  const context = contextBytes([['sealed', 'sentinel']]);
  const envelope = master.sealRoot('sentinel', new Secret(Buffer.from(PLAINTEXT)), context, random);
  const text = 'insert into record.sentinel values ($1, $2) on conflict do nothing';
  await admin.query(text, [master.id, Buffer.from(envelope)]);
  master.wipe();
}

export function fixedRecordRoot(masterKey: string): RecordRoot {
  return new RecordRoot(parseMasterKey(masterKey).copyForHandOver());
}
