// Kraken's ledger and margin trades as ledger entries. A row of the ledger says by how much one
// balance moved, its fee on top, and what it was afterwards. Types and subtypes: docs.kraken.com,
// "Get Ledgers Info". Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { divide, negate, sign, subtract, type AnchorPosition } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import type { Contract, Markets } from '../markets.ts';
import { isEntry, joinLegs, kindOf, kindsOf, movementOf, post, type Reading } from '../readings.ts';
import { parseAmount, parseInstant, parseRow, parseSize, parseText } from '../rows.ts';
import { shape, valueAt, type Path, type Row } from '../rows.ts';
import type { Running } from '../running.ts';
import { assetOf, balanceOf } from './assets.ts';

/** Types, and the subtypes of transfers and of earn products. */
const KINDS = kindsOf({
  fill: 'trade',
  conversion: 'spend receive conversion sale',
  realised: 'margin',
  interest: 'rollover',
  settlement: 'settled',
  reward: 'staking reward',
  dividend: 'dividend',
  adjustment: 'adjustment',
  transfer:
    'spottostaking stakingfromspot stakingtospot spotfromstaking ' +
    'allocation deallocation autoallocation migration',
  // A transfer or credit whose cause is not told may be money from outside: it is never a gain.
  flow: 'deposit withdrawal credit transfer spottofutures spotfromfutures',
});
/** More digits than Kraken's prices have. */
const PRICE_SCALE = 18;
/** Rows that share a `refid` are one entry; a margin trade has one row and the trade itself. */
const JOINED = new Set(['fill', 'conversion', 'realised']);

/** Rows that stand under their ids, and balances under their assets; the `result` alone will do. */
export function rowsIn(path: string): Path {
  return (answer) => {
    const rows = valueAt(valueAt(answer, 'result') ?? answer, path);
    if (!(rows instanceof Object) || Array.isArray(rows)) return rows;
    return Object.entries(rows).map(([id, row]: readonly [string, unknown]) => {
      const fields = typeof row === 'string' ? { balance: row } : parseRow(row, 'rows');
      return { asset: assetOf(id), ...fields, id };
    });
  };
}

/** Seconds with some digits of a fraction, cut to milliseconds. */
export function timeOf(row: Row, field = 'time'): number {
  const [, seconds, fraction = ''] = /^(\d{10})(?:\.(\d+))?$/.exec(parseText(row, field)) ?? [];
  if (seconds === undefined) throw shape(field);
  return parseInstant({ time: `${seconds}${fraction.padEnd(3, '0').slice(0, 3)}` }, 'time');
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
  const isByCause = ['transfer', 'earn'].includes(type) && (row['subtype'] ?? '') !== '';
  const kind = kindOf(row, isByCause ? 'subtype' : 'type', KINDS);
  const [at, asset] = [timeOf(row), assetOf(balanceOf(row))];
  const [amount, fee] = [parseAmount(row, 'amount'), negate(parseAmount(row, 'fee'))];
  const id = `${kind}.${parseText(row, JOINED.has(kind) ? 'refid' : 'id')}`;
  if (kind === 'fill' || kind === 'conversion') {
    return [{ id, at, kind, postings: [...post(asset, amount), ...post(asset, fee, 'fee')] }];
  }
  // A fee is borne before a flow.
  const entries = [
    ...(sign(fee) === 0 ? [] : [movementOf(`${id}.fee`, at, 'fee', asset, fee)]),
    ...(sign(amount) === 0 ? [] : [movementOf(id, at, kind, asset, amount)]),
  ];
  return entries.length === 0 ? [{ id, at, reason: 'moves nothing' }] : entries;
}

/** `TradesHistory` of margin, whose profit and fee the ledger tells. */
export function readMarginTrade(row: Row, { contracts }: Markets): readonly Reading[] {
  const contract = contracts.get(parseText(row, 'pair'));
  const side = parseText(row, 'type');
  if (contract === undefined || (side !== 'buy' && side !== 'sell')) throw shape('pair');
  const [size, price] = [parseSize(row, 'vol'), parseSize(row, 'price')];
  const contractsTraded = side === 'buy' ? size : negate(size);
  const position = { instrument: contract.symbol, contracts: contractsTraded, price };
  const id = `realised.${parseText(row, 'id')}`;
  return [{ id, at: timeOf(row), kind: 'fill', position, postings: [] }];
}

/** `OpenPositions`, of which some part may be closed. */
export function readPosition(row: Row, { symbol: instrument }: Contract): AnchorPosition {
  const size = parseSize(row, 'vol');
  const open = subtract(size, parseSize(row, 'vol_closed'));
  const contracts = parseText(row, 'type') === 'sell' ? negate(open) : open;
  return { instrument, contracts, entryPrice: divide(parseSize(row, 'cost'), size, PRICE_SCALE) };
}

/** A margin trade's profit is booked a moment after it: both count at the instant of the trade. */
export function joinMargin({ readings }: Job): Row {
  const joined = joinLegs(readings.splice(0));
  const profits = joined.filter(isEntry).filter(({ kind }) => kind === 'realised');
  if (profits.some(({ position }) => position === undefined)) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'margin trades' });
  }
  for (const each of joined) readings.push(each);
  return {};
}
