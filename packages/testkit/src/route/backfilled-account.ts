// The small account after its connection and first synchronisation, as often as a test wants it:
// each copy has a database and a venue of its own and stands at the next hour to be observed.

import assert from 'node:assert';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openDesk, type Desk } from './desk.ts';
import { openRecord, type OpenedRecord } from './opened-record.ts';
import * as account from './small-account.ts';

export interface Copy extends Desk {
  /** Everything that its database holds. */
  readonly record: () => Promise<OpenedRecord>;
  readonly urlFor: FreshDatabase['urlFor'];
}

export interface BackfilledAccount {
  readonly before: OpenedRecord;
  /** The same after its next hours, when nothing goes wrong. */
  readonly undisturbed: OpenedRecord;
  readonly withCopy: <T>(act: (copy: Copy) => Promise<T>) => Promise<T>;
  readonly drop: () => Promise<void>;
}

const { CONNECTED_AT, LAST_BACKFILLED, LAST_OBSERVED, MASTER_KEY, OBSERVED_AT, scenario } = account;

export async function openBackfilledAccount(): Promise<BackfilledAccount> {
  const original = await freshDatabase();
  const desk = await openDesk({
    scenario,
    database: original,
    masterKey: MASTER_KEY,
    now: CONNECTED_AT,
  });
  await desk.handIn();
  assert.equal(await desk.connect(), 'DONE');
  assert.equal(await desk.sync(LAST_BACKFILLED), 'DONE');
  await desk.close();

  async function withCopy<T>(act: (copy: Copy) => Promise<T>): Promise<T> {
    const database = await freshDatabase(original);
    const opened = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: OBSERVED_AT });
    try {
      return await act({
        ...opened,
        record: () => openRecord(database.url, MASTER_KEY),
        urlFor: database.urlFor,
      });
    } finally {
      await opened.close();
      await database.drop();
    }
  }

  return {
    before: await openRecord(original.url, MASTER_KEY),
    undisturbed: await withCopy(async (copy) => {
      assert.equal(await copy.sync(LAST_OBSERVED), 'DONE');
      return copy.record();
    }),
    withCopy,
    drop: original.drop,
  };
}

/** What the route writes when it succeeds; a status is written when it fails, too. */
export function writtenBy(record: OpenedRecord): Partial<OpenedRecord> {
  const { statements, hours, segments, state, credentials } = record;
  return { statements, hours, segments, state, credentials };
}

/** What the account's owner and operator see. */
export async function visibleCode({ admin }: Desk): Promise<string | null> {
  const found = await admin.query<{ code: string | null }>(
    'select coalesce(state_code, code) as code from released.account_status',
  );
  return found.rows[0]?.code ?? null;
}

/** What a superuser says before changing what of an account never changes. */
export const UNLOCKED = 'alter table record.account disable trigger connected;';

/** What an owner or an operator does once the cause is gone. */
export async function reactivate({ admin }: Desk): Promise<void> {
  await admin.query(`update record.account set state = 'active', state_code = null`);
}
