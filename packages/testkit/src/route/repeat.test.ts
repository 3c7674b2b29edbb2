// A job may come twice, late, out of order or beside another one, and the record stays the same; a
// late entry is restated, and nothing that was published changes. After each job the chain
// verifies.

import assert from 'node:assert';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RouteContext } from '@track-record/jobs/context';
import { entryCodec, parseDecimal, type Entry } from '@track-record/ledger';
import { openRow, sealRow, type AccountKeys } from '@track-record/sealing';
import { signingKeyFromSeed, verifyChain, type Chain } from '@track-record/statement';
import { loadVenues, type Venue } from '@track-record/venues';
import {
  openBackfilledAccount,
  writtenBy,
  type BackfilledAccount,
  type Copy,
} from './backfilled-account.ts';
import { fixedRecordRoot } from '../postgres/record-root.ts';
import { openKeysOf } from './opened-record.ts';
import { ACCOUNT } from './site.ts';
import {
  CONNECTED_AT,
  HOUR_MS,
  HOURS,
  LAST_OBSERVED,
  MASTER_KEY,
  OBSERVED_AT,
  START,
} from './small-account.ts';

/** Each run takes a copy of the database and some seconds of jobs. */
const RUNS = 8;
const STATE_TABLE = 'sealed_state';
const SEGMENT_TABLE = 'sealed_segment';

type Job =
  | { readonly kind: 'sync'; readonly hour: number }
  | { readonly kind: 'two at once'; readonly hours: readonly [number, number] }
  | { readonly kind: 'reaggregate' }
  | { readonly kind: 'an hour passes' };

const hourIndex = fc.integer({ min: 0, max: HOURS + 3 });
const job: fc.Arbitrary<Job> = fc.oneof(
  fc.record({ kind: fc.constant('sync' as const), hour: hourIndex }),
  fc.record({ kind: fc.constant('two at once' as const), hours: fc.tuple(hourIndex, hourIndex) }),
  fc.record({ kind: fc.constant('reaggregate' as const) }),
  fc.record({ kind: fc.constant('an hour passes' as const) }),
);

/** 500 come in the middle of one hour and leave in the middle of the second one after it. */
const latePair: readonly Entry[] = [
  flow('late-in', START + 20 * HOUR_MS + HOUR_MS / 2, '500'),
  flow('late-out', START + 22 * HOUR_MS + HOUR_MS / 2, '-500'),
];
const restatedHours = [20, 21, 22].map((index) => new Date(START + index * HOUR_MS));

let account: BackfilledAccount;

beforeAll(async () => {
  account = await openBackfilledAccount();
});

afterAll(async () => account.drop());

describe('holds', () => {
  test('any jobs in any order lead to the same hours, and take back nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 6 }), async (jobs) => {
        await account.withCopy(async (copy) => {
          let now = CONNECTED_AT;
          let published = await statementsOf(copy);
          for (const each of jobs) {
            if (each.kind === 'an hour passes') now = Math.min(now + HOUR_MS, OBSERVED_AT);
            copy.setClock(now);
            await run(copy, each);
            await verifiedChain(copy);
            const after = await statementsOf(copy);
            expect(after.slice(0, published.length)).toEqual(published);
            published = after;
          }
          copy.setClock(OBSERVED_AT);
          expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
          expect((await copy.record()).hours).toEqual(account.undisturbed.hours);
          expect((await verifiedChain(copy)).hours).toHaveLength(HOURS);
        });
      }),
      { numRuns: RUNS, seed: 20_260_105 },
    );
  });

  test('a job done twice changes nothing at all', async () => {
    await account.withCopy(async (copy) => {
      for (let count = 0; count < 2; count += 1) {
        expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
        expect(await copy.sync(START)).toBe('DONE');
        expect(await copy.reaggregate()).toBe('DONE');
        expect(await copy.connect()).toBe('DONE');
      }
      expect(await copy.record()).toEqual(account.undisturbed);
    });
  });

  test('an hour asked for before it is final is left to a later job', async () => {
    await account.withCopy(async (copy) => {
      copy.setClock(CONNECTED_AT);
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect(await copy.record()).toEqual(account.before);
      // Nine minutes past the hour: the venue may still change it.
      copy.setClock(CONNECTED_AT + HOUR_MS - 4 * 60_000);
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect(await copy.record()).toEqual(account.before);
      copy.setClock(OBSERVED_AT);
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect(await copy.record()).toEqual(account.undisturbed);
    });
  });

  test('of two workers at once one writes, and the other one writes nothing', async () => {
    await account.withCopy(async (copy) => {
      const endings = await Promise.all([copy.sync(LAST_OBSERVED), copy.sync(LAST_OBSERVED)]);
      expect(endings.toSorted()).toEqual(['DONE', 'STORE_CONFLICT']);
      expect(writtenBy(await copy.record())).toEqual(writtenBy(account.undisturbed));
    });
  });
});

