// What the door reads: released rows, the evidence and the worker's health. Nothing here opens an
// envelope.

import { isCode, RecordError, type Code } from '@track-record/errors';
import { sql } from 'kysely';
import type { RouteContext } from '@track-record/jobs/context';
import type { AccountStatus, HourlyReturn, RpcSources } from '@track-record/rpc';
import { hourStatuses, provenances } from '@track-record/statement';
import {
  accountStatuses,
  hourlyReturns,
  loadStatements,
  type OwnedAccountStatus,
  type StatedHourRow,
} from '@track-record/store';
import type { PgBoss } from 'pg-boss';
import type { ServedEvidence } from './evidence.ts';
import type { TlsIdentity } from './tls-identity.ts';

type Rooms = Pick<RouteContext, 'db' | 'intake' | 'signingKey'>;

export function rpcSources(
  { db, intake, signingKey }: Rooms,
  boss: PgBoss,
  tls: TlsIdentity,
  evidence: ServedEvidence,
): RpcSources {
  return {
    statusOf: async (ownerId, accountId) =>
      (await accountStatuses(db, ownerId, accountId)).map(readStatus),
    hourlyReturns: async function* (accountId, fromMs, toMs) {
      for (const row of await hourlyReturns(db, accountId, fromMs, toMs)) yield readHour(row);
    },
    statements: async function* (accountId, fromMs, toMs) {
      for await (const row of loadStatements(db, accountId, fromMs, toMs)) {
        yield { body: row.body, signature: row.signature };
      }
    },
    attestation: async (nonce) => ({
      evidenceFormat: evidence.format,
      evidence: evidence.bytes(),
      insecure: evidence.insecure,
      signingPublicKey: signingKey.publicKey,
      intakePublicKey: intake.publicKey,
      tlsSpkiSha256: tls.spkiSha256,
      nonceSignature: nonce.length === 0 ? new Uint8Array() : await signingKey.signNonce(nonce),
    }),
    health: async () => ({
      database: await answers(sql`select 1`.execute(db)),
      queue: await answers(boss.schemaVersion()),
      attestation: evidence.isCurrent(),
      key: true,
    }),
  };
}

/** Whether what was asked came back; why it did not is the log's matter. */
async function answers(question: Promise<unknown>): Promise<boolean> {
  return question.then(
    () => true,
    () => false,
  );
}

const accountStates = ['connecting', 'active', 'paused', 'quarantined', 'closed'] as const;

/** Rows are untrusted: a word outside its vocabulary does not go out. */
function readStatus(row: OwnedAccountStatus): AccountStatus {
  return {
    accountId: row.accountId,
    state: oneOf(accountStates, row.state),
    lastHourMs: row.lastHour,
    hoursMissing: row.hoursMissing,
    code: row.code === null ? null : readCode(row.code),
    syncing: row.syncing,
  };
}

function readHour(row: StatedHourRow): HourlyReturn {
  if (row.coverage === null) throw new RecordError('STORE_ROW_UNTRUSTED');
  return {
    hourMs: row.hour,
    status: oneOf(hourStatuses, row.status),
    reason: row.reason,
    hourlyReturn: row.return,
    coverage: row.coverage,
    provenance: oneOf(provenances, row.provenance),
    sequence: row.sequence,
    statementHash: row.hash,
  };
}

function readCode(text: string): Code {
  if (!isCode(text)) throw new RecordError('STORE_ROW_UNTRUSTED');
  return text;
}

function oneOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((each) => each === text);
  if (word === undefined) throw new RecordError('STORE_ROW_UNTRUSTED');
  return word;
}
