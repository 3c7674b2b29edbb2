// Kraken's ledger and margin trades as ledger entries. A row of the ledger says by how much one
// balance moved, its fee on top, and what it was afterwards. Types and subtypes: docs.kraken.com,
// "Get Ledgers Info". Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { divide, negate, sign, subtract, type AnchorPosition } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import type { Contract, Markets } from '../markets.ts';
import { kindOf, kindsOf, movementOf, post, type Reading } from '../readings.ts';
import {
  parseAmount,
  parseInstant,
  parseRow,
  parseSize,
  parseText,
  shape,
  valueAt,
  type Path,
  type Row,
} from '../rows.ts';
import type { Running } from '../running.ts';
import { assetOf, balanceOf } from './assets.ts';

/** Transfers and earn products by their subtypes. */
const KINDS = kindsOf({
  fill: 'trade',
  conversion: 'spend receive conversion sale',
  realised: 'margin',
  interest: 'rollover',
  settlement: 'settled',
  reward: 'staking reward earn/reward',
  dividend: 'dividend',
  adjustment: 'adjustment',
  transfer:
    'transfer/spottostaking transfer/stakingfromspot transfer/stakingtospot ' +
    'transfer/spotfromstaking earn/allocation earn/deallocation earn/autoallocation earn/migration',
  // A transfer or credit whose cause is not told may be money from outside: it is never a gain.
  flow:
    'deposit withdrawal credit transfer/ transfer/spottofutures transfer/spotfromfutures ' +
    'transfer/futurestospot transfer/futuresfromspot',
});
/** More digits than Kraken prices have. */
const ENTRY_PRICE_SCALE = 18;

/** Rows that stand under their ids. The `result` of an answer is as good as the answer. */
export function rowsIn(path: string): Path {
  return (answer) => {
    const rows = valueAt(valueAt(answer, 'result') ?? answer, path);
    if (!(rows instanceof Object) || Array.isArray(rows)) return rows;
    const pairs: readonly [string, unknown][] = Object.entries(rows);
    return pairs.map(([id, row]) => ({
      ...(typeof row === 'string' ? { balance: row } : parseRow(row, 'rows')),
      id,
    }));
  };
}

/** Seconds with up to five digits of a fraction, cut to milliseconds. */
export function timeOf(row: Row, field = 'time'): number {
  const [, seconds, fraction = ''] = /^(\d{10})(?:\.(\d+))?$/.exec(parseText(row, field)) ?? [];
  if (seconds === undefined) throw shape(field);
  return parseInstant({ [field]: `${seconds}${fraction.padEnd(3, '0').slice(0, 3)}` }, field);
}

export function readRunning(row: Row): Running {
  return {
    id: parseText(row, 'id'),
    at: timeOf(row),
    asset: balanceOf(row),
    change: subtract(parseAmount(row, 'amount'), parseAmount(row, 'fee')),
    after: parseAmount(row, 'balance'),
  };
}

/** `Ledgers`: a trade or conversion has a row for each asset that it moved, under one `refid`. */
export function readEntry(row: Row): readonly Reading[] {
  const type = parseText(row, 'type');
  const isByCause = type === 'transfer' || type === 'earn';
  const kind = kindOf({ type: isByCause ? `${type}/${subtypeOf(row)}` : type }, 'type', KINDS);
  const { id: own, at } = readRunning(row);
  const asset = assetOf(balanceOf(row));
  const [amount, fee] = [parseAmount(row, 'amount'), negate(parseAmount(row, 'fee'))];
  if (kind === 'fill' || kind === 'conversion') {
    const postings = [...post(asset, amount), ...post(asset, fee, 'fee')];
    return [{ id: `${kind}.${parseText(row, 'refid')}`, at, kind, postings }];
  }
  const id = `${kind}.${own}`;
  const entries = [
    // Borne before a flow.
    ...(sign(fee) === 0 ? [] : [movementOf(`${id}.fee`, at, 'fee', asset, fee)]),
    ...(sign(amount) === 0 ? [] : [movementOf(id, at, kind, asset, amount)]),
  ];
  return entries.length === 0 ? [{ id, at, reason: 'moves nothing' }] : entries;
}

/** `TradesHistory` of margin: its ledger row tells the profit and the fee. */
export function readMarginTrade(row: Row, { contracts }: Markets): readonly Reading[] {
  const contract = contracts.get(parseText(row, 'pair'));
  const side = parseText(row, 'type');
  if (contract === undefined || (side !== 'buy' && side !== 'sell')) throw shape('pair');
  const size = parseSize(row, 'vol');
  const position = {
    instrument: contract.symbol,
    contracts: side === 'buy' ? size : negate(size),
    price: parseSize(row, 'price'),
  };
  const id = `margin-trade.${parseText(row, 'id')}`;
  return [{ id, at: timeOf(row), kind: 'fill', position, postings: [] }];
}

/** `OpenPositions`, of which some part may be closed. */
export function readPosition(row: Row, { symbol }: Contract): AnchorPosition {
  const size = parseSize(row, 'vol');
  const open = subtract(size, parseSize(row, 'vol_closed'));
  return {
    instrument: symbol,
    contracts: parseText(row, 'type') === 'sell' ? negate(open) : open,
    entryPrice: divide(parseSize(row, 'cost'), size, ENTRY_PRICE_SCALE),
  };
}

/** A margin trade's profit is booked a moment after it: both count at the instant of the trade. */
export function joinMargin({ rows, readings }: Job): Row {
  const trades = rows.get('privatePostTradesHistory') ?? [];
  const tradedAt = new Map(trades.map((row) => [parseText(row, 'id'), timeOf(row)]));
  const instants = new Map<string, number>();
  for (const row of rows.get('privatePostLedgers') ?? []) {
    if (row['type'] !== 'margin') continue;
    const at = tradedAt.get(parseText(row, 'refid'));
    if (at === undefined) throw new RecordError('VENUE_INCOMPLETE', { place: 'margin trades' });
    instants.set(`realised.${parseText(row, 'id')}`, at);
  }
  for (const [index, reading] of readings.entries()) {
    readings[index] = {
      ...reading,
      at: instants.get(reading.id.replace(/\.fee$/, '')) ?? reading.at,
    };
  }
  return {};
}

function subtypeOf(row: Row): string {
  const subtype = row['subtype'] ?? '';
  if (typeof subtype !== 'string') throw shape('subtype');
  return subtype;
}
