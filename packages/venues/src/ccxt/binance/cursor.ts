// What the connector remembers between two fetches of one account: how far each spot pair was told,
// what was held, and the deposits and withdrawals that had not settled. The caller seals it; what
// comes back is checked.

import { RecordError } from '@track-record/errors';
import type { Window } from '@track-record/ledger';
import { parseLosslessJson, parseRow } from '../rows.ts';
import type { Reading } from './entries.ts';

const VERSION = 1;

export interface Fill {
  readonly id: string;
  readonly at: number;
}

export interface Cursor {
  readonly version: typeof VERSION;
  /** By pair: a fill that lies before what the next fetch will ask for. */
  readonly fills: Readonly<Record<string, Fill>>;
  /** Assets held then: one that is gone by now may have left through a pair never used before. */
  readonly held: readonly string[];
  /** Unsettled rows by entry id, with the instant under which the venue lists them. */
  readonly pending: Readonly<Record<string, number>>;
  /** Rows that settled after their own window, with the instant at which we told them. */
  readonly settled: Readonly<Record<string, number>>;
}

export const EMPTY_CURSOR: Cursor = {
  version: VERSION,
  fills: {},
  held: [],
  pending: {},
  settled: {},
};

export function parseCursor(text: string): Cursor {
  const cursor = parseRow(parseLosslessJson(text), 'cursor');
  for (const part of ['fills', 'pending', 'settled']) parseRow(cursor[part], 'cursor');
  if (cursor['version'] !== VERSION || !Array.isArray(cursor['held'])) {
    throw new RecordError('STORE_ROW_UNTRUSTED', { place: 'cursor' });
  }
  return cursor as unknown as Cursor;
}

/**
 * From when the wallet feeds are read: rows that were pending are listed under their old instant.
 */
export function walletWindow(cursor: Cursor, window: Window): Window {
  return { from: Math.min(window.from, ...Object.values(cursor.pending)), to: window.to };
}

/**
 * The readings with late settlement put where the balance changed: a row that was pending at the
 * end of an earlier window counts from the start of the window in which it was first seen settled.
 */
export function placeSettled(
  readings: readonly Reading[],
  cursor: Cursor,
  window: Window,
): { readings: readonly Reading[]; pending: Cursor['pending']; settled: Cursor['settled'] } {
  const pending: Record<string, number> = {};
  const settled: Record<string, number> = { ...cursor.settled };
  const placed = readings.map((reading) => {
    // A fee is told with its withdrawal.
    const id = reading.id.replace(/\.fee$/, '');
    const { at } = reading;
    if ('reason' in reading) {
      if (reading.reason === 'pending') pending[id] = at;
      return reading;
    }
    if (cursor.pending[id] !== undefined && at < window.from) settled[id] ??= window.from;
    const toldAt = settled[id];
    return toldAt === undefined ? reading : { ...reading, at: toldAt };
  });
  return { readings: placed, pending, settled };
}
