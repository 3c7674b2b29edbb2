// Everything that an account's database holds, with what is sealed opened, so that two runs can be
// compared. Envelopes themselves differ by their nonces.

import {
  type AccountKeys,
  openAccountKeys,
  openCredential,
  openRow,
  parseMasterKey,
} from '@track-record/sealing';
import pg from 'pg';
import { ACCOUNT } from './site.ts';

export interface OpenedRecord {
  /** Sequence, hour, body, hash, link, signature, key and what it restates, each as text. */
  readonly statements: readonly string[];
  readonly hours: readonly string[];
  readonly account: readonly string[];
  readonly status: readonly string[];
  /** Range and plaintext of each. */
  readonly segments: readonly string[];
  readonly state: readonly string[];
  readonly credentials: readonly string[];
  readonly intake: readonly string[];
}

interface SealedRow {
  readonly first: string;
  readonly last: string;
  readonly envelope: Buffer;
}

export async function openRecord(url: string, masterKey: string): Promise<OpenedRecord> {
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
  await client.connect();
  const keys = await openKeysOf(client, masterKey);
  const known = (): AccountKeys => {
    if (keys === null) throw new Error('Something is sealed for an account without a key.');
    return keys;
  };
  try {
    const rows = async (from: string): Promise<string[]> => {
      const found = await client.query<{ row: string }>(`select row(${from}`);
      return found.rows.map(({ row }) => row);
    };
    const sealed = async (columns: string, from: string): Promise<readonly SealedRow[]> =>
      (await client.query<SealedRow>(`select ${columns}, envelope from ${from}`)).rows;
    return {
      statements: await rows(
        `account_id, sequence, hour, body, hash, previous, signature, key_id, restates)::text as row
         from record.statement order by sequence`,
      ),
      hours: await rows(
        `account_id, hour, sequence, status, reason, return, coverage, provenance)::text as row
         from record.hourly_return order by hour, sequence`,
      ),
      // Its number tells an order and no more: one that was cut off leaves a gap.
      account: await rows(`to_jsonb(account) - 'number')::text as row from record.account`),
      status: await rows(`account_status.*)::text as row from record.account_status`),
      intake: await rows(`intake.*)::text as row from record.intake`),
      segments: (
        await sealed(
          'first_sequence as first, last_sequence as last',
          'record.sealed_segment order by first_sequence',
        )
      ).map(({ first, last, envelope }) => {
        const range = { table: 'sealed_segment', first: Number(first), last: Number(last) };
        return `${first} ${last} ${textOf(openRow(known(), range, envelope))}`;
      }),
      state: (await sealed('version as first', 'record.sealed_state')).map(
        ({ first, envelope }) => {
          const version = { table: 'sealed_state', version: Number(first) };
          return `${first} ${textOf(openRow(known(), version, envelope))}`;
        },
      ),
      credentials: (await sealed('field as first', 'record.credential order by field')).map(
        ({ first, envelope }) => {
          const field = first === 'apiKey' ? 'apiKey' : 'secret';
          const secret = openCredential(known(), { venue: 'binance', field }, envelope);
          return `${first} ${secret.open(textOf)}`;
        },
      ),
    };
  } finally {
    keys?.wipe();
    await client.end();
  }
}

/** By the root that lies in the account's row; null before there is one. */
export async function openKeysOf(
  client: pg.Client | pg.Pool,
  masterKey: string,
): Promise<AccountKeys | null> {
  const text = 'select envelope from record.account_key where account_id = $1';
  const found = await client.query<{ envelope: Buffer }>(text, [ACCOUNT]);
  const [row] = found.rows;
  if (row === undefined) return null;
  const master = parseMasterKey(masterKey);
  const keys = openAccountKeys(master, ACCOUNT, row.envelope);
  master.wipe();
  return keys;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
