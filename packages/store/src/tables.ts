// Every column of schema `record`, by its Postgres type. A test compares the list with the live
// schema; the types of rows here, and those that Kysely checks queries against, follow from it.
// `null`: may be null. `own`: filled by the database alone, neither written nor read by the
// functions here.

import type { ColumnType, SelectType } from 'kysely';

export const tables = {
  'record.migration': {
    number: 'int4',
    name: 'text',
    sha256: 'bytea',
    applied_at: 'timestamptz own',
  },
  'record.account': {
    account_id: 'uuid',
    owner_id: 'uuid',
    venue: 'text',
    reporting_currency: 'text',
    history_from: 'timestamptz',
    connected_at: 'timestamptz',
    allow_trading_key: 'bool',
    venue_account_hash: 'text',
    state: 'text',
    state_code: 'text null',
  },
  'record.intake': {
    account_id: 'uuid',
    owner_id: 'uuid',
    venue: 'text',
    sealed: 'bytea',
    reporting_currency: 'text null',
    history_from: 'timestamptz',
    allow_trading_key: 'bool',
    requested_at: 'timestamptz own',
  },
  'record.account_key': {
    account_id: 'uuid',
    key_id: 'text',
    envelope: 'bytea',
    created_at: 'timestamptz own',
  },
  'record.credential': {
    account_id: 'uuid',
    field: 'text',
    key_id: 'text',
    envelope: 'bytea',
    created_at: 'timestamptz own',
  },
  'record.sealed_segment': {
    account_id: 'uuid',
    first_sequence: 'int8',
    last_sequence: 'int8',
    key_id: 'text',
    envelope: 'bytea',
    created_at: 'timestamptz own',
    previous_sequence: 'int8 own',
  },
  'record.sealed_state': {
    account_id: 'uuid',
    version: 'int8',
    key_id: 'text',
    envelope: 'bytea',
    updated_at: 'timestamptz own',
  },
  'record.statement': {
    account_id: 'uuid',
    sequence: 'int8',
    hour: 'timestamptz',
    body: 'bytea',
    hash: 'bytea',
    previous: 'bytea null',
    signature: 'bytea',
    key_id: 'text',
    restates: 'bytea null',
    created_at: 'timestamptz own',
    previous_sequence: 'int8 own',
  },
  'record.hourly_return': {
    account_id: 'uuid',
    hour: 'timestamptz',
    sequence: 'int8',
    status: 'text',
    reason: 'text null',
    return: 'numeric null',
    coverage: 'numeric null',
    provenance: 'text',
  },
  'record.account_status': {
    account_id: 'uuid',
    last_hour: 'timestamptz null',
    code: 'text null',
    code_at: 'timestamptz null',
    hours_missing: 'int4',
    syncing: 'bool',
    updated_at: 'timestamptz',
  },
  'record.sentinel': {
    key_id: 'text',
    envelope: 'bytea',
  },
} as const satisfies Record<string, Record<string, ColumnSpec>>;

/** What a query of Kysely reads: exact types as strings, an instant as ms UTC. */
interface Types {
  readonly uuid: string;
  readonly text: string;
  readonly bytea: ColumnType<Buffer, Uint8Array, Uint8Array>;
  readonly bool: boolean;
  readonly int4: number;
  readonly int8: string;
  readonly numeric: string;
  readonly timestamptz: ColumnType<number, Date, Date>;
}

/** What the functions of this room take and give: counts as safe integers, instants as ms UTC. */
interface Values extends Pick<Types, 'uuid' | 'text' | 'bool' | 'int4' | 'numeric'> {
  readonly bytea: Buffer;
  readonly int8: number;
  readonly timestamptz: number;
}

type ColumnSpec = keyof Types | `${keyof Types} ${'null' | 'own'}`;

type Column<Spec> = Spec extends keyof Types
  ? Types[Spec]
  : Spec extends `${infer Type extends keyof Types} null`
    ? Types[Type] | null
    : Spec extends `${infer Type extends keyof Types} own`
      ? ColumnType<SelectType<Types[Type]>, never, never>
      : never;

type Value<Spec> = Spec extends keyof Values
  ? Values[Spec]
  : Spec extends `${infer Type extends keyof Values} null`
    ? Values[Type] | null
    : never;

type Camel<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

export type TableName = keyof typeof tables;

export type Database = {
  [Table in TableName]: {
    [Name in keyof (typeof tables)[Table]]: Column<(typeof tables)[Table][Name]>;
  };
};

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

/** What an insert takes: any bytes for a Buffer. */
export type NewRow<Table extends TableName> = {
  readonly [Name in keyof Row<Table>]: Row<Table>[Name] extends Buffer
    ? Uint8Array
    : Row<Table>[Name];
};
