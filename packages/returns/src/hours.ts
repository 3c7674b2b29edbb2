// From a ledger to hourly returns: replays the entries once in their order, values the book at
// every full hour and at every flow, checks it against every anchor, and quarantines the hours
// around one that was missed. Rules: returns.md 1.4 (edges) and 2.1 (valuation, reconciliation).
// The document is untrusted; the result is a function of it, of the opening and of the policy, and
// of nothing else.

import { RecordError } from '@track-record/errors';
import {
  type Anchor,
  assetsThatMayBeOwed,
  Book,
  bookResidual,
  checkDocument,
  type Checkpoint,
  type Entry,
  HOUR_MS,
  type LedgerDocument,
  orderEntries,
  pairTransfers,
  PriceTable,
  reconcile,
  replayBackward,
  sortAnchors,
} from '@track-record/ledger';
import { type Hour, quarantine } from './hour.ts';
import { type AnchorCheck, HourReplay } from './hour-replay.ts';
import { type HoursPolicy, policyFor } from './policy.ts';
import { currenciesOf } from './tally.ts';

export interface HoursOptions {
  /**
   * The state at the beginning of the window. With it, what an anchor shows beyond the replay is
   * booked as its residual; without it the last anchor fixes the opening and nothing is booked.
   */
  readonly opening?: Checkpoint;
  readonly policy?: HoursPolicy;
  /** False leaves out the balances of every hour: in a long window they are most of its memory. */
  readonly balances?: boolean;
  /** Fills beside the document's entries, held in columns; see `ledger/stream`. */
  readonly fills?: {
    readonly order: (document: LedgerDocument, opening: Checkpoint | null) => readonly Entry[];
  };
  /** Assets whose balance may be negative, where the document alone cannot tell. */
  readonly mayBeOwed?: ReadonlySet<string>;
}

export interface HoursReport {
  readonly opening: Checkpoint;
  readonly hours: readonly Hour[];
  /** The opening of the window that begins where this one ends. */
  readonly closing: Checkpoint;
}

/** Refusals: LEDGER_ codes, see `checkDocument`, `orderEntries`, `replayBackward`. */
export function computeHours(document: LedgerDocument, options: HoursOptions = {}): HoursReport {
  checkDocument(document);
  const { window, account } = document;
  const checkpoint = options.opening ?? null;
  const ordered = options.fills?.order(document, checkpoint) ?? orderEntries(document.entries);
  const opening = checkpoint ?? replayBackward(document, ordered);
  const { entries, open, unmatched } = pairTransfers(ordered, opening.transit, window.to);
  if (opening.asOf !== window.from) throw new RecordError('LEDGER_MALFORMED', { place: 'opening' });
  const policy = options.policy ?? policyFor(account.reportingCurrency);
  const book = new Book(document.instruments, opening);
  const table = new PriceTable(document, checkpoint);
  table.advance(window.from);
  const mayBeOwed = options.mayBeOwed ?? assetsThatMayBeOwed(document, checkpoint);
  const currencies = currenciesOf(document);
  const replay = new HourReplay(book, table, { policy, mayBeOwed, currencies });
  const anchors = sortAnchors(document.anchors);
  const books = checkpoint !== null;
  const hours: Hour[] = [];
  const checks: AnchorCheck[] = [];
  let next = 0;
  let nextAnchor = 0;
  for (let start = window.from; start < window.to; start += HOUR_MS) {
    const end = start + HOUR_MS;
    replay.begin(start);
    for (;;) {
      const entry = entries[next];
      const anchor = anchors[nextAnchor];
      if (anchor !== undefined && anchor.asOf <= Math.min(entry?.at ?? end, end)) {
        replay.check(anchor, books);
        nextAnchor += 1;
      } else if (entry !== undefined && entry.at < end) {
        replay.apply(entry);
        next += 1;
      } else break;
    }
    if (end === window.to) {
      const beyond = new Book(document.instruments, book.state());
      checkBeyond(replay, beyond, entries.slice(next), anchors.slice(nextAnchor), books);
    }
    const closed = replay.close(options.balances ?? true);
    hours.push(closed.hour);
    checks.push(...closed.checks);
  }
  return {
    opening: { ...opening, ...new Book(document.instruments, opening).state() },
    hours: flagUnmatched(quarantineDoubt(hours, checks, books), unmatched),
    closing: { asOf: window.to, ...book.state(), transit: open, ...table.quotes() },
  };
}

/**
 * Balances are observed some minutes past the hour. Entries after the window bring a copy of the
 * book to that instant; what then differs is told in the last hour, since nobody knows on which
 * side it happened.
 */
function checkBeyond(
  replay: HourReplay,
  beyond: Book,
  entries: readonly Entry[],
  anchors: readonly Anchor[],
  books: boolean,
): void {
  let next = 0;
  for (const anchor of anchors) {
    for (; (entries[next]?.at ?? anchor.asOf) < anchor.asOf; next += 1) {
      const entry = entries[next];
      if (entry !== undefined) beyond.apply(entry);
    }
    const residual = reconcile(beyond, anchor);
    if (books) bookResidual(beyond, residual);
    replay.note(anchor.asOf, residual, books);
  }
}

/**
 * Behind a missed anchor nobody knows which hour lacks the entry: all are in doubt since the anchor
 * before it. What was booked ends there; otherwise the replay is wrong until the next anchor that
 * was met.
 */
function quarantineDoubt(
  hours: readonly Hour[],
  checks: readonly AnchorCheck[],
  books: boolean,
): Hour[] {
  const doubts: { since: number; until: number }[] = [];
  let since = 0;
  let missed = false;
  for (const { asOf, met } of checks) {
    missed ||= !met;
    if (!met && !books) continue;
    // An anchor at the window's beginning tells of its first hour.
    if (missed) doubts.push({ since, until: Math.max(asOf, (hours[0]?.hour ?? asOf) + 1) });
    since = asOf;
    missed = false;
  }
  return hours.map((hour) => {
    const { hour: start } = hour;
    const doubted = doubts.some((doubt) => start + HOUR_MS > doubt.since && start < doubt.until);
    return doubted ? quarantine(hour) : hour;
  });
}

function flagUnmatched(hours: Hour[], instants: readonly number[]): Hour[] {
  const starts = new Set(instants.map((at) => at - (at % HOUR_MS)));
  return hours.map((hour) => {
    if (!starts.has(hour.hour)) return hour;
    return { ...hour, flags: [...hour.flags, 'transfer_unmatched'] };
  });
}
