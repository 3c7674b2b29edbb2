// What the machine can do when nothing has to be exact: the same sums in float64 typed arrays, by a
// loop that knows this one account. No entry is checked, ordered or compared; a floor, not a peer.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { measure } from '../measure.ts';
import { ASSETS, generateMarket, HOURS, QUOTE_INDEX, START_MS } from './market.ts';

const HOUR_MS = 3_600_000;
const AMOUNT_UNIT = 1e8;
const PRICE_UNIT = 1e6;

/** The columns of the CSV. */
const COLUMNS = 7;

interface Columns {
  readonly at: Float64Array;
  readonly symbol: Uint8Array;
  readonly base: Float64Array;
  readonly quote: Float64Array;
  readonly feeAsset: Uint8Array;
  readonly fee: Float64Array;
}

export async function runFloatEngine(source: string, folder: string, runs: number): Promise<void> {
  const market = generateMarket();
  const prices = Float64Array.from(market.price, (price) => Number(price) / PRICE_UNIT);
  const opening = floats(market.opening);
  if (source === 'text') {
    const file = path.join(folder, 'fills.csv');
    return await measure(runs, () => equityOf(readColumns(file, market.fills), prices, opening));
  }
  const { at, symbol, feeAsset } = market;
  const amounts = {
    base: floats(market.base),
    quote: floats(market.quote),
    fee: floats(market.fee),
  };
  await measure(runs, () => equityOf({ at, symbol, feeAsset, ...amounts }, prices, opening));
}

function equityOf(fills: Columns, prices: Float64Array, opening: Float64Array): unknown {
  const held = opening.slice();
  const equity: number[] = [];
  let next = 0;
  for (let hour = 1; hour <= HOURS; hour += 1) {
    const end = START_MS + hour * HOUR_MS;
    for (; (fills.at[next] ?? end) < end; next += 1) {
      add(held, fills.symbol[next], fills.base[next]);
      add(held, QUOTE_INDEX, fills.quote[next]);
      add(held, fills.feeAsset[next], fills.fee[next]);
    }
    let sum = held[QUOTE_INDEX] ?? 0;
    for (let asset = 0; asset < QUOTE_INDEX; asset += 1) {
      sum += (held[asset] ?? 0) * (prices[hour * QUOTE_INDEX + asset] ?? 0);
    }
    equity.push(sum);
  }
  return { equity };
}

function readColumns(file: string, rows: number): Columns {
  const columns = {
    at: new Float64Array(rows),
    symbol: new Uint8Array(rows),
    base: new Float64Array(rows),
    quote: new Float64Array(rows),
    feeAsset: new Uint8Array(rows),
    fee: new Float64Array(rows),
  };
  const numbers = new Map(ASSETS.map((asset, index) => [asset, index]));
  const lines = readFileSync(file, 'latin1').split('\n');
  for (let row = 0; row < rows; row += 1) {
    const [, time = '', symbol = '', base = '', quote = '', feeAsset = '', fee = ''] = (
      lines[row + 1] ?? ''
    ).split(',', COLUMNS);
    columns.at[row] = Date.parse(time);
    columns.symbol[row] = numbers.get(symbol) ?? 0;
    columns.base[row] = Number(base);
    columns.quote[row] = Number(quote);
    columns.feeAsset[row] = numbers.get(feeAsset) ?? 0;
    columns.fee[row] = Number(fee);
  }
  return columns;
}

function floats(mantissas: BigInt64Array): Float64Array {
  return Float64Array.from(mantissas, (mantissa) => Number(mantissa) / AMOUNT_UNIT);
}

function add(held: Float64Array, asset: number | undefined, amount: number | undefined): void {
  if (asset === undefined || amount === undefined) return;
  held[asset] = (held[asset] ?? 0) + amount;
}
