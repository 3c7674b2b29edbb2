// What whoever owns the database may do to its rows, and what the route then does. A superuser can
// read, change and remove every row, and can put old ones back; triggers do not hold him.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import type { RouteContext } from '@track-record/jobs/context';
import { sealRow } from '@track-record/sealing';
import { sql } from 'kysely';
import {
  UNLOCKED,
  openBackfilledAccount,
  reactivate,
  visibleCode,
  writtenBy,
  type BackfilledAccount,
  type Copy,
} from './backfilled-account.ts';
import { openKeysOf } from './opened-record.ts';
import { LAST_OBSERVED, MASTER_KEY } from './small-account.ts';

const OTHER = '00000000-0000-4000-8000-0000000000d1';

let account: BackfilledAccount;

beforeAll(async () => {
  account = await openBackfilledAccount();
});

afterAll(async () => account.drop());

type Tampering = readonly [name: string, code: Code, statements: string];

/** Noticed before the venue is asked anything. */
const everySynchronisation: readonly Tampering[] = [
  ['the last statement is gone', 'STORE_ROW_UNTRUSTED', withoutStatements('sequence = 45')],
  ['every statement is gone', 'STORE_ROW_UNTRUSTED', withoutStatements('true')],
  [
    'the last statement has another hash',
    'STORE_ROW_UNTRUSTED',
    `update record.statement set hash = sha256('x') where sequence = 45`,
  ],
  ['the state is gone', 'STORE_ROW_UNTRUSTED', 'delete from record.sealed_state'],
  [
    'the state names another version',
    'ENVELOPE_REFUSED',
    'update record.sealed_state set version = version + 1',
  ],
  ['a bit of the state is another', 'ENVELOPE_REFUSED', flipped('record.sealed_state', 40)],
  ['the state is cut', 'ENVELOPE_MALFORMED', cut('record.sealed_state')],
  [
    'a segment stands in the place of the state',
    'ENVELOPE_REFUSED',
    `update record.sealed_state set envelope = segment.envelope
     from record.sealed_segment segment`,
  ],
  ["the account's key is gone", 'KEY_UNKNOWN', 'delete from record.account_key'],
  ["a bit of the account's key is another", 'ENVELOPE_REFUSED', flipped('record.account_key', 40)],
  ["the account's key is cut", 'ENVELOPE_MALFORMED', cut('record.account_key')],
  [
    "the account's key is of another master key",
    'KEY_UNKNOWN',
    `update record.account_key
     set envelope = overlay(envelope placing '\\x0123456789abcdef' from 6)`,
  ],
  ['a bit of a key is another', 'ENVELOPE_REFUSED', flipped('record.credential', 40)],
  ['a key is cut', 'ENVELOPE_MALFORMED', cut('record.credential')],
  [
    'a key is of another master key',
    'KEY_UNKNOWN',
    `update record.credential
     set envelope = overlay(envelope placing '\\x0123456789abcdef' from 6)`,
  ],
  [
    'two fields are exchanged',
    'ENVELOPE_REFUSED',
    `update record.credential mine set envelope = other.envelope
     from record.credential other where other.field <> mine.field`,
  ],
  [
    'a field has another name',
    'STORE_ROW_UNTRUSTED',
    `update record.credential set field = 'token' where field = 'secret'`,
  ],
  ['a field is gone', 'VENUE_KEY_REJECTED', `delete from record.credential where field = 'secret'`],
  [
    'the account is at another venue',
    'VENUE_UNKNOWN',
    `${UNLOCKED} update record.account set venue = 'elsewhere'`,
  ],
];

/** Noticed when the whole record is read again. */
const everyReplay: readonly Tampering[] = [
  ['a bit of a segment is another', 'ENVELOPE_REFUSED', flipped('record.sealed_segment', 400)],
  [
    'the last segment is gone',
    'STORE_ROW_UNTRUSTED',
    'delete from record.sealed_segment where first_sequence > 1',
  ],
  [
    'the first segment is gone',
    'STORE_ROW_UNTRUSTED',
    'delete from record.sealed_segment where first_sequence = 1',
  ],
  ['every segment is gone', 'STORE_ROW_UNTRUSTED', 'delete from record.sealed_segment'],
  [
    'two segments are exchanged',
    'ENVELOPE_REFUSED',
    `update record.sealed_segment mine set envelope = other.envelope
     from record.sealed_segment other where other.first_sequence <> mine.first_sequence`,
  ],
  [
    'a return is embellished',
    'STATEMENT_SIGNATURE_INVALID',
    `update record.statement set body = convert_to(regexp_replace(convert_from(body, 'UTF8'),
       '"return":"-?0[.]0', '"return":"0.1'), 'UTF8') where sequence = 20`,
  ],
  [
    'two statements are exchanged',
    'STATEMENT_LINK_BROKEN',
    `update record.statement mine set body = other.body, signature = other.signature
     from record.statement other
     where (mine.sequence, other.sequence) in ((20, 21), (21, 20))`,
  ],
  ['a statement in the middle is gone', 'STORE_ROW_UNTRUSTED', withoutStatements('sequence = 20')],
];

