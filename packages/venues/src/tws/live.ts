// What a Gateway says of the present: positions, account values, and the fills of the day with
// their commissions. Each list ends with a message that says so, and none is taken before. The
// record takes nothing from here (docs/decisions/0013-a-gateway-is-no-witness.md): the worker does
// not reach this file. Layouts are those of server versions 173 to 193; everything is untrusted.

import { DateTime, IANAZone } from 'luxon';
import { negate, type Decimal } from '@track-record/ledger';
import { parseAmount, parseSize, parseText, shape, type Row } from '../ccxt/rows.ts';
import { rowOf } from './bars.ts';
import type { Question } from './gateway.ts';

/** More than an account holds or trades in a day; a list without an end is cut off here. */
const ROWS_MAX = 20_000;
const TYPES = {
  position: '61',
  positionEnd: '62',
  summary: '63',
  summaryEnd: '64',
  execution: '11',
  executionEnd: '55',
  commission: '59',
};
const CONTRACT = 'conid symbol secType expiry strike right multiplier';
const LISTED = 'exchange currency localSymbol tradingClass';
const POSITION = `_ _ account ${CONTRACT} ${LISTED} position averageCost`;
const EXECUTION =
  `_ _ orderId ${CONTRACT} ${LISTED} execId time account venue side shares price permId ` +
  'clientId liquidation cumQty avgPrice orderRef evRule evMultiplier modelCode lastLiquidity';
const COMMISSION = '_ _ execId commission currency realised yield yieldDate';
const SUMMARY = '_ _ _ account tag value currency';
const SUMMARY_TAGS = 'NetLiquidation,TotalCashValue,GrossPositionValue';
/** `20261120 10:31:05 US/Eastern`; how its owner set the Gateway up decides the zone. */
const TIME = /^(\d{4})(\d\d)(\d\d)[ -](\d\d):(\d\d):(\d\d)(?: ([\w/+-]+))?$/;

export interface Held {
  readonly account: string;
  readonly conid: string;
  readonly contracts: Decimal;
  readonly averageCost: Decimal;
  readonly row: Row;
}

/** A fill that no statement tells yet. */
export interface Execution {
  readonly id: string;
  readonly account: string;
  readonly at: number;
  readonly conid: string;
  readonly contracts: Decimal;
  readonly price: Decimal;
  /** What was paid is above zero. */
  readonly commission: Decimal;
  readonly commissionCurrency: string;
}

/** Of every account of the login. */
export const askPositions: Question<readonly Held[]> = () => {
  const rows: Row[] = [];
  return {
    send: (api) => void api.reqPositions(),
    take: (fields) => {
      if (fields[0] === TYPES.position) add(rows, rowOf(fields, POSITION));
      return fields[0] === TYPES.positionEnd ? rows.map(heldOf) : undefined;
    },
  };
};

/** By account and tag, in the base currency of each: `U1 NetLiquidation` with its currency. */
export const askSummary: Question<ReadonlyMap<string, readonly [Decimal, string]>> = (id) => {
  const rows: Row[] = [];
  return {
    send: (api) => void api.reqAccountSummary(id, 'All', SUMMARY_TAGS),
    take: (fields) => {
      const [type, , about] = fields;
      if (about !== String(id)) return undefined;
      if (type === TYPES.summary) add(rows, rowOf(fields, SUMMARY));
      if (type !== TYPES.summaryEnd) return undefined;
      return new Map(
        rows.map((row) => [
          `${parseText(row, 'account')} ${parseText(row, 'tag')}`,
          [parseAmount(row, 'value'), parseText(row, 'currency')] as const,
        ]),
      );
    },
  };
};

/** Since midnight, of every client; each with its commission, which has messages of its own. */
export const askExecutions: Question<readonly Execution[]> = (id) => {
  const rows = new Map<string, Row>();
  const costs = new Map<string, Row>();
  let isOver = false;
  return {
    send: (api) => void api.reqExecutions(id, {}),
    take: (fields) => {
      const [type, about] = fields;
      if (type === TYPES.execution && about === String(id)) {
        const row = rowOf(fields, EXECUTION);
        rows.set(parseText(row, 'execId'), row);
      }
      // It may come before its execution or behind the end, and names no request.
      if (type === TYPES.commission) {
        const row = rowOf(fields, COMMISSION);
        costs.set(parseText(row, 'execId'), row);
      }
      if (rows.size > ROWS_MAX || costs.size > ROWS_MAX) throw shape('rows');
      isOver ||= type === TYPES.executionEnd && fields[2] === String(id);
      if (!isOver || ![...rows.keys()].every((each) => costs.has(each))) return undefined;
      return corrected(rows).map((row) => executionOf(row, costs));
    },
  };
};

function heldOf(row: Row): Held {
  return {
    account: parseText(row, 'account'),
    conid: parseText(row, 'conid'),
    contracts: parseAmount(row, 'position'),
    averageCost: parseAmount(row, 'averageCost'),
    row,
  };
}

/** A correction has the same id but for its last part, and takes the place of what it corrects. */
function corrected(rows: ReadonlyMap<string, Row>): readonly Row[] {
  const versions = Map.groupBy(rows.keys(), (id) => id.slice(0, id.lastIndexOf('.')));
  return [...versions.values()].map((ids) => rows.get(ids.toSorted().at(-1) ?? '') ?? {});
}

function executionOf(row: Row, costs: ReadonlyMap<string, Row>): Execution {
  const side = parseText(row, 'side');
  if (side !== 'BOT' && side !== 'SLD') throw shape('side');
  const shares = parseSize(row, 'shares');
  const id = parseText(row, 'execId');
  const cost = costs.get(id) ?? {};
  return {
    id,
    account: parseText(row, 'account'),
    at: parseTime(parseText(row, 'time')),
    conid: parseText(row, 'conid'),
    contracts: side === 'BOT' ? shares : negate(shares),
    price: parseSize(row, 'price'),
    commission: parseAmount(cost, 'commission'),
    commissionCurrency: parseText(cost, 'currency'),
  };
}

function add(rows: Row[], row: Row): void {
  rows.push(row);
  if (rows.length > ROWS_MAX) throw shape('rows');
}

function parseTime(text: string): number {
  const [, year, month, day, hour, minute, second, zone = ''] = TIME.exec(text) ?? [];
  // Without a zone it would be in that of whichever machine reads it.
  if (!IANAZone.isValidZone(zone)) throw shape('time');
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = DateTime.fromISO(iso, { zone });
  if (!time.isValid) throw shape('time');
  return time.toMillis();
}
