// Where an account's record stands: the one mutable value, sealed, with a version that each write
// names. It pins the head of the statement chain, so that a database rolled back by some rows is
// noticed.

import { RecordError } from '@track-record/errors';
import {
  formatCheckpoint,
  formatDecimal,
  entryCodec,
  instrumentCodec,
  parseCheckpoint,
  parseDecimal,
} from '@track-record/ledger';
import { openRow, sealRow, type AccountKeys, type RandomBytes } from '@track-record/sealing';
import type { SealedState } from '@track-record/store';
import { z } from 'zod';

const STATE_TABLE = 'sealed_state';

const schema = z.strictObject({
  /** The instant of the last observation: every entry before it has been fetched once. */
  coveredTo: z.int(),
  /** What the venue's connector remembers. */
  cursor: z.string(),
  /** Number of the next journal record. */
  nextSequence: z.int(),
  statementCount: z.int(),
  /** Hours that are stated and not told yet. */
  run: z.strictObject({
    hours: z.int(),
    fills: z.int(),
    growth: z.string().transform((text) => parseDecimal(text)),
    isMeasured: z.boolean(),
  }),
  /** Of the owner's accounts, as last stated: the number never falls. */
  connected: z.int(),
  /** Hash of the last statement, hex. */
  head: z.string(),
  /** This and the permissions: as the venue said at the last synchronisation. */
  paper: z.boolean(),
  permissions: z.strictObject({
    read: z.boolean(),
    trade: z.boolean(),
    withdraw: z.boolean(),
    ipRestricted: z.boolean().nullable(),
  }),
  /** Positions, balances and the end of the last signed hour: where the next hour opens. */
  checkpoint: z.unknown().transform((json) => parseCheckpoint(json)),
  /** Entries that may still be fetched again or that no signed hour holds yet. */
  recent: z.array(z.unknown().transform((json) => entryCodec.parse(json, 'entry'))),
  instruments: z
    .record(
      z.string(),
      z.unknown().transform((json) => instrumentCodec.parse(json, 'instrument')),
    )
    .transform((instruments) => new Map(Object.entries(instruments))),
});

export type AccountState = Readonly<z.infer<typeof schema>> & { readonly version: number };

/** STORE_ROW_UNTRUSTED, ENVELOPE_REFUSED when the row is not the one sealed for this version. */
export function openAccountState(
  keys: AccountKeys,
  row: Pick<SealedState, 'version' | 'envelope'>,
): AccountState {
  const plaintext = openRow(keys, { table: STATE_TABLE, version: row.version }, row.envelope);
  try {
    const state = schema.parse(JSON.parse(Buffer.from(plaintext).toString('utf8')));
    return { ...state, version: row.version };
  } catch (cause) {
    throw new RecordError('STORE_ROW_UNTRUSTED', { cause });
  }
}

export function sealAccountState(
  keys: AccountKeys,
  state: AccountState,
  random: RandomBytes,
): SealedState {
  const { version, checkpoint, recent, instruments, run, ...rest } = state;
  const plaintext = Buffer.from(
    JSON.stringify({
      ...rest,
      run: { ...run, growth: formatDecimal(run.growth) },
      checkpoint: formatCheckpoint(checkpoint),
      recent: recent.map((entry) => entryCodec.format(entry)),
      instruments: Object.fromEntries(
        [...instruments].map(([id, instrument]) => [id, instrumentCodec.format(instrument)]),
      ),
    }),
  );
  const envelope = sealRow(keys, { table: STATE_TABLE, version }, plaintext, random);
  return { accountId: keys.accountId, version, keyId: keys.state.id, envelope };
}