describe('refuses, and writes nothing', () => {
  test.each(everySynchronisation)('%s: %s', async (_name, code, statements) => {
    await account.withCopy(async (copy) => {
      await tamper(copy, statements);
      const before = await rows(copy);
      expect(await copy.sync(LAST_OBSERVED)).toBe(code);
      expect(await visibleCode(copy)).toBe(code);
      expect(await rows(copy)).toEqual(before);
    });
  });

  test.each(everyReplay)('in a replay, %s: %s', async (_name, code, statements) => {
    await account.withCopy(async (copy) => {
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      await tamper(copy, statements);
      const before = await rows(copy);
      expect(await copy.reaggregate()).toBe(code);
      expect(await visibleCode(copy)).toBe(code);
      expect(await rows(copy)).toEqual(before);
    });
  });

  test('R53 recovery-meets-postgres: a database put back to before its last hours', async () => {
    await account.withCopy(async (copy) => {
      const kept = `create table public.kept as select * from record.sealed_state`;
      await copy.admin.query(kept);
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      await tamper(copy, withoutStatements('sequence >= 46'));
      expect(await copy.sync(LAST_OBSERVED)).toBe('STORE_ROW_UNTRUSTED');
      await reactivate(copy);
      await tamper(
        copy,
        `update record.sealed_state set version = kept.version, envelope = kept.envelope
         from public.kept`,
      );
      // Every row of it put back is a database of another day: it goes on as on that day, and says
      // the same, since hours do not depend on when they are stated.
      await tamper(copy, 'delete from record.sealed_segment where first_sequence > 1');
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect((await copy.record()).statements).toEqual(account.undisturbed.statements);
    });
  });

  test('S8 rows-cannot-be-swapped: the credentials of one account in another', async () => {
    await account.withCopy(async (copy) => {
      await tamper(
        copy,
        `insert into record.account select '${OTHER}', owner_id, venue, reporting_currency,
           history_from, connected_at, allow_trading_key, repeat('b', 64), state, state_code
         from record.account;
         insert into record.account_key select '${OTHER}', key_id, envelope, created_at
         from record.account_key;
         insert into record.credential select '${OTHER}', field, key_id, envelope, created_at
         from record.credential`,
      );
      expect(await copy.sync(LAST_OBSERVED, {}, OTHER)).toBe('ENVELOPE_REFUSED');
    });
  });

  test('a sealed state that is none of ours: STORE_ROW_UNTRUSTED', async () => {
    await account.withCopy(async (copy) => {
      const keys = await openKeysOf(copy.admin, MASTER_KEY);
      if (keys === null) throw new Error('The account has a key.');
      const random = (size: number): Uint8Array => new Uint8Array(size).fill(7);
      const place = { table: 'sealed_state', version: 1 };
      const envelope = sealRow(keys, place, Buffer.from('{"coveredTo":0}'), random);
      await copy.admin.query('update record.sealed_state set envelope = $1', [envelope]);
      expect(await copy.sync(LAST_OBSERVED)).toBe('STORE_ROW_UNTRUSTED');
    });
  });
});

describe('holds', () => {
  test.each<readonly [string, Code, Partial<RouteContext>]>([
    [
      'the database gives up before the commit',
      'STORE_UNAVAILABLE',
      { settling: () => sql`select pg_cancel_backend(pg_backend_pid()), pg_sleep(9)` },
    ],
    ['the claim is lost', 'JOB_CLAIM_LOST', { settling: () => sql`select where false` }],
  ])('%s: %s, and the next run goes on', async (_name, code, change) => {
    await account.withCopy(async (copy) => {
      expect(await copy.sync(LAST_OBSERVED, change)).toBe(code);
      expect(writtenBy(await copy.record())).toEqual(writtenBy(account.before));
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect(await copy.record()).toEqual(account.undisturbed);
    });
  });
});

/** As a superuser for whom neither triggers nor references count. */
async function tamper({ admin }: Copy, statements: string): Promise<void> {
  const client = await admin.connect();
  const tables = ['statement', 'hourly_return', 'sealed_segment'];
  try {
    await client.query('set session_replication_role = replica');
    for (const name of tables) await client.query(`alter table record.${name} disable trigger all`);
    await client.query(statements);
    for (const name of tables) await client.query(`alter table record.${name} enable trigger all`);
  } finally {
    client.release(true);
  }
}

async function rows({ admin }: Copy): Promise<unknown> {
  const found = await admin.query(
    `select (select count(*) from record.statement) as statements,
       (select count(*) from record.hourly_return) as hours,
       (select count(*) from record.sealed_segment) as segments,
       (select array_agg(envelope) from record.sealed_state) as state`,
  );
  return found.rows;
}

function withoutStatements(which: string): string {
  return `delete from record.hourly_return where sequence in
    (select sequence from record.statement where ${which});
    delete from record.statement where ${which}`;
}

function flipped(table: string, byte: number): string {
  return `update ${table}
    set envelope = set_byte(envelope, ${byte}, get_byte(envelope, ${byte}) # 1)`;
}

function cut(table: string): string {
  return `update ${table} set envelope = substring(envelope for 20)`;
}
