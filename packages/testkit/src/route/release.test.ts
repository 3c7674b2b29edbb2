// What is signed stays inside until the policy that it signs lets it go, and then goes out once, as
// it was signed: looked at with the gateway's own login.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createGateway, type DisclosureChoice, type Gateway } from '@track-record/gateway';
import { parseStatement, signingKeyFromSeed, verifyChain } from '@track-record/statement';
import { dueReleases, openStore } from '@track-record/store';
import { fixedRecordRoot } from '../postgres/record-root.ts';
import {
  openBackfilledAccount,
  UNLOCKED,
  type BackfilledAccount,
  type Copy,
} from './backfilled-account.ts';
import { ACCOUNT } from './site.ts';
import {
  CONNECTED_AT,
  HOUR_MS,
  HOURS_BEFORE,
  LAST_OBSERVED,
  MASTER_KEY,
  START,
} from './small-account.ts';

const DAY_MS = 24 * HOUR_MS;
const WINDOW = { fromMs: START, toMs: START + 30 * DAY_MS };
/** Two days of the account are over here, and the delay of the second. */
const DUE = START + 3 * DAY_MS;
const HELD_BACK: DisclosureChoice = { grid: 'hour', delayHours: 24, thin: 'told' };

let account: BackfilledAccount;

beforeAll(async () => {
  account = await openBackfilledAccount();
});

afterAll(async () => {
  await account.drop();
});

interface Seen {
  readonly hours: number;
  readonly bodies: readonly string[];
}

/** The policy is changed, and two more hours are stated. */
async function withHeldHours(
  choice: DisclosureChoice,
  act: (copy: Copy, gateway: Gateway, seen: () => Promise<Seen>) => Promise<void>,
): Promise<void> {
  await account.withCopy(async (copy) => {
    const gateway = createGateway({ databaseUrl: copy.urlFor('gateway') });
    const seen = async (): Promise<Seen> => {
      const hours = await collect(gateway.hourlyReturns(ACCOUNT, WINDOW));
      const statements = await collect(gateway.statements(ACCOUNT, WINDOW));
      return { hours: hours.length, bodies: statements.map(({ body }) => textOf(body)) };
    };
    try {
      await gateway.changeDisclosure(ACCOUNT, choice);
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      await act(copy, gateway, seen);
    } finally {
      await gateway.close();
    }
  });
}

async function signedIn({ admin }: Copy): Promise<readonly string[]> {
  const all = 'select body from record.statement order by sequence';
  const found = await admin.query<{ body: Buffer }>(all);
  return found.rows.map(({ body }) => textOf(body));
}

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

describe('accepts', () => {
  test('a change of policy: later hours say it, wait, and go as they were signed', async () => {
    await withHeldHours(HELD_BACK, async (copy, _gateway, seen) => {
      const signed = await signedIn(copy);
      expect(signed).toHaveLength(HOURS_BEFORE + 2);
      const delays = signed.map((text) => parseStatement(Buffer.from(text)).disclosure.delayHours);
      expect(delays.slice(HOURS_BEFORE - 1)).toEqual([0, 24, 24]);
      expect(await seen()).toEqual({ hours: HOURS_BEFORE, bodies: signed.slice(0, HOURS_BEFORE) });

      copy.setClock(DUE - 1);
      expect(await copy.release()).toBe('DONE');
      expect((await seen()).hours).toBe(HOURS_BEFORE);
      copy.setClock(DUE);
      expect(await copy.release()).toBe('DONE');
      expect(await seen()).toEqual({ hours: HOURS_BEFORE + 2, bodies: signed });
      const before = await copy.record();
      expect(await copy.release()).toBe('DONE');
      expect(await copy.record()).toEqual(before);
    });
  });

  test('the dispatcher finds the account when its hours are due, at no other time', async () => {
    await withHeldHours(HELD_BACK, async (copy) => {
      const store = openStore(copy.urlFor('enclave_worker'), { connectionsMax: 1 });
      try {
        expect(await dueReleases(store.db, DUE - 1)).toEqual([]);
        expect(await dueReleases(store.db, DUE)).toEqual([ACCOUNT]);
        copy.setClock(DUE);
        expect(await copy.release()).toBe('DONE');
        expect(await dueReleases(store.db, DUE)).toEqual([]);
      } finally {
        await store.close();
      }
    });
  });

  test('the grid of a day: its hours are merged, and its last hour tells it', async () => {
    await withHeldHours({ grid: 'day', delayHours: 0 }, async (copy, gateway, seen) => {
      const last = (await seen()).bodies.slice(-2).map((text) => parseStatement(Buffer.from(text)));
      expect(last.map(({ status, reason, spans }) => [status, reason, spans])).toEqual([
        ['measured', 'merged', 1],
        ['measured', null, 2],
      ]);
      const [merged, told] = (await collect(gateway.hourlyReturns(ACCOUNT, WINDOW))).slice(-2);
      expect(merged).toMatchObject({ hourlyReturn: null, reason: 'merged' });
      expect(told?.hourlyReturn).toMatch(/^-?0\.[0-9]{4}$/);
      await verified(copy);
    });
  });
});

