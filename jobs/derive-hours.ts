// Steps 7 to 9 of the route: from entries and anchors to hours. The same for a first
// synchronisation, an hourly one and a re-aggregation; only the opening and the window differ.

import {
  orderEntries,
  priceRequests,
  type Checkpoint,
  type Entry,
  type LedgerDocument,
  type Window,
} from '@track-record/ledger';
import { computeHours, type HoursReport } from '@track-record/returns';
import type { Collected, PriceAnswer, Venue } from '@track-record/venues';
import { venueContext, type RouteContext } from './context.ts';
import type { Journal } from './journal.ts';
import type { Subject } from './subject.ts';

export interface Derivation {
  readonly report: HoursReport;
  /** What the journal did not hold yet. */
  readonly fresh: Journal;
  /** Known and fetched entries, each once, in ledger order. */
  readonly entries: readonly Entry[];
}

/**
 * Hours of `window` from what is `known` and what was `collected` (null: nothing new was asked).
 * LEDGER_ENTRY_CONFLICT when the venue now tells an entry differently from before.
 */
export async function deriveHours(
  { account, venue }: Subject,
  known: Journal,
  collected: Collected | null,
  window: Window,
  context: RouteContext,
): Promise<Derivation> {
  const entries = orderEntries([...known.entries, ...(collected?.entries ?? [])]);
  const unpriced: LedgerDocument = {
    account: {
      id: account.accountId,
      venue: account.venue,
      reportingCurrency: account.reportingCurrency,
    },
    window,
    instruments: new Map([...known.instruments, ...(collected?.instruments ?? [])]),
    anchors: collected === null ? known.anchors : [...known.anchors, collected.anchor],
    entries: entries.filter((entry) => entry.at >= window.from),
    prices: known.prices,
    marks: known.marks,
  };
  const options = known.opening === null ? {} : { opening: known.opening };
  const answer = await fetchPrices(unpriced, known.opening, venue, context);
  context.step('priced');
  const document: LedgerDocument = {
    ...unpriced,
    prices: [...known.prices, ...answer.prices],
    marks: [...known.marks, ...answer.marks],
  };
  const report = computeHours(document, options);
  context.step('computed');
  return { report, entries, fresh: freshOf(document, known, report.opening) };
}

/**
 * Asks the venue for the prices the window needs and neither the journal nor the opening holds: an
 * instant that was valued once is never asked for again, because the venue may have changed its
 * mind.
 */
async function fetchPrices(
  document: LedgerDocument,
  opening: Checkpoint | null,
  venue: Venue,
  context: RouteContext,
): Promise<PriceAnswer> {
  const held = new Set([
    ...[...(opening?.prices ?? [])].map(([asset, quote]) => `asset ${asset} ${quote.at}`),
    ...[...(opening?.marks ?? [])].map(([instrument, quote]) => `mark ${instrument} ${quote.at}`),
    ...document.prices.map((price) => `asset ${price.asset} ${price.at}`),
    ...document.marks.map((mark) => `mark ${mark.instrument} ${mark.at}`),
  ]);
  const wanted = priceRequests(document, opening ?? undefined).filter(
    (request) => !held.has(`${request.kind} ${request.name} ${request.at}`),
  );
  if (wanted.length === 0) return { prices: [], marks: [] };
  const currency = document.account.reportingCurrency;
  return venue.prices(
    wanted.map((request) => ({ ...request, currency })),
    venueContext(context),
  );
}

function freshOf(document: LedgerDocument, known: Journal, opening: Checkpoint): Journal {
  const knownIds = new Set(known.entries.map((entry) => entry.id));
  return {
    opening: known.opening === null ? opening : null,
    instruments: new Map([...document.instruments].filter(([id]) => !known.instruments.has(id))),
    entries: document.entries.filter((entry) => !knownIds.has(entry.id)),
    anchors: document.anchors.slice(known.anchors.length),
    prices: document.prices.slice(known.prices.length),
    marks: document.marks.slice(known.marks.length),
  };
}
