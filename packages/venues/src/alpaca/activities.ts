// Alpaca's account activities as ledger entries, with every digit as written. One list tells
// everything: fills, and by types what else moved cash, shares or coins. A type that no table here
// knows might be a flow, so it stops the account. A cancelled activity is told with its reversal,
// so that a record that held it already and one that never did come to the same. Fees, dividends
// and corporate actions are posted after the day they belong to: what counts is when the balance
// changed. Rows are untrusted.

import {
  absolute,
  multiply,
  negate,
  ONE,
  sign,
  ZERO,
  type Decimal,
  type Entry,
  type EntryKind,
} from '@track-record/ledger';
import { DateTime } from 'luxon';
import { kindsOf, post } from '../ccxt/readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../ccxt/rows.ts';
import { CURRENCY, instrumentOf, pairOf } from './symbols.ts';

/** Of the venue's days, and of the times in its ids. */
const ZONE = 'America/New_York';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** By type, or type and sub-type where that decides: those that move cash and nothing else, */
const CASH = kindsOf({
  flow: 'CSD CSW CSR TRANS JNLC ACATC',
  fee: 'FEE DIVFEE PTC',
  rebate: 'PTR',
  interest: 'INT',
  dividend: 'DIV DIVCGL DIVCGS DIVROC DIVTXEX CGD',
  withholding: 'DIVFT DIVNRA DIVTW INTNRA INTTW WH',
  conversion: 'CIL',
  settlement: 'OPCSH',
});
/** and those whose quantity moves too; elsewhere it is what an amount was computed from. */
const MOVED = kindsOf({
  flow: 'JNL JNLS ACATS',
  fee: 'CFEE',
  conversion: 'SPLIT SPIN NC MA REO REORG VOF OPCA DIV.SDIV',
  settlement: 'OPASN OPEXC OPEXP',
  fill: 'OPTRD',
});
export const KINDS = [...new Set([...CASH.values(), ...MOVED.values()])];
/** What follows from a day's trading counts at its end where a row tells only the day. */
const LATE: ReadonlySet<EntryKind> = new Set<EntryKind>(['fee', 'settlement', 'fill']);

/** Rows in any order, each as often as the venue tells it. */
export function readActivities(told: readonly Row[]): readonly Entry[] {
  const rows = told.map(presentIn);
  const legs = Map.groupBy(rows, actionOf);
  const replaced = new Set(rows.map((row) => row['previous_id']));
  const entries = rows.flatMap((row) => {
    const entry = entryOf(row, legs.get(actionOf(row)) ?? []);
    const status = row['status'] === undefined ? 'executed' : parseText(row, 'status');
    if (!/^(executed|correct|canceled)$/.test(status)) throw shape('status');
    // An id is a time and the activity's own id, by which a correction names what it replaces.
    const [time, own = time] = parseText(row, 'id').split('::');
    const isReplaced = replaced.has(own);
    return isReplaced || status === 'canceled' ? [entry, reversalOf(entry)] : [entry];
  });
  return entries.filter(({ postings, position }) => postings.length > 0 || position !== undefined);
}

/** Shares that became others, of which no trade has yet told a price. */
export interface Exchange {
  readonly at: number;
  readonly old: { readonly symbol: string; readonly quantity: Decimal };
  readonly next: Exchange['old'];
}

/** Splits and changes of name: the leg that is removed, and the one that is added for it. */
export function exchangesOf(rows: readonly Row[]): readonly Exchange[] {
  const actions = rows
    .map(presentIn)
    .filter((row) => /^(SPLIT|NC)$/.test(String(row['activity_type'])));
  const distinct = new Map(actions.map((row) => [row['id'], row])).values();
  return [...Map.groupBy(distinct, actionOf).values()].flatMap((legs) => {
    const told = legs.map((row) => {
      const quantity = parseAmount(row, 'qty');
      const { description } = row;
      // Of a short position the removed leg is above zero, which only the description says.
      const isOld = /^(REMOVE|ADD)/.test(String(description))
        ? String(description).startsWith('REMOVE')
        : sign(quantity) < 0;
      return { isOld, symbol: parseText(row, 'symbol'), quantity: absolute(quantity) };
    });
    const [old, next] = told.toSorted((left, right) => Number(right.isOld) - Number(left.isOld));
    if (legs.length !== 2 || old?.isOld !== true || next?.isOld !== false) return [];
    return [{ at: Math.min(...legs.map((leg) => bookedAt(leg, 'conversion'))), old, next }];
  });
}

