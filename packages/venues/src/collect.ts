// An anchor and the entries that reach it. Balances are read over some seconds; they hold at `asOf`
// only if nothing happened until the last of them was read, and that is known only after the
// entries are in.

import { RecordError } from '@track-record/errors';
import {
  HOUR_MS,
  orderEntries,
  priceRequests,
  type Anchor,
  type Entry,
  type Instrument,
} from '@track-record/ledger';
import type { IgnoredRow, PriceAnswer, VenueSession } from './contract.ts';

/** An account that trades without a pause of seconds is observed again later. */
const ATTEMPTS_MAX = 3;

export interface Collected {
  readonly anchor: Anchor;
  /** Every entry in [from, anchor.asOf). */
  readonly entries: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly cursor: string;
  readonly ignored: readonly IgnoredRow[];
  readonly requests: number;
  /** What the window needs of the prices that only a session can ask. */
  readonly quoted: PriceAnswer;
}

/** What is known since the hour that was stated last: hours after it may have no price yet. */
export interface Unstated {
  readonly from: number;
  readonly entries: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/** VENUE_INCOMPLETE when the account was never quiet while it was observed. */
export async function collect(
  session: VenueSession,
  from: number,
  cursor: string | null,
  unstated: Unstated = { from, entries: [], instruments: new Map() },
): Promise<Collected> {
  let requests = 0;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { anchor, instruments, quietUntil } = await session.observe();
    const fetched = await session.fetch({ from, to: quietUntil + 1 }, cursor);
    requests += fetched.requests;
    if (fetched.entries.every(({ at }) => at < anchor.asOf)) {
      const collected = {
        anchor,
        entries: fetched.entries,
        instruments: new Map([...instruments, ...fetched.instruments]),
        cursor: fetched.cursor,
        ignored: fetched.ignored,
        requests,
      };
      return {
        ...collected,
        quoted: await quote(session, Math.min(from, unstated.from), unstated, collected),
      };
    }
  }
  throw new RecordError('VENUE_INCOMPLETE', { place: 'anchor' });
}

async function quote(
  { quotes }: VenueSession,
  from: number,
  unstated: Unstated,
  { anchor, entries, instruments }: Omit<Collected, 'quoted'>,
): Promise<PriceAnswer> {
  const window = { from: from - (from % HOUR_MS), to: anchor.asOf - (anchor.asOf % HOUR_MS) };
  if (quotes === undefined || window.from >= window.to) return { prices: [], marks: [] };
  const { currency } = quotes;
  const known = orderEntries([...unstated.entries, ...entries]);
  const needs = priceRequests({
    account: { id: '', venue: '', reportingCurrency: currency },
    window,
    instruments: new Map([...unstated.instruments, ...instruments]),
    anchors: [anchor],
    entries: known.filter(({ at }) => at >= window.from),
    prices: [],
    marks: [],
  });
  return await quotes.ask(needs.map((need) => ({ ...need, currency })));
}
