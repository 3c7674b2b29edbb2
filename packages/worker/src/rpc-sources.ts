// What the door reads: released rows, the evidence and the worker's health. Nothing here opens an
// envelope.

import { createHash } from 'node:crypto';
import { isCode, RecordError, type Code } from '@track-record/errors';
import { developmentEvidence } from '@track-record/attestation/insecure';
import type { Binding } from '@track-record/attestation/binding';
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
import type { Clock } from './clock.ts';
import { settingNames, type Config } from './config.ts';
import type { TlsIdentity } from './tls-identity.ts';

type Rooms = Pick<RouteContext, 'db' | 'intake' | 'signingKey'>;

export async function rpcSources(
  config: Config,
  clock: Clock,
  rooms: Rooms,
  boss: PgBoss,
  tls: TlsIdentity,
): Promise<RpcSources> {
  const { db, intake, signingKey } = rooms;
  const binding: Binding = {
    nonce: new Uint8Array(),
    tlsSpkiSha256: tls.spkiSha256,
    intakePublicKey: intake.publicKey,
    statementPublicKey: signingKey.publicKey,
    configSha256: configSha256(config),
    codeSha256: new Uint8Array(),
    ledgerHead: new Uint8Array(),
  };
  const evidence = await developmentEvidence(binding, clock());
  const evidenceBytes = Buffer.from(JSON.stringify(evidence));
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
      evidence: evidenceBytes,
      insecure: true,
      signingPublicKey: signingKey.publicKey,
      intakePublicKey: intake.publicKey,
      tlsSpkiSha256: tls.spkiSha256,
      nonceSignature: nonce.length === 0 ? new Uint8Array() : await signingKey.signNonce(nonce),
    }),
    health: async () => ({
      database: await answers(sql`select 1`.execute(db)),
      queue: await answers(boss.schemaVersion()),
      attestation: true,
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

/**
 * The settings a relying party may want to pin: names and values, but no secret and no location.
 */
function configSha256(config: Config): Uint8Array {
  const secret = new Set(['ENCRYPTION_KEY', 'DATABASE_URL']);
  const settings = settingNames
    .filter((name) => !secret.has(name))
    .map((name) => [name, Object.entries(config).find(([key]) => key === name)?.[1] ?? null]);
  return createHash('sha256').update(JSON.stringify(settings)).digest();
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
