// Answers the open claims of an account: each is signed, or refused with a code, from the hours
// that are released and from nothing else. What is asked is untrusted, and so are the rows.

import { RecordError, type Code } from '@track-record/errors';
import { signClaim, verifyChain, type Chain } from '@track-record/statement';
import { answerClaim, loadStatements, openClaims } from '@track-record/store';
import { z } from 'zod';
import type { RouteContext } from '../context.ts';
import type { AccountPayload } from '../queue.ts';

const request = z.strictObject({ from: z.string(), to: z.string(), terms: z.array(z.unknown()) });

/** STATEMENT_ codes when a row was altered. */
export async function proveClaim(
  { accountId }: AccountPayload,
  context: RouteContext,
): Promise<void> {
  const claims = await openClaims(context.db, accountId);
  const chain = claims.length === 0 ? null : await releasedChain(accountId, context);
  const answers = await Promise.all(
    claims.map(async ({ claimId, request: text }) => ({
      claimId,
      ...(await answerOf(text, chain, context)),
    })),
  );
  await context.db.transaction().execute(async (trx) => {
    for (const answer of answers) await answerClaim(trx, answer);
    await context.settle(trx, { hours: 0 });
  });
}

async function releasedChain(accountId: string, context: RouteContext): Promise<Chain | null> {
  const statements = [];
  for await (const { body, signature } of loadStatements(context.db, accountId)) {
    statements.push({ bytes: body, signature });
  }
  return statements.length === 0 ? null : verifyChain(statements, context.signingKey.publicKey);
}

async function answerOf(text: string, chain: Chain | null, { now, signingKey }: RouteContext) {
  const asked = request.safeParse(JSON.parse(text));
  if (!asked.success) return refusal('CLAIM_MALFORMED');
  if (chain === null) return refusal('CLAIM_PERIOD_UNKNOWN');
  try {
    const { bytes, signature } = await signClaim(chain, asked.data, now(), signingKey);
    return { body: bytes, signature, code: null };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return refusal(error.code);
  }
}

function refusal(code: Code) {
  return { body: null, signature: null, code };
}
