// The public log: hashes of statements that wait for it, the nodes of its tree, and its
// checkpoints. Nothing that is in the tree changes or goes.

import { sql, type Kysely, type Transaction } from 'kysely';
import { selectRows, type Database, type Row } from './rows.ts';

/** Any number that no account's lock has. */
const LOCK = 6_962;

export type LogNode = Row<'record.log_hash'>;

/** One writer until the transaction ends. */
export async function lockLog(trx: Transaction<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx);
}

/** The signed note over the largest tree; null before the first. */
export async function latestCheckpoint(db: Kysely<Database>): Promise<string | null> {
  const latest = sql`order by size desc limit 1`;
  const [row] = await selectRows(db, 'record.log_checkpoint', latest);
  return row?.note ?? null;
}

/** Some of the hashes that wait, in an order that tells nothing of their accounts. */
export async function takePending(
  trx: Transaction<Database>,
  limit: number,
): Promise<readonly Uint8Array[]> {
  const taken = await sql<{ hash: Uint8Array }>`
    with taken as (
      delete from record.log_pending where hash in (
        select hash from record.log_pending order by hash limit ${limit}) returning hash)
    select hash from taken order by hash`.execute(trx);
  return taken.rows.map(({ hash }) => hash);
}

/** In [from, to), by position. */
export async function loadLogNodes(
  db: Kysely<Database>,
  level: number,
  from: number,
  to: number,
): Promise<readonly Uint8Array[]> {
  const within = sql`where level = ${level} and position >= ${from} and position < ${to}`;
  const rows = await selectRows(db, 'record.log_hash', sql`${within} order by position`);
  return rows.map(({ hash }) => hash);
}
