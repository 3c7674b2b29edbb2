// What was asked to be proved of an account, and what was answered: once, as the database holds.

import { sql, type Kysely } from 'kysely';
import { selectRows, type Database, type Row } from './rows.ts';

type Claim = Row<'record.claim'>;

/** Those without an answer, the first asked first. */
export function openClaims(db: Kysely<Database>, accountId: string): Promise<readonly Claim[]> {
  const open = sql`where account_id = ${accountId} and body is null and code is null
    order by requested_at`;
  return selectRows(db, 'record.claim', open);
}

export async function answerClaim(
  db: Kysely<Database>,
  { claimId, body, signature, code }: Omit<Claim, 'accountId' | 'request'>,
): Promise<void> {
  await sql`
    update record.claim set body = ${body}, signature = ${signature}, code = ${code}
    where claim_id = ${claimId} and body is null and code is null`.execute(db);
}