/** A time with its offset, of which milliseconds count. */
export function parseTime(row: Row, field: string): number {
  const text = parseText(row, field);
  if (!TIME.test(text)) throw shape(field);
  return parseInstant({ [field]: Date.parse(text) }, field);
}

/** What a type does not have is left out, null or empty. */
function presentIn(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null && value !== ''),
  );
}

/** The legs of one corporate action are booked seconds apart, between which half would be lost. */
function actionOf(row: Row): string {
  return [row['activity_type'], row['date'], row['group_id']].join(' ');
}

function entryOf(row: Row, legs: readonly Row[]): Entry {
  const id = `activity.${parseText(row, 'id')}`;
  const type = parseText(row, 'activity_type');
  if (type === 'FILL') return fillOf(row, id);
  const moved = MOVED.get(`${type}.${String(row['activity_sub_type'])}`) ?? MOVED.get(type);
  const kind = moved ?? CASH.get(type);
  if (kind === undefined) throw shape('activity_type');
  const times = (kind === 'conversion' ? legs : [row]).map((leg) => bookedAt(leg, kind));
  const cash = parseAmount(row, 'net_amount');
  const isRefund = kind === 'fee' && sign(cash) > 0;
  const role = kind === 'fee' && !isRefund ? 'fee' : undefined;
  const { postings = [], position } = moved === undefined ? {} : movedBy(row, role);
  // Some rows tell no currency; accounts are in dollars.
  const currency = row['currency'] === undefined ? CURRENCY : parseText(row, 'currency');
  return {
    id,
    at: Math.min(...times),
    kind: isRefund ? 'rebate' : kind,
    postings: [...post(currency, cash, role), ...postings],
    ...(position && { position }),
  };
}

function fillOf(row: Row, id: string): Entry {
  const side = parseText(row, 'side');
  if (!/^(buy|sell|sell_short)$/.test(side)) throw shape('side');
  if (!/^(partial_)?fill$/.test(parseText(row, 'type'))) throw shape('type');
  const size = parseSize(row, 'qty');
  const price = parseSize(row, 'price');
  const instrument = parseText(row, 'symbol');
  const contracts = side === 'buy' ? size : negate(size);
  const cash = negate(multiply(contracts, price));
  const entry = { id, at: parseTime(row, 'transaction_time'), kind: 'fill' } as const;
  const pair = pairOf(instrument);
  if (pair !== null) {
    return { ...entry, postings: [...post(pair.base, contracts), ...post(pair.quote, cash)] };
  }
  const { multiplier = ONE } = instrumentOf(instrument);
  const postings = post(CURRENCY, multiply(cash, multiplier));
  return { ...entry, postings, position: { instrument, contracts, price } };
}

/** A quantity of a coin, or a position at the price that is told with it. */
function movedBy(row: Row, role: 'fee' | undefined): Partial<Entry> {
  const contracts = parseAmount(row, 'qty');
  if (sign(contracts) === 0) return {};
  const instrument = parseText(row, 'symbol');
  const pair = pairOf(instrument);
  if (pair !== null) return { postings: post(pair.base, contracts, role) };
  const price = row['price'] === undefined ? ZERO : parseSize(row, 'price');
  return { position: { instrument, contracts, price } };
}

/** When the balance changed; a row that tells only a day counts at its beginning or its end. */
function bookedAt(row: Row, kind: EntryKind): number {
  if (row['created_at'] !== undefined) return parseTime(row, 'created_at');
  const text = parseText(row, 'date');
  const day = DateTime.fromISO(text, { zone: ZONE });
  if (day.toFormat('yyyy-MM-dd') !== text) throw shape('date');
  return LATE.has(kind) ? day.plus({ days: 1 }).toMillis() - 1 : day.toMillis();
}

function reversalOf({ position, ...entry }: Entry): Entry {
  return {
    ...entry,
    id: `${entry.id}.canceled`,
    postings: entry.postings.map((each) => ({ ...each, amount: negate(each.amount) })),
    ...(position && { position: { ...position, contracts: negate(position.contracts) } }),
  };
}
