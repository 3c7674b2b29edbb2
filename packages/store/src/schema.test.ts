// Does the live schema have exactly the columns that this code names, with the types it reads them
// as?

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { openStore, tables, type Store } from './index.ts';

/** What role gateway reads, and role operator: no column may be added without being added here. */
const VIEWS = {
  'released.account_status': `account_id owner_id venue state state_code last_hour code code_at
    hours_missing syncing updated_at`,
  'released.hourly_return': 'account_id hour sequence status reason return coverage provenance',
  'released.statement': 'account_id sequence hour body hash previous signature key_id restates',
  'operator.queue': `name policy dead_letter retry_limit expire_seconds ready deferred active failed
    oldest_ready`,
  'operator.job': `id name state priority retry_count retry_limit code source_name source_code
    created_on start_after started_on completed_on`,
  'operator.account': `account_id venue state state_code connected_at last_hour code code_at
    hours_missing syncing updated_at`,
};

interface LiveColumn {
  readonly relation: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly filled: boolean;
}

let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = openStore(database.url, { connectionsMax: 2 });
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

describe('accepts', () => {
  it('the live tables, column by column and type by type', async () => {
    const described: Record<string, Record<string, string>> = {};
    for (const row of await liveColumns('r')) {
      const mark = row.filled ? ' own' : row.nullable ? ' null' : '';
      (described[row.relation] ??= {})[row.column] = row.type + mark;
    }
    expect(described).toEqual(tables);
  });

  it('the live views, column by column', async () => {
    const described: Record<string, string[]> = {};
    for (const row of await liveColumns('v')) (described[row.relation] ??= []).push(row.column);
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

async function liveColumns(kind: 'r' | 'v'): Promise<readonly LiveColumn[]> {
  const found = await sql<LiveColumn>`
    select nspname || '.' || relname as relation, attname as column, not attnotnull as nullable,
      coalesce((select base.typname from pg_type base where base.oid = type.typbasetype),
        type.typname) as type, atthasdef as filled
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    join pg_type type on type.oid = atttypid
    where nspname in ('record', 'released', 'gateway', 'operator') and relkind = ${kind}
    order by 1, attnum`.execute(store.db);
  return found.rows;
}
