// The one passage between rows and objects: which columns a query reads, under which names, and how
// many rows go in at once. Values travel as parameters; only names from `tables` become SQL text.

import { sql, type Kysely, type RawBuilder } from 'kysely';
import { tables, type Database, type NewRow, type TableName } from './tables.ts';

/** A few megabytes per round trip; a first synchronisation may bring tens of thousands of hours. */
const ROWS_PER_INSERT = 2_000;

/** `account_id as "accountId", …`. A bigint counts rows here, so its double is exact. */
export function columns(table: TableName): RawBuilder<unknown> {
  const read = columnsOf(table).map(
    ({ name, key, type }) => `"${name}"${type === 'int8' ? '::float8' : ''} as "${key}"`,
  );
  return sql.raw(read.join(', '));
}

/** Returns how many rows went in; `conflict` is the clause for those that are there already. */
export async function insertRows<Table extends TableName>(
  db: Kysely<Database>,
  table: Table,
  rows: readonly NewRow<Table>[],
  conflict = '',
): Promise<number> {
  const names = columnsOf(table);
  const into = sql.raw(`${table} (${names.map(({ name }) => `"${name}"`).join(', ')})`);
  let inserted = 0;
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
    const part = rows.slice(start, start + ROWS_PER_INSERT).map((row) => Object.entries(row));
    const values = part.map((entries) => new Map<string, unknown>(entries));
    // One array per column: any number of rows has as many parameters as there are columns.
    const arrays = names.map(({ key, type }) => {
      const column = values.map((row) => parameter(row.get(key), type));
      return sql`${column}::${sql.raw(type)}[]`;
    });
    const result = await sql`
      insert into ${into} select * from unnest(${sql.join(arrays)}) ${sql.raw(conflict)}`.execute(
      db,
    );
    inserted += Number(result.numAffectedRows);
  }
  return inserted;
}

function columnsOf(table: TableName): { name: string; key: string; type: string }[] {
  return Object.entries(tables[table]).flatMap(([name, spec]) => {
    const [type = '', mark] = spec.split(' ');
    const key = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return mark === 'own' ? [] : [{ name, key, type }];
  });
}

function parameter(value: unknown, type: string): unknown {
  return type === 'timestamptz' && typeof value === 'number' ? new Date(value) : value;
}
