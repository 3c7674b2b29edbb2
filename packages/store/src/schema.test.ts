// Does the live schema have exactly the columns that this code names, with the types it reads them as?

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { sql } from 'kysely';
import { openStore, tables, type Store } from './index.ts';

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

interface LiveColumn {
  relation: string;
  column: string;
  type: string;
  kind: 'r' | 'v';
  not_null: boolean;
  has_default: boolean;
  generated: boolean;
}

describe('accepts', () => {
  it('the live schema, column by column', async () => {
    const live = await sql<LiveColumn>`
      select namespace.nspname || '.' || relation.relname as relation, attname as column,
        case base.typtype when 'd' then (select typname from pg_type where oid = base.typbasetype)
          else base.typname end as type,
        relation.relkind as kind, attnotnull as not_null, atthasdef as has_default,
        attgenerated <> '' as generated
      from pg_class relation
      join pg_namespace namespace on namespace.oid = relation.relnamespace
      join pg_attribute on attrelid = relation.oid and attnum > 0 and not attisdropped
      join pg_type base on base.oid = atttypid
      where namespace.nspname in ('record', 'released', 'gateway', 'operator')
        and relation.relkind in ('r', 'v', 'p', 'm')
      order by 1, attnum`.execute(store.db);
    const described: Record<string, Record<string, string>> = {};
    for (const row of live.rows) {
      (described[row.relation] ??= {})[row.column] = describeColumn(row);
    }
    expect(described).toEqual(tables);
  });
});

function describeColumn(column: LiveColumn): string {
  if (column.kind === 'v' || column.generated) return `${column.type} view`;
  if (!column.not_null) return `${column.type} null`;
  return column.has_default ? `${column.type} default` : column.type;
}
