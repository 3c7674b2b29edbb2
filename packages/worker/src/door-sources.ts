// What the door reads by itself, released rows, and what it asks of the record, which holds the
// keys. Nothing here opens an envelope.

import { setTimeout as wait } from 'node:timers/promises';
import { isCode, RecordError, type Code } from '@track-record/errors';
import {
  backfillOf,
  type HourlyReturn,
  type OwnedStatus,
  type RpcSources,
} from '@track-record/rpc/sources';
import { hourStatuses, provenances } from '@track-record/statement';
import {
  accountStatuses,
  latestCheckpoint,
  storeFailure,
  type Database,
  type OwnedAccountStatus,
} from '@track-record/store';
import {
  headOf,
  hourPages,
  lastDispatch,
  statementPages,
  type StatedHourRow,
} from '@track-record/store/released';
import type { Kysely } from 'kysely';
import type { Clock } from './clock.ts';
import { daysOf } from './figures.ts';
import type { RecordCalls, RecordHealth } from './isolate/door-calls.ts';
import type { Line } from './isolate/line.ts';

/** The record answers within this unless it computes; then its last answer stands. */
const RECORD_PATIENCE_MS = 50;
/** Longer than any computation of a job: a record that says nothing for this long is not well. */
const RECORD_SILENCE_MAX_MS = 30_000;
const NOTHING_WORKS: RecordHealth = { queue: false, attestation: false, key: false };

/** Hours that fell due are looked for every minute; this is two misses in a row. */
const DISPATCH_LAG_MAX_MS = 180_000;
/** Computations of figures that wait for one another: more than a few seconds of them. */
const FIGURES_WAITING_MAX = 16;

/** `isSealed`: the master key has not come, and nothing is served but what brings it. */
export function doorSources(
  db: Kysely<Database>,
  record: Line<RecordCalls>,
  now: Clock,
  isSealed: () => boolean,
): RpcSources {
  const requireKey = (): void => {
    if (isSealed()) throw new RecordError('ENCLAVE_SEALED');
  };
  const recordHealth = healthOf(record);
  const startedAt = now();
  let computing = 0;
  const compute = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (computing >= FIGURES_WAITING_MAX) throw new RecordError('RPC_OVERLOADED');
    computing += 1;
    return await ask().finally(() => (computing -= 1));
  };
  return {
    statusOf: async (ownerIds) => {
      requireKey();
      return (await read(accountStatuses(db, ownerIds))).map(readStatus);
    },
    headOf: async (ownerId, accountId) => {
      requireKey();
      const head = await read(headOf(db, ownerId, accountId));
      if (head === null) throw new RecordError('ACCOUNT_UNKNOWN');
      return head;
    },
    hourlyReturns: async function* (window) {
      for await (const page of readPages(hourPages(db, window))) yield page.map(readHour);
    },
    dailyReturns: (window) => daysOf(readPages(hourPages(db, window))),
    statements: (window) => readPages(statementPages(db, window)),
    metrics: (window, period) => compute(() => record.ask('metrics', { window, period })),
    monthlyTable: (window) => compute(() => record.ask('monthlyTable', { window })),
    checkpoint: async () => {
      const note = await read(latestCheckpoint(db));
      if (note === null) throw new RecordError('LOG_EMPTY');
      return Buffer.from(note);
    },
    attestation: (nonce, fresh = false) => record.ask('attestation', { nonce, fresh }),
    health: async () => {
      const since = await lastDispatch(db).then(
        (at) => Math.max(at ?? startedAt, startedAt),
        () => null,
      );
      return {
        database: since !== null,
        scheduler: since !== null && now() - since < DISPATCH_LAG_MAX_MS,
        ...(await recordHealth()),
      };
    },
    submitShare: (holder, sealedShare) => record.ask('submitShare', { holder, sealedShare }),
    handOver: (evidence, release) => record.ask('handOver', { evidence, release }),
  };
}

/** What the database fails with, as its code. */
async function read<T>(asked: Promise<T>): Promise<T> {
  return await asked.catch((error: unknown) => {
    throw storeFailure(error);
  });
}

async function* readPages<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pages;
  } catch (error) {
    throw storeFailure(error);
  }
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

const accountStates = [
  'connecting',
  'refused',
  'active',
  'paused',
  'quarantined',
  'closed',
] as const satisfies readonly OwnedStatus['state'][];

/** Rows are untrusted: a word outside its vocabulary does not go out. */
function readStatus({ hoursDue, lastHour, ...row }: OwnedAccountStatus): OwnedStatus {
  return {
    ...row,
    state: oneOf(accountStates, row.state),
    lastHourMs: lastHour,
    code: row.code === null ? null : readCode(row.code),
    backfill: backfillOf(hoursDue, row.hoursMissing),
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
