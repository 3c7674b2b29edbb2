// Does docs/roles.md say what the live database says? And does it end there: everything that the
// page does not grant is tried, as a login of the role.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  liveRights,
  rolesPage,
  ROLES,
  type LiveRights,
} from '../../testkit/src/postgres/live-roles.ts';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';

/** What no right could make possible is refused first: a view's column that is computed. */
const REFUSALS = new Set(['42501', '55000', '0A000', '428C9']);

let database: FreshDatabase;
let live: readonly LiveRights[];
let columnsOf: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  database = await freshDatabase();
  live = await liveRights(database.url);
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  const found = await owner.query<{ name: string; columns: string[] }>(
    `select table_schema || '.' || table_name as name,
       array_agg(column_name::text order by ordinal_position) as columns
     from information_schema.columns group by 1`,
  );
  columnsOf = new Map(found.rows.map(({ name, columns }) => [name, columns]));
  await owner.end();
});

afterAll(async () => {
  await database.drop();
});

describe('accepts', () => {
  it('the live database, table by table, sequence by sequence, function by function', () => {
    const page = new URL('../../../docs/roles.md', import.meta.url);
    expect(rolesPage(live)).toBe(readFileSync(page, 'utf8'));
  });
});

describe('refuses', () => {
  it.each(ROLES)('%s: whatever the page does not grant', async (role) => {
    const client = new pg.Client({ connectionString: database.urlFor(role) });
    await client.connect();
    const attempts = live.flatMap((each) => attemptsOf(each, role));
    expect(attempts.length).toBeGreaterThan(150);
    const succeeded: string[] = [];
    for (const attempt of attempts) {
      const code = await client.query(attempt).then(
        () => 'it succeeded',
        (error: { code?: string }) => error.code ?? 'no code',
      );
      if (!REFUSALS.has(code)) succeeded.push(`${code}: ${attempt}`);
    }
    await client.end();
    expect(succeeded).toEqual([]);
  });
});

/** Statements that need one right each, of those that the role lacks. */
function attemptsOf({ kind, name, rights }: LiveRights, role: (typeof ROLES)[number]): string[] {
  const held = rights[role];
  const lacks = (right: string): boolean => !held.includes(right);
  switch (kind) {
    case 'schema':
      return lacks('CREATE') ? [`create table ${name}.mine (n int)`] : [];
    case 'sequence':
      return held.length === 0 ? [`select nextval('${name}')`] : [];
    case 'function': {
      const types = name.slice(name.indexOf('(') + 1, -1).split(', ');
      const nulls = types.filter((type) => type !== '').map((type) => `null::${type}`);
      const call = `select ${name.slice(0, name.indexOf('('))}(${nulls.join(', ')})`;
      return lacks('EXECUTE') ? [call] : [];
    }
    case 'table':
    case 'view': {
      const updates = updatesBeyond(name, held);
      return [
        ...(lacks('SELECT') ? [`select * from ${name} limit 0`] : []),
        ...(lacks('INSERT') ? [`insert into ${name} default values`] : []),
        ...(lacks('DELETE') ? [`delete from ${name} where false`] : []),
        ...(kind === 'table' && lacks('TRUNCATE') ? [`truncate ${name}`] : []),
        ...updates,
      ];
    }
  }
}

function updatesBeyond(name: string, held: readonly string[]): string[] {
  if (held.includes('UPDATE')) return [];
  const some = held.find((right) => right.startsWith('UPDATE ('));
  const granted = some === undefined ? [] : some.slice('UPDATE ('.length, -1).split(', ');
  const columns = columnsOf.get(name) ?? [];
  return columns
    .filter((column) => !granted.includes(column))
    .map((column) => `update ${name} set ${column} = default where false`);
}
