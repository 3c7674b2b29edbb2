// What an operator may read: the views of schema `operator`, and nothing of the record itself.

import { sql, type Kysely } from 'kysely';
import { storeFailure } from './store-failure.ts';
import type { Database } from './rows.ts';

/** Jobs of one queue that have not ended well, as decimal strings. */
export interface QueueDepth {
  readonly name: string;
  readonly ready: string;
  /** Waiting for their next attempt. */
  readonly deferred: string;
  readonly active: string;
  readonly failed: string;
}

/** Every queue by name. STORE_UNAVAILABLE. */
export async function queueDepths(db: Kysely<Database>): Promise<readonly QueueDepth[]> {
  try {
    const { rows } = await sql<QueueDepth>`
      select name, ready, deferred, active, failed from operator.queue order by name`.execute(db);
    return rows;
  } catch (error) {
    throw storeFailure(error);
  }
}

/** What one master key seals; the count is a decimal string. */
export interface MasterKeyUse {
  readonly keyId: string;
  readonly accounts: string;
  readonly sealsRecord: boolean;
}

/** Every master key by its id. STORE_UNAVAILABLE. */
export async function masterKeys(db: Kysely<Database>): Promise<readonly MasterKeyUse[]> {
  try {
    const { rows } = await sql<MasterKeyUse>`
      select key_id as "keyId", accounts::text as accounts, seals_record as "sealsRecord"
      from operator.master_key order by key_id`.execute(db);
    return rows;
  } catch (error) {
    throw storeFailure(error);
  }
}
