// Our own pager. ccxt's stop silently at ten calls and step over rows that share a millisecond
// (venues.md section 6). This one ends only on proof: a page shorter than the venue's limit, or the
// venue's own word that nothing follows. The order of rows inside a page does not matter, and rows
// may repeat; the caller de-duplicates by the venue's id.

import { RecordError } from '@track-record/errors';
import type { Window } from '@track-record/ledger';
import { parseId, shape, valueAt, type Row } from './rows.ts';

export const DAY_MS = 86_400_000;

export type Parameters = Readonly<Record<string, string | number>>;
/** With a group of its own in it, where a venue is asked in JSON. */
export type Asked = Readonly<Record<string, string | number | Parameters>>;

export interface Page {
  readonly rows: readonly Row[];
  readonly answer: unknown;
}

/** What the page after this one is asked with; null when this page proves that there is none. */
export type Next = (page: Page, part: Window, token: string | null) => string | null;

/** How a venue cuts a feed into pages. */
export interface Paging {
  /** The longest interval the venue accepts in one request; Infinity where it does not mind. */
  readonly spanMs: number;
  /** The venue's documented page limit: a page of so many rows may have been cut. */
  readonly rows: number;
  readonly parametersOf: (part: Window, token: string | null) => Parameters;
  /** Without it a full page is halved until each half is short. */
  readonly next?: Next;
}

/**
 * Every row of a feed in `window`. A full page of one millisecond, or a page that is told again,
 * cannot be proven complete: VENUE_INCOMPLETE.
 */
export async function readPages(
  window: Window,
  paging: Paging,
  fetchPage: (parameters: Parameters) => Promise<Page>,
): Promise<readonly Row[]> {
  const found: Row[][] = [];
  const parts: Window[] = [];
  for (let to = window.to; to > window.from; to -= paging.spanMs) {
    parts.push({ from: Math.max(window.from, to - paging.spanMs), to });
  }
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const asked = new Set<string | null>();
    for (let token: string | null = null; ;) {
      asked.add(token);
      const page = await fetchPage(paging.parametersOf(part, token));
      if (paging.next === undefined && page.rows.length >= paging.rows) {
        parts.push(...halvesOf(part));
        break;
      }
      found.push([...page.rows]);
      token = paging.next?.(page, part, token) ?? null;
      if (token === null) break;
      // A venue that answers the same page again would be asked for ever.
      if (asked.has(token)) throw new RecordError('VENUE_INCOMPLETE');
    }
  }
  return found.flat();
}

function halvesOf({ from, to }: Window): readonly Window[] {
  if (to - from <= 1) throw new RecordError('VENUE_INCOMPLETE');
  const middle = Math.floor((from + to) / 2);
  return [
    { from: middle, to },
    { from, to: middle },
  ];
}

/** Ids descend from page to page: the next page is what lies below the least of this one. */
export function idsBelow(field: string, rowsMax: number): Next {
  return ({ rows }) => {
    if (rows.length < rowsMax) return null;
    return String(rows.map((row) => parseId(row, field)).reduce((a, b) => (a < b ? a : b)));
  };
}

/** The venue names the page that follows: an empty name, or an empty page's own, is the end. */
export function cursorAt(path: string): Next {
  return ({ rows, answer }, _part, token) => {
    const cursor = valueAt(answer, path);
    if (typeof cursor !== 'string') throw shape(path);
    return cursor === '' || (rows.length === 0 && cursor === token) ? null : cursor;
  };
}
