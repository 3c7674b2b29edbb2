// Where an account's record stands: the one mutable value, sealed, with a version that each write
// names. It pins the head of the statement chain, so that a database rolled back by some rows is
// noticed.

import { RecordError } from '@track-record/errors';
import {
  formatCheckpoint,
  formatEntry,
  formatInstrument,
  parseCheckpoint,
  parseEntry,
  parseInstrument,
  type Checkpoint,
  type Entry,
  type Instrument,
} from '@track-record/ledger';
import { openState, sealState, type AccountKeys, type RandomBytes } from '@track-record/sealing';
import type { SealedState } from '@track-record/store';
import { z } from 'zod';

const STATE_TABLE = 'sealed_state';

const permissions = z.strictObject({
  read: z.boolean(),
  trade: z.boolean(),
  withdraw: z.boolean(),
  ipRestricted: z.boolean().nullable(),
});

const schema = z.strictObject({
  coveredTo: z.int(),
  cursor: z.string(),
  nextSequence: z.int(),
  statementCount: z.int(),
  head: z.string(),
  paper: z.boolean(),
  permissions,
  checkpoint: z.unknown(),
  recent: z.array(z.unknown()),
  instruments: z.record(z.string(), z.unknown()),
});

export interface AccountState {
  readonly version: number;
  /** Positions, balances and the end of the last signed hour: where the next hour opens. */
  readonly checkpoint: Checkpoint;
  /** The instant of the last observation: every entry before it has been fetched once. */
  readonly coveredTo: number;
  /** What the venue's connector remembers. */
  readonly cursor: string;
  /** Entries that may still be fetched again or that no signed hour holds yet. */
  readonly recent: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Number of the next journal record. */
  readonly nextSequence: number;
  readonly statementCount: number;
  /** Hash of the last statement, hex. */
  readonly head: string;
  /** As the venue said at the last synchronisation. */
  readonly paper: boolean;
  readonly permissions: z.infer<typeof permissions>;
}

/** STORE_ROW_UNTRUSTED, ENVELOPE_REFUSED when the row is not the one sealed for this version. */
export function openAccountState(keys: AccountKeys, row: SealedState): AccountState {
  const plaintext = openState(keys, { table: STATE_TABLE, version: row.version }, row.envelope);
  const read = schema.safeParse(JSON.parse(Buffer.from(plaintext).toString('utf8')));
  if (!read.success) throw new RecordError('STORE_ROW_UNTRUSTED');
  const { checkpoint, recent, instruments, ...rest } = read.data;
  return {
    ...rest,
    version: row.version,
    checkpoint: parseCheckpoint(checkpoint),
    recent: recent.map((entry) => parseEntry(entry)),
    instruments: new Map(
      Object.entries(instruments).map(([id, instrument]) => [id, parseInstrument(instrument)]),
    ),
  };
}

export function sealAccountState(
  keys: AccountKeys,
  state: AccountState,
  random: RandomBytes,
): SealedState {
  const { version, checkpoint, recent, instruments, ...rest } = state;
  const plaintext = Buffer.from(
    JSON.stringify({
      ...rest,
      checkpoint: formatCheckpoint(checkpoint),
      recent: recent.map((entry) => formatEntry(entry)),
      instruments: Object.fromEntries(
        [...instruments].map(([id, instrument]) => [id, formatInstrument(instrument)]),
      ),
    }),
  );
  const envelope = sealState(keys, { table: STATE_TABLE, version }, plaintext, random);
  return { accountId: keys.accountId, version, keyId: keys.state.id, envelope };
}
