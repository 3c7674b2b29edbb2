// What the door reads by itself, released rows, and what it asks of the record, which holds the
// keys. Nothing here opens an envelope.

import { setTimeout as wait } from 'node:timers/promises';
import { isCode, RecordError, type Code } from '@track-record/errors';
import type { AccountStatus, HourlyReturn, RpcSources } from '@track-record/rpc/sources';
import { hourStatuses, provenances } from '@track-record/statement';
import {
  accountStatuses,
  hourlyReturns,
  loadStatements,
  type Database,
  type OwnedAccountStatus,
  type StatedHourRow,
} from '@track-record/store';
import { sql, type Kysely } from 'kysely';
import type { RecordCalls, RecordHealth } from './isolate/door-calls.ts';
import type { Line } from './isolate/line.ts';

/** The record answers within this unless it computes; then its last answer stands. */
const RECORD_PATIENCE_MS = 50;
/** Longer than any computation of a job: a record that says nothing for this long is not well. */
const RECORD_SILENCE_MAX_MS = 30_000;
const NOTHING_WORKS: RecordHealth = { queue: false, attestation: false, key: false };

/** `isSealed`: the master key has not come, and nothing is served but what brings it. */
export function doorSources(
  db: Kysely<Database>,
  record: Line<RecordCalls>,
  isSealed: () => boolean,
): RpcSources {
  const requireKey = (): void => {
    if (isSealed()) throw new RecordError('ENCLAVE_SEALED');
  };
  const recordHealth = healthOf(record);
  return {
    statusOf: async (ownerId, accountId) => {
      requireKey();
      return (await accountStatuses(db, ownerId, accountId)).map(readStatus);
    },
    hourlyReturns: async function* (accountId, fromMs, toMs) {
      requireKey();
      for (const row of await hourlyReturns(db, accountId, fromMs, toMs)) yield readHour(row);
    },
    statements: async function* (accountId, fromMs, toMs) {
      requireKey();
      for await (const row of loadStatements(db, accountId, fromMs, toMs)) {
        yield { body: row.body, signature: row.signature };
      }
    },
    attestation: (nonce, fresh = false) => record.ask('attestation', { nonce, fresh }),
    health: async () => {
      const database = sql`select 1`.execute(db).then(
        () => true,
        () => false,
      );
      return { database: await database, ...(await recordHealth()) };
    },
    submitShare: (holder, sealedShare) => record.ask('submitShare', { holder, sealedShare }),
    handOver: (evidence, release) => record.ask('handOver', { evidence, release }),
  };
}

/** One question at a time, however many callers there are. */
function healthOf(record: Line<RecordCalls>): () => Promise<RecordHealth> {
  let last = NOTHING_WORKS;
  let lastAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;
  return async () => {
    asking ??= record
      .ask('health', null)
      .then(
        (health) => {
          last = health;
          lastAt = performance.now();
        },
        () => {
          last = NOTHING_WORKS;
        },
      )
      .finally(() => {
        asking = null;
      });
    await Promise.race([asking, wait(RECORD_PATIENCE_MS)]);
    return performance.now() - lastAt > RECORD_SILENCE_MAX_MS ? NOTHING_WORKS : last;
  };
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
