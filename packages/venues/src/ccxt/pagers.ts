// Our own pagers. ccxt's stop silently at ten calls and step over rows that share a millisecond
// (venues.md section 6). These end only on proof: a page shorter than the venue's limit. The order
// of rows inside a page does not matter, and rows may repeat; the caller de-duplicates by the
// venue's id.

import { RecordError } from '@track-record/errors';
import type { Window } from '@track-record/ledger';
import { parseId, type Row } from './rows.ts';

export const DAY_MS = 86_400_000;

export interface PageCap {
  /** The longest interval the venue accepts in one request. */
  readonly spanMs: number;
  /** The venue's documented page limit: a page of so many rows may have been cut. */
  readonly rows: number;
}

/**
 * Every row of a feed in `window`, in intervals no longer than the cap; a full page is halved until
 * each half is short. A full page of one millisecond cannot be proven complete: VENUE_INCOMPLETE.
 */
export async function pageByTime(
  window: Window,
  cap: PageCap,
  fetchPage: (part: Window) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const found: Row[][] = [];
  const parts: Window[] = [];
  for (let to = window.to; to > window.from; to -= cap.spanMs) {
    parts.push({ from: Math.max(window.from, to - cap.spanMs), to });
  }
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const page = await fetchPage(part);
    if (page.length < cap.rows) {
      found.push([...page]);
      continue;
    }
    if (part.to - part.from <= 1) throw new RecordError('VENUE_INCOMPLETE');
    const middle = Math.floor((part.from + part.to) / 2);
    parts.push({ from: middle, to: part.to }, { from: part.from, to: middle });
  }
  return found.flat();
}

/**
 * Every row with an id of at least `first`, ascending by id, until a short page or a page that
 * reaches past what is wanted. Exact where ids are dense in time: no row can hide between two
 * pages.
 */
export async function pageById(
  first: bigint,
  rowsMax: number,
  fetchPage: (fromId: bigint) => Promise<readonly Row[]>,
  isPast: (row: Row) => boolean,
): Promise<readonly Row[]> {
  const found: Row[][] = [];
  for (let next = first; ;) {
    const page = await fetchPage(next);
    found.push([...page]);
    if (page.length < rowsMax || page.some(isPast)) return found.flat();
    const last = page.map((row) => parseId(row, 'id')).reduce((a, b) => (a > b ? a : b));
    // A venue that answers the same page again would be asked for ever.
    if (last < next) throw new RecordError('VENUE_INCOMPLETE');
    next = last + 1n;
  }
}
