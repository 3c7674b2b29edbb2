// The financial records of Bitget's unified account as ledger entries. A record says by how much a
// balance moved, its fee apart and with the same sign, and what it was afterwards; the balance is
// one for all categories. What a position became is told by fills, each of which has a record.
// Types: bitget.com/api-doc/uta, "Enumeration". Nothing of this was seen recorded: with another
// sign the balances do not link. Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { add, formatDecimal, negate, normalise, type EntryKind } from '@track-record/ledger';
import { isInside, rowsOf, type Job } from '../feed.ts';
import { kindOf, movementOf, post, type Reading } from '../readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../rows.ts';
import { checkRunning, distinctRows, type Running } from '../running.ts';

export const RECORDS = 'privateUtaGetV3AccountFinancialRecords';
export const FILLS = 'privateUtaGetV3TradeFills';
/** A fill and its record are stamped a moment apart. */
export const SLACK_MS = 1_000;

/** What is borrowed and repaid is not here, and stops the account. */
const KINDS: ReadonlyMap<string, EntryKind> = new Map<string, EntryKind>([
  ['TRANSFER_IN', 'flow'],
  ['TRANSFER_OUT', 'flow'],
  ['ORDER_DEALT_IN', 'fill'],
  ['ORDER_DEALT_FROZEN_OUT', 'fill'],
  ['ORDER_PLF_FEE_OUT', 'fee'],
  ['LIQ_FEE', 'fee'],
  ['EXCHANGE_SOURCE_TOKEN_USER_OUT', 'conversion'],
  ['EXCHANGE_TARGET_TOKEN_USER_IN', 'conversion'],
  ['SMALL_ASSET_SOURCE_TOKEN_USER_OUT', 'conversion'],
  ['SMALL_ASSET_TARGET_TOKEN_USER_IN', 'conversion'],
  ['LIQ_CONVERT_IN', 'conversion'],
  ['LIQ_CONVERT_OUT', 'conversion'],
  ['INTEREST_SETTLEMENT_OUT', 'interest'],
  ['CONTRACT_MAIN_SETTLE_FEE_USER_IN', 'funding'],
  ['CONTRACT_MAIN_SETTLE_FEE_USER_OUT', 'funding'],
  ['RISK_LIQ_USER_IN', 'adjustment'],
  ['RISK_LIQ_USER_OUT', 'adjustment'],
  ['LIQ_FUND_IN', 'adjustment'],
  ['LIQ_FUND_OUT', 'adjustment'],
]);
/** Opened or closed on one side of hedge mode, or bought and sold one way. */
const SIDED = /^(?:OPEN|(?:(?:FORCE|BURST|OFFSET_REDUCE|ADL)_)?CLOSE)_(?:LONG|SHORT)$/;
const ONE_WAY = /^(?:(?:BUY|SELL)_DEAL|(?:FORCE|BURST)_(?:BUY|SELL)_SSM|ADL_(?:BUY|SELL)_IN_.*)$/;

function isPosition(row: Row): boolean {
  const type = parseText(row, 'type');
  return SIDED.test(type) || ONE_WAY.test(type);
}

export function readRunning(row: Row): Running {
  return {
    id: parseText(row, 'id'),
    at: parseInstant(row, 'ts'),
    asset: parseText(row, 'coin'),
    change: add(parseAmount(row, 'amount'), parseAmount(row, 'fee')),
    after: parseAmount(row, 'balance'),
  };
}

/** `/api/v3/account/financial-records`. */
export function readRecord(row: Row): readonly Reading[] {
  const kind = isPosition(row) ? 'realised' : kindOf(row, 'type', KINDS);
  const { id: own, at, asset, change } = readRunning(row);
  const [id, amount, fee] = [`record.${own}`, parseAmount(row, 'amount'), parseAmount(row, 'fee')];
  if (kind === 'fee') return [movementOf(id, at, kind, asset, change)];
  const moved = post(asset, amount);
  const fees = post(asset, fee, 'fee');
  return [
    ...(moved.length === 0 ? [] : [movementOf(id, at, kind, asset, amount)]),
    ...(fees.length === 0 ? [] : [{ id: `${id}.fee`, at, kind: 'fee', postings: fees } as const]),
  ];
}

/**
 * One chain of balances through all categories, and a fill for every record of a position: its
 * profit is the record's. VENUE_INCOMPLETE where one of the two is missing.
 */
export function finish(job: Job): Row {
  const records = distinctRows(rowsOf(job, RECORDS), readRunning);
  checkRunning(records.map(readRunning));
  const told = new Map(rowsOf(job, FILLS).map((row) => [parseText(row, 'execId'), row]));
  const fills = Map.groupBy(told.values(), (row) => profitOf(row, 'execPnl'));
  for (const record of records.filter(isPosition)) {
    const { at } = readRunning(record);
    const alike = fills.get(profitOf(record, 'amount')) ?? [];
    const index = alike.findIndex((fill) => Math.abs(filledAt(fill) - at) <= SLACK_MS);
    const [found] = index < 0 ? [] : alike.splice(index, 1);
    if (found !== undefined) job.readings.push(readPosition(found, record, job));
    else if (isInside(job, at)) throw new RecordError('VENUE_INCOMPLETE', { place: 'fills' });
  }
  const left = [...fills.values()].flat().filter((fill) => isInside(job, filledAt(fill)));
  if (left.length > 0) throw new RecordError('VENUE_INCOMPLETE', { place: 'records' });
  return {};
}

/** What a fill and its record have in common. */
function profitOf(row: Row, field: string): string {
  return `${parseText(row, 'symbol')} ${formatDecimal(normalise(parseAmount(row, field)))}`;
}

function filledAt(fill: Row): number {
  return parseInstant(fill, 'createdTime');
}

function readPosition(fill: Row, record: Row, { markets }: Job): Reading {
  const contract = markets.contracts.get(parseText(fill, 'symbol'));
  // Contracts of a coin count their size otherwise.
  if (contract === undefined || contract.instrument.kind === 'inverse') throw shape('symbol');
  const type = parseText(record, 'type');
  const isShort = SIDED.test(type) && type.endsWith('SHORT');
  const isBuy = SIDED.test(type) ? isShort !== type.startsWith('OPEN') : type.includes('BUY');
  const size = parseSize(fill, 'execQty');
  const position = {
    instrument: isShort ? `${contract.symbol}#SHORT` : contract.symbol,
    contracts: isBuy ? size : negate(size),
    price: parseSize(fill, 'execPrice'),
  };
  const id = `fill.${parseText(fill, 'execId')}`;
  return { id, at: parseInstant(record, 'ts'), kind: 'fill', position, postings: [] };
}
