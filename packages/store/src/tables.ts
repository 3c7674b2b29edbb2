// Every column that this code may name, as the migrations made it. A test compares this list with the live
// schema, column by column; the types that Kysely checks queries against follow from it.
// `null` may be null; `default` may be left out of an insert; `view` columns are only read.

import type { ColumnType } from 'kysely';

/** What each Postgres type is here: exact types stay strings, an instant is read as ms UTC and written as Date. */
interface Types {
  readonly uuid: string;
  readonly text: string;
  readonly bytea: ColumnType<Buffer, Uint8Array, Uint8Array>;
  readonly bool: boolean;
  readonly int4: number;
  readonly int8: ColumnType<string, string | number, string | number>;
  readonly numeric: string;
  readonly timestamptz: ColumnType<number, Date, Date>;
}

type TypeName = keyof Types & string;
type Select<Type> = Type extends ColumnType<infer S, unknown, unknown> ? S : Type;
type Insert<Type> = Type extends ColumnType<unknown, infer I, unknown> ? I : Type;

type Column<Spec extends string> = Spec extends `${infer Name extends TypeName} null`
  ? ColumnType<
      Select<Types[Name]> | null,
      Insert<Types[Name]> | null | undefined,
      Insert<Types[Name]> | null
    >
  : Spec extends `${infer Name extends TypeName} default`
    ? ColumnType<Select<Types[Name]>, Insert<Types[Name]> | undefined, Insert<Types[Name]>>
    : Spec extends `${infer Name extends TypeName} view`
      ? ColumnType<Select<Types[Name]> | null, never, never>
      : Spec extends TypeName
        ? Types[Spec]
        : never;

type ColumnSpec = TypeName | `${TypeName} ${'null' | 'default' | 'view'}`;

export const tables = {
  'record.migration': {
    number: 'int4',
    name: 'text',
    sha256: 'bytea',
    applied_at: 'timestamptz default',
  },
  'record.account': {
    account_id: 'uuid',
    owner_id: 'uuid',
    venue: 'text',
    reporting_currency: 'text',
    history_from: 'timestamptz',
    connected_at: 'timestamptz',
    allow_trading_key: 'bool',
    venue_account_hash: 'bytea',
    state: 'text default',
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
    requested_at: 'timestamptz default',
  },
  'record.credential': {
    account_id: 'uuid',
    field: 'text',
    key_id: 'text',
    envelope: 'bytea',
    created_at: 'timestamptz default',
  },
  'record.sealed_segment': {
    account_id: 'uuid',
    first_sequence: 'int8',
    last_sequence: 'int8',
    key_id: 'text',
    envelope: 'bytea',
    created_at: 'timestamptz default',
    previous_sequence: 'int8 view',
  },
  'record.sealed_state': {
    account_id: 'uuid',
    version: 'int8',
    key_id: 'text',
    envelope: 'bytea',
    updated_at: 'timestamptz default',
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
    created_at: 'timestamptz default',
    previous_sequence: 'int8 view',
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
    hours_missing: 'int4 default',
    syncing: 'bool default',
    updated_at: 'timestamptz default',
  },
  'record.sentinel': {
    key_id: 'text',
    envelope: 'bytea',
  },
  'released.account_status': {
    account_id: 'uuid view',
    owner_id: 'uuid view',
    venue: 'text view',
    state: 'text view',
    state_code: 'text view',
    last_hour: 'timestamptz view',
    code: 'text view',
    code_at: 'timestamptz view',
    hours_missing: 'int4 view',
    syncing: 'bool view',
    updated_at: 'timestamptz view',
  },
  'released.hourly_return': {
    account_id: 'uuid view',
    hour: 'timestamptz view',
    sequence: 'int8 view',
    status: 'text view',
    reason: 'text view',
    return: 'numeric view',
    coverage: 'numeric view',
    provenance: 'text view',
  },
  'released.statement': {
    account_id: 'uuid view',
    sequence: 'int8 view',
    hour: 'timestamptz view',
    body: 'bytea view',
    hash: 'bytea view',
    previous: 'bytea view',
    signature: 'bytea view',
    key_id: 'text view',
    restates: 'bytea view',
  },
  'operator.queue': {
    name: 'text view',
    policy: 'text view',
    dead_letter: 'text view',
    retry_limit: 'int4 view',
    expire_seconds: 'int4 view',
    ready: 'int8 view',
    deferred: 'int8 view',
    active: 'int8 view',
    failed: 'int8 view',
    oldest_ready: 'timestamptz view',
  },
  'operator.job': {
    id: 'uuid view',
    name: 'text view',
    state: 'text view',
    priority: 'int4 view',
    retry_count: 'int4 view',
    retry_limit: 'int4 view',
    code: 'text view',
    source_name: 'text view',
    source_code: 'text view',
    created_on: 'timestamptz view',
    start_after: 'timestamptz view',
    started_on: 'timestamptz view',
    completed_on: 'timestamptz view',
  },
  'operator.account': {
    account_id: 'uuid view',
    venue: 'text view',
    state: 'text view',
    state_code: 'text view',
    connected_at: 'timestamptz view',
    last_hour: 'timestamptz view',
    code: 'text view',
    code_at: 'timestamptz view',
    hours_missing: 'int4 view',
    syncing: 'bool view',
    updated_at: 'timestamptz view',
  },
} as const satisfies Record<string, Record<string, ColumnSpec>>;

export type Database = {
  [Table in keyof typeof tables]: {
    [Name in keyof (typeof tables)[Table]]: (typeof tables)[Table][Name] extends infer Spec extends
      string
      ? Column<Spec>
      : never;
  };
};
