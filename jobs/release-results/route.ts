// Moves signed hours into what may be read outside, once the policy that each of them signs lets
// them go. Released is always the beginning of a chain, so that what is out verifies; what is
// behind an hour that is not due waits with it. An hour is released once: a correction is a
// statement of its own, released like one. Also for accounts that are paused or closed: stopping
// hides nothing.

import { RecordError } from '@track-record/errors';
import { publicReturn, releaseAt, verifySignatures } from '@track-record/statement';
import { insertRows, lockAccount, unreleasedStatements, type Database } from '@track-record/store';
import type { Transaction } from 'kysely';
import type { RouteContext } from '../context.ts';
import type { AccountPayload } from '../queue.ts';

export async function releaseResults(
  { accountId }: AccountPayload,
  context: RouteContext,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await lockAccount(trx, accountId);
    await context.settle(trx, { hours: await releaseDue(trx, accountId, context) });
  });
}

/** How many statements were due. STATEMENT_ codes, STORE_ROW_UNTRUSTED: a row was altered. */
export async function releaseDue(
  trx: Transaction<Database>,
  accountId: string,
  { now, root, signingKey }: Pick<RouteContext, 'now' | 'root' | 'signingKey'>,
): Promise<number> {
  const at = now();
  const pseudonym = root.pseudonym(accountId);
  for (let released = 0; ;) {
    const rows = await unreleasedStatements(trx, accountId);
    const wait = rows.findIndex(({ releaseAt: due }) => due === null || due > at);
    const due = wait === -1 ? rows : rows.slice(0, wait);
    const signed = due.map(({ body, signature }) => ({ bytes: body, signature }));
    const statements = await verifySignatures(signed, signingKey.publicKey);
    const hours = statements.map(({ body }, index) => {
      const { sequence, status, reason, coverage, provenance } = body;
      const row = due[index];
      const isOwn = body.account === pseudonym && sequence === row?.sequence;
      if (!isOwn || releaseAt(body) !== row.releaseAt) throw new RecordError('STORE_ROW_UNTRUSTED');
      const shown = { status, reason, return: publicReturn(body.return), coverage, provenance };
      return { accountId, hour: row.hour, sequence, ...shown };
    });
    await insertRows(trx, 'record.hourly_return', hours);
    released += hours.length;
    if (hours.length === 0 || wait !== -1) return released;
  }
}