describe('holds: an entry that comes late', () => {
  test('told by the venue, restates its hours and cites what it restates', async () => {
    await account.withCopy(async (copy) => {
      expect(await copy.sync(LAST_OBSERVED, { venues: telling(latePair) })).toBe('DONE');
      await expectRestatement(copy, account.before.statements);
    });
  });

  test('found in the journal, restates the same hours to the same findings', async () => {
    await account.withCopy(async (copy) => {
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      await addToJournal(copy, latePair);
      const before = await statementsOf(copy);
      expect(await copy.reaggregate()).toBe('DONE');
      const findings = await expectRestatement(copy, before);
      await account.withCopy(async (other) => {
        await other.sync(LAST_OBSERVED, { venues: telling(latePair) });
        expect(await expectRestatement(other, account.before.statements)).toEqual(findings);
      });
    });
  });

  test('told otherwise afterwards is refused: LEDGER_ENTRY_CONFLICT', async () => {
    await account.withCopy(async (copy) => {
      copy.setClock(CONNECTED_AT + HOUR_MS);
      const hour = LAST_OBSERVED - HOUR_MS;
      expect(await copy.sync(hour, { venues: telling(latePair) })).toBe('DONE');
      const before = await copy.record();
      copy.setClock(OBSERVED_AT);
      const other = latePair.map((entry) => flow(entry.id, entry.at, '1'));
      expect(await copy.sync(LAST_OBSERVED, { venues: telling(other) })).toBe(
        'LEDGER_ENTRY_CONFLICT',
      );
      expect(writtenBy(await copy.record())).toEqual(writtenBy(before));
    });
  });
});

async function run(copy: Copy, each: Job): Promise<void> {
  const hourOf = (index: number): number => START + index * HOUR_MS;
  switch (each.kind) {
    case 'sync':
      expect(await copy.sync(hourOf(each.hour))).toBe('DONE');
      break;
    case 'two at once': {
      const endings = await Promise.all(each.hours.map((hour) => copy.sync(hourOf(hour))));
      expect(endings).toContain('DONE');
      expect(['DONE', 'STORE_CONFLICT']).toEqual(expect.arrayContaining(endings));
      break;
    }
    case 'reaggregate':
      expect(await copy.reaggregate()).toBe('DONE');
      break;
    case 'an hour passes':
      break;
  }
}

/** The findings of all hours that now hold. */
async function expectRestatement(copy: Copy, before: readonly string[]): Promise<unknown> {
  expect((await statementsOf(copy)).slice(0, before.length)).toEqual(before);
  const chain = await verifiedChain(copy);
  expect(chain.hours).toHaveLength(HOURS);
  const restated = chain.hours.filter(({ body }) => body.restates !== null);
  expect(restated.map(({ body }) => new Date(body.hour))).toEqual(restatedHours);
  const cited = await copy.admin.query(
    `select count(*)::int as count from record.statement later
     join record.statement earlier on earlier.hash = later.restates
       and earlier.hour = later.hour and earlier.sequence < later.sequence`,
  );
  expect(cited.rows).toEqual([{ count: restated.length }]);
  const record = await copy.record();
  expect(await copy.reaggregate()).toBe('DONE');
  expect(writtenBy(await copy.record())).toEqual(writtenBy(record));
  return chain.hours.map(({ body }) => [body.hour, body.status, body.return, body.residual]);
}

const venues = await loadVenues(['binance']);

/** The real venue, which also tells `entries` in each answer. */
function telling(entries: readonly Entry[]): RouteContext['venues'] {
  const binance = venues.get('binance');
  assert(binance !== undefined);
  const venue: Venue = {
    ...binance,
    connect: async (credentials, context) => {
      const session = await binance.connect(credentials, context);
      return {
        ...session,
        fetch: async (window, cursor) => {
          const fetched = await session.fetch(window, cursor);
          return { ...fetched, entries: [...entries, ...fetched.entries] };
        },
      };
    },
  };
  return new Map([['binance', venue]]);
}

/** As if an earlier version of the route had sealed these entries without restating their hours. */
async function addToJournal(copy: Copy, entries: readonly Entry[]): Promise<void> {
  const found = await copy.admin.query<{ version: string; envelope: Buffer }>(
    'select version, envelope from record.sealed_state',
  );
  const [row] = found.rows;
  assert(row !== undefined);
  const version = Number(row.version);
  await withKeys(copy, async (keys) => {
    const text = openRow(keys, { table: STATE_TABLE, version }, row.envelope);
    const state: { nextSequence: number } = JSON.parse(Buffer.from(text).toString('utf8'));
    const first = state.nextSequence;
    const last = first + entries.length - 1;
    const records = entries.map((entry) => ['entry', entryCodec.format(entry)]);
    const segment = sealRow(
      keys,
      { table: SEGMENT_TABLE, first, last },
      Buffer.from(JSON.stringify(records)),
      (size) => new Uint8Array(size).fill(1),
    );
    const changed = sealRow(
      keys,
      { table: STATE_TABLE, version: version + 1 },
      Buffer.from(JSON.stringify({ ...state, nextSequence: last + 1 })),
      (size) => new Uint8Array(size).fill(2),
    );
    await copy.admin.query(
      `insert into record.sealed_segment
         (account_id, first_sequence, last_sequence, key_id, envelope)
       values ($1, $2, $3, $4, $5)`,
      [ACCOUNT, first, last, keys.segment.id, segment],
    );
    await copy.admin.query('update record.sealed_state set version = version + 1, envelope = $1', [
      changed,
    ]);
  });
}

async function withKeys({ admin }: Copy, act: (keys: AccountKeys) => Promise<void>): Promise<void> {
  const keys = await openKeysOf(admin, MASTER_KEY);
  assert(keys !== null);
  await act(keys);
  keys.wipe();
}

async function statementsOf(copy: Copy): Promise<readonly string[]> {
  return (await copy.record()).statements;
}

async function verifiedChain({ admin }: Copy): Promise<Chain> {
  const { publicKey } = await fixedRecordRoot(MASTER_KEY)
    .statementSigningSeed()
    .open(signingKeyFromSeed);
  const found = await admin.query<{ bytes: Buffer; signature: Buffer }>(
    'select body as bytes, signature from record.statement order by sequence',
  );
  return verifyChain(found.rows, publicKey);
}

function flow(id: string, at: number, amount: string): Entry {
  const postings = [{ asset: 'USDT', amount: parseDecimal(amount) }];
  return { id, at, kind: 'flow', postings };
}
