// Steps 7 to 9 of the route: from entries and anchors to hours. The same for a first
// synchronisation, an hourly one and a re-aggregation; only the opening and the window differ.

import {
  orderEntries,
  priceRequests,
  type Checkpoint,
  type Entry,
  type LedgerDocument,
  type Price,
  type Window,
} from '@track-record/ledger';
import { computeHours, type HoursReport } from '@track-record/returns';
import type { Collected } from '@track-record/venues/collect';
import type { PriceAnswer, Venue } from '@track-record/venues/contract';
import { venueContext, type RouteContext } from './context.ts';
import type { Journal } from './journal.ts';
import { referencePairsOf } from './reference-pairs.ts';
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
      references: referencePairsOf(venue.capabilities.quoteCurrency, account.reportingCurrency),
    },
    window,
    instruments: new Map([...known.instruments, ...(collected?.instruments ?? [])]),
    anchors: collected === null ? known.anchors : [...known.anchors, collected.anchor],
    entries: entries.filter((entry) => entry.at >= window.from),
    prices: known.prices,
    marks: known.marks,
  };
  const options = known.opening === null ? {} : { opening: known.opening };
  const answer = await fetchPrices(unpriced, known.opening, collected, venue, context);
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
 * Asks for the prices the window needs and neither the journal nor the opening holds: an instant
 * that was valued once is never asked for again, because the venue may have changed its mind. The
 * account's own venue is asked, and for reference pairs the one that each names.
 */
async function fetchPrices(
  document: LedgerDocument,
  opening: Checkpoint | null,
  collected: Collected | null,
  venue: Venue,
  context: RouteContext,
): Promise<PriceAnswer> {
  const held = new Set([
    // What was converted then is not asked for in its own currency either.
    ...[...(opening?.prices ?? [])].flatMap(([asset, { at, source }]) => [
      keyOf('asset', asset, { at }),
      keyOf('asset', asset, { at, source }),
    ]),
    ...[...(opening?.marks ?? [])].map(([instrument, quote]) => keyOf('mark', instrument, quote)),
    ...document.prices.map((price) => keyOf('asset', price.asset, price)),
    ...document.marks.map((mark) => keyOf('mark', mark.instrument, mark)),
  ]);
  const wanted = priceRequests(document, opening ?? undefined).filter(
    (request) => !held.has(keyOf(request.kind, request.name, request)),
  );
  const asks = new Set(wanted.map((request) => keyOf(request.kind, request.name, request)));
  const quoted = collected?.quoted ?? { prices: [], marks: [] };
  // A pair prices either of its two currencies.
  const prices = quoted.prices.filter((price) =>
    [price.asset, price.currency].some((name) => asks.has(keyOf('asset', name, price))),
  );
  const marks = quoted.marks.filter((mark) => asks.has(keyOf('mark', mark.instrument, mark)));
  for (const [source, requests] of Map.groupBy(wanted, (request) => request.source)) {
    const asked = source === undefined ? venue : context.venues.get(source);
    const answer = await asked?.prices(requests, venueContext(context));
    prices.push(...(answer?.prices ?? []).map((price) => named(price, source)));
    marks.push(...(answer?.marks ?? []));
  }
  return { prices, marks };
}

/** One price of one thing: that of a reference pair is another than that of the venue. */
function keyOf(
  kind: string,
  name: string,
  { at, source = '' }: { readonly at: number; readonly source?: string | undefined },
): string {
  return `${kind} ${name} ${at} ${source}`;
}

function named(price: Price, source: string | undefined): Price {
  return source === undefined ? price : { ...price, source };
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
