// Hourly prices of a Gateway: how they are asked for and read. An answer is taken as a whole or not
// at all, and its numbers keep the digits that were sent. Everything here is untrusted.

import { BarSizeSetting } from '@stoqey/ib/dist/api/historical/bar-size-setting.js';
import type { Contract } from '@stoqey/ib/dist/api/contract/contract.js';
import { SecType } from '@stoqey/ib/dist/api/data/enum/sec-type.js';
import { WhatToShow } from '@stoqey/ib/dist/api/historical/what-to-show.js';
import { DateTime } from 'luxon';
import type { Decimal } from '@track-record/ledger';
import { parseSize, parseText, shape, type Row } from '../ccxt/rows.ts';
import { isNothing, type Fields, type Question } from './gateway.ts';

const HOUR_MS = 3_600_000;
const BARS = '17';
const BAR = 'start open high low close volume average count';
export type Closes = ReadonlyMap<number, Decimal>;

/**
 * Closes of hourly bars by the full hour at which each ends: of trades in regular hours, or the
 * middle of a pair of currencies, which has no trades. `days` of business before `until`.
 */
export function askBars(
  contract: Contract,
  isPair: boolean,
  until: number,
  days: number,
): Question<Closes> {
  const end = DateTime.fromMillis(until, { zone: 'UTC' }).toFormat('yyyyMMdd-HH:mm:ss');
  const what = isPair ? WhatToShow.MIDPOINT : WhatToShow.TRADES;
  const hours = BarSizeSetting.HOURS_ONE;
  return (id) => ({
    send: (api) =>
      void api.reqHistoricalData(id, contract, end, `${days} D`, hours, what, !isPair, 2, false),
    take: (fields) => {
      if (isNothing(fields, id)) return new Map();
      const [type, about, , , count = '', ...told] = fields;
      if (type !== BARS || about !== String(id)) return undefined;
      const columns = BAR.split(' ').length;
      if (told.length !== Number(count) * columns) throw shape('bars');
      const bars = Array.from({ length: Number(count) }, (_, bar) =>
        rowOf(told.slice(bar * columns, (bar + 1) * columns), BAR),
      );
      return new Map(bars.map((bar) => [endOf(bar), parseSize(bar, 'close')]));
    },
  });
}

export function pairContract(base: string, quote: string): Contract {
  return { symbol: base, secType: SecType.CASH, currency: quote, exchange: 'IDEALPRO' };
}

export function listedContract(conid: string): Contract {
  return { conId: Number(conid), exchange: 'SMART' };
}

/** A bar of the opening begins within the hour; all end with it. */
function endOf(row: Row): number {
  const start = parseSeconds(parseText(row, 'start'));
  return start - (start % HOUR_MS) + HOUR_MS;
}

/** By name, where there are at least so many fields. */
export function rowOf(fields: Fields, columns: string): Row {
  const names = columns.split(' ');
  if (fields.length < names.length) throw shape(names.at(-1) ?? '');
  return Object.fromEntries(names.map((name, index) => [name, fields[index]]));
}

function parseSeconds(text: string): number {
  if (!/^\d{10}$/.test(text)) throw shape('time');
  return Number(text) * 1_000;
}
