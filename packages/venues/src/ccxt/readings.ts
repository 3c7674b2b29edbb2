// What a venue's row says happened: an entry, or a row that is none with its reason. The shapes
// that venues share are built here: a fill of a contract, money that leaves, a transfer inside the
// perimeter; and the states in which a row has, has not yet, or never will have happened.

import {
  entryKinds,
  negate,
  sign,
  type Decimal,
  type Entry,
  type EntryKind,
  type PositionChange,
  type Posting,
} from '@track-record/ledger';
import type { IgnoredRow } from '../contract.ts';
import { parseText, shape, type Row } from './rows.ts';

/**
 * A row that is no entry. `at` is when its entry would count, so that a pending one is looked for
 * again.
 */
export interface Unsettled extends IgnoredRow {
  readonly at: number;
}

export type Reading = Entry | Unsettled;

/** null: the row has happened. */
export type States = ReadonlyMap<string, string | null>;

export type Kinds = ReadonlyMap<string, EntryKind>;

export function isEntry(reading: Reading): reading is Entry {
  return !('reason' in reading);
}

export function states(
  settled: readonly string[],
  pending: readonly string[],
  failed: Readonly<Record<string, string>>,
): States {
  return new Map<string, string | null>([
    ...settled.map((status) => [status, null] as const),
    ...pending.map((status) => [status, 'pending'] as const),
    ...Object.entries(failed),
  ]);
}

/** A status outside the table might be money that moved, so it stops the account. */
export function settle(
  row: Row,
  field: string,
  table: States,
  entries: readonly Entry[],
): readonly Reading[] {
  const reason = table.get(parseText(row, field));
  if (reason === undefined) throw shape(field);
  const [last] = entries.slice(-1);
  if (reason === null || last === undefined) return entries;
  return [{ id: last.id, at: last.at, reason }];
}

/** Kinds by the venue's types, each kind with the types that are it: `fill: '2 5 9'`. */
export function kindsOf(types: Readonly<Partial<Record<EntryKind, string>>>): Kinds {
  const pairs = entryKinds.map((kind) => [kind, types[kind]?.split(' ') ?? []] as const);
  return new Map(pairs.flatMap(([kind, each]) => each.map((type) => [type, kind] as const)));
}

/** The kind of a row of a type; a type nobody knows might be a flow, so it stops the account. */
export function kindOf(row: Row, field: string, table: ReadonlyMap<string, EntryKind>): EntryKind {
  const kind = table.get(parseText(row, field));
  if (kind === undefined) throw shape(field);
  return kind;
}

/** No posting for nothing. */
export function post(asset: string, amount: Decimal, role?: 'fee'): readonly Posting[] {
  return sign(amount) === 0 ? [] : [{ asset, amount, ...(role === undefined ? {} : { role }) }];
}

/** Money that leaves or comes back, and its fee as a cost of its own, borne before the flow. */
export function flowOf(
  id: string,
  at: number,
  asset: string,
  amount: Decimal,
  fee: Decimal,
): readonly Entry[] {
  const flow: Entry = { id, at, kind: 'flow', postings: [{ asset, amount }] };
  if (sign(fee) === 0) return [flow];
  return [{ id: `${id}.fee`, at, kind: 'fee', postings: post(asset, fee, 'fee') }, flow];
}

/** A row of one balance. The other leg of a transfer is another wallet of the same perimeter. */
export function movementOf(
  id: string,
  at: number,
  kind: EntryKind,
  asset: string,
  amount: Decimal,
): Entry {
  if (kind === 'fee') return { id, at, kind, postings: [{ asset, amount, role: 'fee' }] };
  const back = kind === 'transfer' ? [{ asset, amount: negate(amount) }] : [];
  return { id, at, kind, postings: [{ asset, amount }, ...back] };
}

/** A fill of a contract, `prefix-trade.key`, and the profit that the venue posts with it. */
export function contractFill(
  [prefix, key]: readonly [prefix: string, key: string],
  at: number,
  position: PositionChange,
  profit: readonly Posting[],
  fees: readonly Posting[],
): readonly Entry[] {
  const fill: Entry = { id: `${prefix}-trade.${key}`, at, kind: 'fill', position, postings: fees };
  if (profit.length === 0) return [fill];
  return [fill, { id: `${prefix}-realised.${key}`, at, kind: 'realised', postings: profit }];
}

/** Legs that share an id are one entry, at the instant of the first. */
export function joinLegs(readings: readonly Reading[]): readonly Reading[] {
  const joined = new Map<string, Reading>();
  for (const reading of readings) {
    const known = joined.get(reading.id);
    const isLeg = known !== undefined && isEntry(known) && isEntry(reading);
    const postings = isLeg ? [...known.postings, ...reading.postings] : [];
    const at = Math.min(reading.at, known?.at ?? reading.at);
    joined.set(reading.id, isLeg ? { ...reading, ...known, at, postings } : reading);
  }
  return [...joined.values()];
}
