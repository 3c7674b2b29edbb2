// What a connector remembers between two fetches of one account: what was held, the rows that had
// not settled, and what its own feeds add. The caller seals it; what comes back is checked.

import { RecordError } from '@track-record/errors';
import type { Window } from '@track-record/ledger';
import { isEntry, type Reading } from './readings.ts';
import { parseLosslessJson, parseRow, type Row } from './rows.ts';

const VERSION = 1;

export interface Cursor extends Row {
  readonly version: typeof VERSION;
  /** Unsettled rows by entry id, with the instant under which the venue lists them. */
  readonly pending: Readonly<Record<string, number>>;
  /** Rows that settled after their own window, with the instant at which we told them. */
  readonly settled: Readonly<Record<string, number>>;
}

export function parseCursor(text: string | null): Cursor {
  if (text === null) return { version: VERSION, pending: {}, settled: {} };
  const cursor = parseRow(parseLosslessJson(text), 'cursor');
  for (const part of ['pending', 'settled']) parseRow(cursor[part], 'cursor');
  if (cursor['version'] !== VERSION) {
    throw new RecordError('STORE_ROW_UNTRUSTED', { place: 'cursor' });
  }
  return cursor as Cursor;
}

/** From when feeds are read: rows that were pending are listed under their old instant. */
export function listedWindow(cursor: Cursor, { from, to }: Window): Window {
  return { from: Math.min(from, ...Object.values(cursor.pending)), to };
}

/**
 * The readings with late settlement put where the balance changed: a row that was pending at the
 * end of an earlier window counts from the start of the window in which it was first seen settled.
 */
export function placeSettled(
  readings: readonly Reading[],
  cursor: Cursor,
  window: Window,
): { readings: readonly Reading[]; cursor: Cursor } {
  const pending: Record<string, number> = {};
  const settled: Record<string, number> = { ...cursor.settled };
  const placed = readings.map((reading) => {
    // A fee is told with its withdrawal.
    const id = reading.id.replace(/\.fee$/, '');
    const { at } = reading;
    if (!isEntry(reading)) {
      if (reading.reason === 'pending') pending[id] = at;
      return reading;
    }
    if (cursor.pending[id] !== undefined && at < window.from) settled[id] ??= window.from;
    const toldAt = settled[id];
    return toldAt === undefined ? reading : { ...reading, at: toldAt };
  });
  return { readings: placed, cursor: { version: VERSION, pending, settled } };
}
