// The one passage between rows and objects: which columns a query reads, under which names and
// types, and how many rows go in at once. Values travel as parameters; only the names of tables and
// columns, which are ours, become SQL text.

import { sql, type Kysely, type RawBuilder } from 'kysely';
import { tables } from './generated/tables.ts';

/** A few megabytes per round trip; a first synchronisation may bring tens of thousands of hours. */
export const ROWS_PER_INSERT = 2_000;

/** Every query is SQL text of this room, so Kysely has no tables of its own to check. */
export type Database = Record<string, never>;

/** Counts are safe integers, instants ms UTC; a numeric keeps its digits. */
interface Values {
  readonly uuid: string;
  readonly text: string;
  readonly bytea: Uint8Array;
  readonly bool: boolean;
  readonly int4: number;
  readonly int8: number;
  readonly numeric: string;
  readonly timestamptz: number;
}

type Value<Spec> = Spec extends keyof Values
  ? Values[Spec]
  : Spec extends `${infer Type extends keyof Values} null`
    ? Values[Type] | null
    : never;

type Camel<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type TableName = keyof typeof tables;

/**
 * A row as an object of this code: the table's columns but its own ones, under their names here.
 */
export type Row<Table extends TableName> = {
  readonly [
    Name in keyof (typeof tables)[Table] as (typeof tables)[Table][Name] extends `${string} own`
      ? never
      : Camel<Name>
  ]: Value<(typeof tables)[Table][Name]>;
};

/** `account_id as "accountId", …`. */
export function columns(table: TableName): RawBuilder<unknown> {
  return sql.raw(
    columnsOf(table)
      .map(({ name, key }) => `"${name}" as "${key}"`)
      .join(', '),
  );
}

/** The rows of a table that `clauses`, from its `where` on, leave and order. */
export async function selectRows<Table extends TableName>(
  db: Kysely<Database>,
  table: Table,
  clauses: RawBuilder<unknown>,
): Promise<readonly Row<Table>[]> {
  const from = sql.table(table);
  const found = await sql<Row<Table>>`select ${columns(table)} from ${from} ${clauses}`.execute(db);
  return found.rows;
}

/** The account's row of a table that has at most one of each account, or null. */
export async function loadRow<Table extends TableName>(
  db: Kysely<Database>,
  table: Table,
  accountId: string,
): Promise<Row<Table> | null> {
  const [row] = await selectRows(db, table, sql`where account_id = ${accountId}`);
  return row ?? null;
}

/** Returns how many rows went in; `conflict` is the clause for those that are there already. */
export async function insertRows<Table extends TableName>(
  db: Kysely<Database>,
  table: Table,
  rows: readonly Row<Table>[],
  conflict = '',
): Promise<number> {
  let inserted = 0;
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
    const part = rows.slice(start, start + ROWS_PER_INSERT);
    const result = await insertion(table, part, conflict).execute(db);
    inserted += Number(result.numAffectedRows);
  }
  return inserted;
}

/** The statement that inserts these rows, `clauses` after it. */
export function insertion<Table extends TableName>(
  table: Table,
  rows: readonly Row<Table>[],
  clauses = '',
): RawBuilder<unknown> {
  const names = columnsOf(table);
  const into = sql.raw(`${table} (${names.map(({ name }) => `"${name}"`).join(', ')})`);
  const values = rows.map((row) => new Map<string, unknown>(Object.entries(row)));
  // One array per column: any number of rows has as many parameters as there are columns.
  const arrays = names.map(({ key, type }) => {
    const column = values.map((row) => parameter(row.get(key), type));
    return sql`${column}::${sql.raw(type)}[]`;
  });
  return sql`insert into ${into} select * from unnest(${sql.join(arrays)}) ${sql.raw(clauses)}`;
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
