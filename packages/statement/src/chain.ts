// The chain of one account: every statement signed, linked to the one before it, and no hour
// silently missing. It does not say that the chain is the newest one; a log checkpoint would.
// Statements come from the database or a file and are untrusted.

import { RecordError } from '@track-record/errors';
import { MERGED } from './disclosure.ts';
import { keyIdOf, signatureCheckOf } from './signing-key.ts';
import {
  formatHour,
  HOUR_MS,
  NO_PREVIOUS,
  parseStatement,
  statementHash,
  type OwnerCensus,
  type SignedStatement,
  type StatementBody,
} from './statement.ts';

/** Signatures in flight: enough to keep the crypto threads busy, few enough for flat memory. */
const BATCH_SIZE = 64;

export type UnverifiedStatement = Pick<SignedStatement, 'bytes' | 'signature'>;

declare const brand: unique symbol;

/** A statement whose signature was checked; only `verifySignatures` makes one. */
export interface VerifiedStatement {
  readonly body: StatementBody;
  readonly hash: string;
  readonly [brand]: true;
}

/** What every statement of a chain has in common. */
const subjectFields = ['account', 'venue', 'paper', 'since', 'reportingCurrency', 'keyId'] as const;
export type ChainSubject = Pick<StatementBody, (typeof subjectFields)[number]>;

export interface Chain {
  readonly subject: ChainSubject;
  /** Start of the first hour and end of the last one: half-open. */
  readonly from: string;
  readonly to: string;
  /** False when the chain begins later: then nothing is known of the hours before it. */
  readonly startsAtInception: boolean;
  /** The statement that holds for each hour, in order of hours: the last restatement, if any. */
  readonly hours: readonly VerifiedStatement[];
  readonly restatements: number;
  /** Hash of the last statement. */
  readonly head: string;
}

/** STATEMENT_MALFORMED, STATEMENT_SIGNATURE_INVALID, STATEMENT_LINK_BROKEN. */
export async function verifyChain(
  statements: readonly UnverifiedStatement[],
  publicKey: Uint8Array,
): Promise<Chain> {
  return checkLinks(await verifySignatures(statements, publicKey));
}

/** STATEMENT_MALFORMED, STATEMENT_SIGNATURE_INVALID (also when the body names another key). */
export async function verifySignatures(
  statements: readonly UnverifiedStatement[],
  publicKey: Uint8Array,
): Promise<readonly VerifiedStatement[]> {
  const isSigned = await signatureCheckOf(publicKey);
  const keyId = await keyIdOf(publicKey);
  const batchFrom = (start: number): Promise<Checked[]> =>
    Promise.all(
      statements.slice(start, start + BATCH_SIZE).map(async ({ bytes, signature }) => {
        const [signed, hash] = await Promise.all([
          isSigned(bytes, signature),
          statementHash(bytes),
        ]);
        return { bytes, signed, hash };
      }),
    );
  const verified: VerifiedStatement[] = [];
  let next = batchFrom(0);
  for (let start = 0; start < statements.length; start += BATCH_SIZE) {
    const batch = await next;
    // The crypto threads have work while this one reads.
    next = batchFrom(start + BATCH_SIZE);
    // One after the other, so that the refusal is always that of the first bad statement.
    for (const checked of batch) verified.push(readSigned(checked, keyId, verified.length));
  }
  return verified;
}

interface Checked {
  readonly bytes: Uint8Array;
  readonly signed: boolean;
  readonly hash: string;
}

function readSigned(checked: Checked, keyId: string, index: number): VerifiedStatement {
  const place = `statements[${index}]`;
  if (!checked.signed) throw new RecordError('STATEMENT_SIGNATURE_INVALID', { place });
  const body = parseStatement(checked.bytes);
  if (body.keyId !== keyId) throw new RecordError('STATEMENT_SIGNATURE_INVALID', { place });
  return { body, hash: checked.hash } as VerifiedStatement;
}

/**
 * STATEMENT_LINK_BROKEN at the first statement that does not follow. A chain begins with an hour's
 * first statement, at inception or later; an empty list is no chain.
 */
export function checkLinks(statements: readonly VerifiedStatement[]): Chain {
  const first = statements[0];
  if (first === undefined || first.body.restates !== null) broken(0);
  const startsAtInception = first.body.sequence === 0;
  if (startsAtInception !== (first.body.previous === NO_PREVIOUS)) broken(0);
  const hours = new Map([[first.body.hour, first]]);
  let before = first;
  let lastHour = first.body.hour;
  for (const [offset, statement] of statements.slice(1).entries()) {
    const { body } = statement;
    if (!isSameAccount(first.body, body) || !isLinked(before, statement)) broken(offset + 1);
    if (!isSameOwner(before.body.owner, body.owner)) broken(offset + 1);
    if (body.restates === null) {
      // A hole is where a bad hour would be hidden: an unmeasured hour has a statement too.
      if (Date.parse(body.hour) !== Date.parse(lastHour) + HOUR_MS) broken(offset + 1);
      lastHour = body.hour;
      hours.set(body.hour, statement);
    } else if (startsAtInception || body.hour >= first.body.hour) {
      if (!isRestatement(hours.get(body.hour), body)) broken(offset + 1);
      hours.set(body.hour, statement);
    }
    before = statement;
  }
  checkRuns([...hours.values()]);
  const restatements = statements.filter(({ body }) => body.restates !== null).length;
  const { account, venue, paper, since, reportingCurrency, keyId } = first.body;
  return {
    subject: { account, venue, paper, since, reportingCurrency, keyId },
    from: first.body.hour,
    to: formatHour(Date.parse(lastHour) + HOUR_MS),
    startsAtInception,
    hours: [...hours.values()],
    restatements,
    head: before.hash,
  };
}

function isSameAccount(first: StatementBody, body: StatementBody): boolean {
  return subjectFields.every((name) => body[name] === first[name]);
}

/** What an owner connected stays connected: a smaller number hides an account. */
function isSameOwner(before: OwnerCensus, owner: OwnerCensus): boolean {
  const same = (['pseudonym', 'ordinal', 'restarts'] as const).every(
    (name) => owner[name] === before[name],
  );
  return same && owner.connected >= before.connected;
}

/**
 * A return stands for the hours it says: those before have none of their own, and none that was
 * merged lies outside. The last run may still be open.
 */
function checkRuns(hours: readonly VerifiedStatement[]): void {
  let untold = 0;
  let merged = 0;
  for (const [index, { body }] of hours.entries()) {
    if (body.return !== null) {
      if (merged >= body.spans || body.spans > untold + 1) broken(index);
      untold = merged = 0;
    } else {
      untold += 1;
      if (merged > 0 || body.reason === MERGED) merged += 1;
    }
  }
}

function isLinked(before: VerifiedStatement, { body }: VerifiedStatement): boolean {
  return body.previous === before.hash && body.sequence === before.body.sequence + 1;
}

/**
 * It cites what holds for its hour now, so that corrections cannot fork. What was reconstructed
 * afterwards never replaces what was observed (field-lessons R31).
 */
function isRestatement(current: VerifiedStatement | undefined, body: StatementBody): boolean {
  if (current === undefined || current.hash !== body.restates) return false;
  return !(current.body.provenance === 'observed' && body.provenance === 'backfilled');
}

function broken(index: number): never {
  throw new RecordError('STATEMENT_LINK_BROKEN', { place: `statements[${index}]` });
}