describe('refuses', () => {
  const unlock = 'alter table record.statement disable trigger append_only;';
  const last = `sequence = (select max(sequence) from record.statement)`;
  test.each([
    [
      'a statement that was altered',
      'STATEMENT_SIGNATURE_INVALID',
      `${unlock} update record.statement set body = set_byte(body, 90, 65) where ${last}`,
    ],
    [
      'an earlier date of release than the statement signs',
      'STORE_ROW_UNTRUSTED',
      `${unlock} update record.statement set release_at = '2026-01-01'`,
    ],
  ])('%s: %s', async (_name, code, change) => {
    await withHeldHours(HELD_BACK, async (copy, _gateway, seen) => {
      await copy.admin.query(change);
      if (code !== 'STORE_ROW_UNTRUSTED') copy.setClock(DUE);
      expect(await copy.release()).toBe(code);
      expect((await seen()).hours).toBe(HOURS_BEFORE);
    });
  });

  test('a policy of another form, and one of an account that is not there', async () => {
    await withHeldHours(HELD_BACK, async (_copy, gateway) => {
      const change = (choice: object): Promise<void> => gateway.changeDisclosure(ACCOUNT, choice);
      const invalid = { code: 'ARGUMENT_INVALID' };
      await expect(change({ grid: 'week' })).rejects.toMatchObject(invalid);
      await expect(change({ delayHours: 721 })).rejects.toMatchObject(invalid);
      await expect(change({ delayHours: 'soon' })).rejects.toMatchObject(invalid);
      const stranger = '00000000-0000-4000-8000-0000000000ff';
      await expect(gateway.changeDisclosure(stranger, {})).rejects.toMatchObject({
        code: 'ACCOUNT_UNKNOWN',
      });
    });
  });

  test('to sign that the owner has fewer accounts than was signed before', async () => {
    await account.withCopy(async (copy) => {
      await copy.admin.query(
        `${UNLOCKED} insert into record.account select gen_random_uuid(), owner_id, venue,
           reporting_currency, history_from, connected_at, allow_trading_key, repeat('0', 64),
           'active'
         from record.account`,
      );
      expect(await copy.sync(LAST_OBSERVED - HOUR_MS)).toBe('DONE');
      const [census] = (await signedIn(copy)).slice(-1);
      expect(parseStatement(Buffer.from(census ?? '')).owner.connected).toBe(2);
      await copy.admin.query(`delete from record.account where account_id <> '${ACCOUNT}'`);
      expect(await copy.sync(LAST_OBSERVED)).toBe('STORE_ROW_UNTRUSTED');
    });
  });
});

describe('holds', () => {
  test('a forgotten account goes on to release what was signed, and it verifies', async () => {
    await withHeldHours(HELD_BACK, async (copy, gateway, seen) => {
      await gateway.forgetAccount(ACCOUNT);
      copy.setClock(DUE);
      expect(await copy.release()).toBe('DONE');
      expect((await seen()).hours).toBe(HOURS_BEFORE + 2);
      await verified(copy);
    });
  });

  test('R31 backfill-is-a-class-of-its-own: also when all is stated again', async () => {
    await withHeldHours(HELD_BACK, async (copy) => {
      expect(await copy.reaggregate()).toBe('DONE');
      const bodies = (await signedIn(copy)).map((text) => parseStatement(Buffer.from(text)));
      // The hour in which the account was connected was not watched from its beginning.
      const watched = bodies.map(({ hour }) => Date.parse(hour) >= CONNECTED_AT);
      expect(bodies.map(({ provenance }) => provenance === 'observed')).toEqual(watched);
      expect(watched.filter(Boolean)).toHaveLength(1);
    });
  });

  test('hours that are stated again are told as before, whatever the policy is now', async () => {
    await withHeldHours({ grid: 'day' }, async (copy, gateway) => {
      const before = await signedIn(copy);
      await gateway.changeDisclosure(ACCOUNT, HELD_BACK);
      expect(await copy.reaggregate()).toBe('DONE');
      expect(await signedIn(copy)).toEqual(before);
    });
  });
});

async function verified(copy: Copy): Promise<void> {
  const found = await copy.admin.query<{ bytes: Buffer; signature: Buffer }>(
    'select body as bytes, signature from record.statement order by sequence',
  );
  const seed = fixedRecordRoot(MASTER_KEY).statementSigningSeed();
  const { publicKey } = await seed.open(signingKeyFromSeed);
  expect((await verifyChain(found.rows, publicKey)).hours).toHaveLength(HOURS_BEFORE + 2);
}
