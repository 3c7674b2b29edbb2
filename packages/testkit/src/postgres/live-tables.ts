// What the schema of a migrated database is, column by column, as
// `packages/store/src/generated/tables.ts` has it.

import pg from 'pg';

interface LiveColumn {
  readonly relation: string;
  readonly column: string;
  readonly spec: string;
}

/**
 * Relation, column, type: of the tables (`r`) or the views (`v`) of our schemas, in order. The type
 * is followed by `null` where it may be, or by `own` where the database fills the column.
 */
export async function liveColumns(
  url: string,
  kind: 'r' | 'v',
): Promise<Record<string, Record<string, string>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query<LiveColumn>(
      `select nspname || '.' || relname as relation, attname as column,
         coalesce((select base.typname from pg_type base where base.oid = type.typbasetype),
           type.typname)
         || case when atthasdef then ' own' when not attnotnull then ' null' else '' end as spec
       from pg_class
       join pg_namespace on pg_namespace.oid = relnamespace
       join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
       join pg_type type on type.oid = atttypid
       where nspname in ('record', 'released', 'gateway', 'operator') and relkind = $1
       order by 1, attnum`,
      [kind],
    );
    const columns: Record<string, Record<string, string>> = {};
    for (const { relation, column, spec } of found.rows) {
      (columns[relation] ??= {})[column] = spec;
    }
    return columns;
  } finally {
    await client.end();
  }
}

/** The generated file of these columns. */
export function tablesFile(columns: Record<string, Record<string, string>>): string {
  return `// Generated from the migrated schema by \`pnpm tables\`. DO NOT EDIT.
// Every column of schema \`record\` with its Postgres type. \`null\`: may be null. \`own\`: the
// database alone fills it; the functions of this room neither write nor read it.

export const tables = ${JSON.stringify(columns, null, 2)} as const;
`;
}
