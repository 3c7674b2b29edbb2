// One line of a venue's table of feeds: the method that is asked, how its pages are cut, where the
// rows stand and how one of them is read. history.ts pages through the table; recorded.ts reads one
// stored answer by the same line.

import type { Window } from '@track-record/ledger';
import type { CcxtClient } from './client.ts';
import { listedWindow, type Cursor } from './cursor.ts';
import type { Holdings } from './holdings.ts';
import type { Contract, Markets } from './markets.ts';
import { readPages, type Paging, type Parameters } from './pagers.ts';
import { joinLegs, type Reading } from './readings.ts';
import { rowsAt, type Path, type Row } from './rows.ts';
import { checkRunning, distinctRows, type Running } from './running.ts';

export interface Feed {
  readonly method: string;
  readonly rowsIn: Path;
  readonly paging: Paging;
  /** Rows are listed under an instant that may lie this long before the one at which they count. */
  readonly lookbackMs?: number;
  readonly lookaheadMs?: number;
  /** The first fetch tells the account from its beginning, which `checkWhole` then proves. */
  readonly isWhole?: boolean;
  /** What the venue lists only piece by piece: asked once with each of these. */
  readonly each?: (job: Job) => Promise<readonly Parameters[]>;
  readonly read: (row: Row, markets: Markets, asked: Parameters) => readonly Reading[];
  /** Rows may be pending for days: read again from where the oldest pending one is listed. */
  readonly settlesLater?: boolean;
  /** Rows that another feed tells; here they are only proof. */
  readonly isToldElsewhere?: (row: Row) => boolean;
  /** A ledger with running balances: proven without a gap, and legs of one id joined. */
  readonly running?: (row: Row) => Running;
  /** `feed` or `feed market` of `venues read`, for whose payload this is the answer. */
  readonly payload: readonly string[];
}

/** A line of the table; `payload` separates names by commas. */
export function feed(
  method: string,
  rowsIn: Path,
  paging: Paging,
  read: Feed['read'],
  payload: string,
  more: Partial<Feed> = {},
): Feed {
  return { method, rowsIn, paging, read, payload: payload.split(', '), ...more };
}

/** One fetch of one account. */
export interface Job {
  readonly client: CcxtClient;
  readonly markets: Markets;
  /** `markets.contracts`, to which a venue adds what is no longer listed. */
  readonly contracts: Map<string, Contract>;
  readonly window: Window;
  readonly isFirst: boolean;
  readonly cursor: Cursor;
  /** Asked for once, and only by a venue whose feeds need it. */
  readonly holdings: () => Promise<Holdings>;
  /** What the feeds have told so far, and their rows by method. */
  readonly readings: Reading[];
  readonly rows: Map<string, readonly Row[]>;
}

/** Asks for one feed and adds what it tells to the job. */
export async function tellFeed(feed: Feed, job: Job): Promise<void> {
  const { lookbackMs = 0, lookaheadMs = 0, isWhole = false, running } = feed;
  const listed = feed.settlesLater === true ? listedWindow(job.cursor, job.window) : job.window;
  const from = isWhole && job.isFirst ? 0 : listed.from - lookbackMs;
  const window = { from, to: listed.to + lookaheadMs };
  const told: Row[] = [];
  for (const asked of (await feed.each?.(job)) ?? [{}]) {
    const pages = await readPages(window, feed.paging, async (parameters) => {
      const answer = await job.client.call(feed.method, { ...asked, ...parameters });
      return { answer, rows: rowsAt(answer, feed.rowsIn) };
    });
    const rows = running === undefined ? pages : distinctRows(pages, running);
    if (running !== undefined) checkRunning(rows.map(running));
    const own = rows.filter((row) => feed.isToldElsewhere?.(row) !== true);
    const readings = own.flatMap((row) => feed.read(row, job.markets, asked));
    job.readings.push(...(running === undefined ? readings : joinLegs(readings)));
    told.push(...rows);
  }
  // Several lines may ask one method.
  job.rows.set(feed.method, [...rowsOf(job, feed.method), ...told]);
}

/** The rows that one method has told so far. */
export function rowsOf(job: Job, method: string): readonly Row[] {
  return job.rows.get(method) ?? [];
}

export function isInside({ window }: Job, at: number): boolean {
  return at >= window.from && at < window.to;
}
