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

/** What a worker answers that has its master key. */
export function rpcSources(
  { db, signingKey }: Pick<RouteContext, 'db' | 'signingKey'>,
  boss: PgBoss,
  evidence: ServedEvidence,
  handOver: RpcSources['handOver'],
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
    attestation: attestationOf(evidence, signingKey.signNonce),
    health: async () => ({
      database: await answers(sql`select 1`.execute(db)),
      queue: await answers(boss.schemaVersion()),
      attestation: evidence.isCurrent(),
      key: true,
    }),
    submitShare: () => Promise.reject(new RecordError('UNSEAL_SHARE_REFUSED', { place: 'key' })),
    handOver,
  };
}

/** What a worker answers that waits for its master key: evidence, health, and shares taken. */
export function sealedSources(
  db: RouteContext['db'],
  evidence: ServedEvidence,
  submitShare: RpcSources['submitShare'],
): RpcSources {
  const sealed = (): never => {
    throw new RecordError('ENCLAVE_SEALED');
  };
  return {
    statusOf: sealed,
    hourlyReturns: sealed,
    statements: sealed,
    attestation: attestationOf(evidence, async () => new Uint8Array()),
    health: async () => ({
      database: await answers(sql`select 1`.execute(db)),
      queue: false,
      attestation: evidence.isCurrent(),
      key: false,
    }),
    submitShare,
    handOver: sealed,
  };
}

function attestationOf(
  evidence: ServedEvidence,
  signNonce: (nonce: Uint8Array) => Promise<Uint8Array>,
): RpcSources['attestation'] {
  const { binding, format: evidenceFormat, insecure } = evidence;
  return async (nonce, fresh = false) => ({
    evidenceFormat,
    evidence: fresh ? await evidence.fresh() : evidence.bytes(),
    insecure,
    signingPublicKey: binding.statementPublicKey,
    intakePublicKey: binding.intakePublicKey,
    tlsSpkiSha256: binding.tlsSpkiSha256,
    nonceSignature: nonce.length === 0 ? new Uint8Array() : await signNonce(nonce),
  });
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
