// Does the live schema have exactly the columns that this code names, with the types it reads them
// as?

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { liveColumns, tablesFile } from '../../testkit/src/postgres/live-tables.ts';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { tables } from './generated/tables.ts';

/** What role gateway reads, and role operator: no column may be added without being added here. */
const VIEWS = {
  'released.account_status': `account_id owner_id venue state state_code last_hour code code_at
    hours_missing syncing updated_at hours_due coverage queue_position`,
  'released.checkpoint': 'size note signed_at',
  'released.hourly_return': 'account_id hour sequence status reason return coverage provenance',
  'released.claim': 'claim_id account_id body signature code',
  'released.statement': 'account_id sequence hour body hash previous signature key_id restates',
  'operator.queue': `name policy dead_letter retry_limit expire_seconds ready deferred active failed
    oldest_ready held`,
  'operator.job': `id name state priority retry_count retry_limit code source_name source_code
    created_on start_after started_on completed_on account_id heartbeat_on`,
  'operator.master_key': 'key_id accounts seals_record',
  'operator.account': `account_id venue state state_code connected_at last_hour code code_at
    hours_missing syncing updated_at history_from`,
  'operator.schedule': 'name cron timezone updated_on last_completed',
  'operator.venue': `venue final_to dispatched_at active stopped hours_missing hours_withheld
    accounts_behind`,
  'operator.venue_allowance': `venue egress per_minute burst tokens cost closed_until closings
    admitted refused first_cost`,
  'operator.action': 'action_id acted_at actor action queue job_id account_id jobs reason',
};

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});

afterAll(async () => {
  await database.drop();
});

describe('accepts', () => {
  it('the live tables, column by column and type by type', async () => {
    const live = await liveColumns(database.url, 'r');
    expect(live).toEqual(tables);
    const file = new URL('generated/tables.ts', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(tablesFile(live));
  });

  it('the live views, column by column', async () => {
    const live = Object.entries(await liveColumns(database.url, 'v'));
    const described = Object.fromEntries(
      live.map(([name, columns]) => [name, Object.keys(columns)]),
    );
    const expected = Object.entries(VIEWS).map(([name, text]) => [name, text.split(/\s+/)]);
    expect(described).toEqual(Object.fromEntries(expected));
  });
});

describe('holds', () => {
  it('no column in clear could carry an amount, a symbol or a trade', () => {
    const names = Object.values(tables).flatMap((columns) => Object.keys(columns));
    const telling = /amount|nav|equity|balance|symbol|asset|price|fill|trade(?!_key|ing_key)/;
    expect(names.filter((name) => telling.test(name))).toEqual([]);
  });
});
