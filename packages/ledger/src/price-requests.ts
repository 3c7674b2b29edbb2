// Which prices a window needs, found by replaying quantities alone: every holding at every full
// hour and at every flow, and at the hour's beginning every asset in which something was paid or
// received. The worker asks the venue for these before anything is valued, and the venues of the
// reference pairs for what leads from there to the reporting currency at the same instants.

import { Book } from './book.ts';
import type { Checkpoint } from './checkpoint.ts';
import { sign } from './decimal.ts';
import { checkDocument, HOUR_MS } from './document.ts';
import type { LedgerDocument } from './entry.ts';
import { replayBackward } from './opening.ts';
import { orderEntries } from './order.ts';
import { pairTransfers } from './transfers.ts';

export interface PriceNeed {
  readonly kind: 'asset' | 'mark';
  /** An asset, or an instrument for a mark. */
  readonly name: string;
  readonly currency: string;
  readonly at: number;
  /** The venue of a reference pair, to be told with its price; else the account's own is asked. */
  readonly source?: string;
}

/** Sorted by instant, kind and name; each need once. */
export function priceRequests(document: LedgerDocument, opening?: Checkpoint): PriceNeed[] {
  checkDocument(document);
  const { window, instruments, account } = document;
  const ordered = orderEntries(document.entries);
  const state = opening ?? replayBackward(document, ordered);
  const { entries } = pairTransfers(ordered, state.transit, window.to);
  const book = new Book(instruments, state);
  const { references = [], reportingCurrency } = account;
  const currency = references[0]?.asset ?? reportingCurrency;
  const needs = new Map<string, PriceNeed>();
  const need = (kind: PriceNeed['kind'], name: string, at: number): void => {
    if (kind === 'asset' && name === reportingCurrency) return;
    const own = kind === 'mark' || name !== currency;
    if (own) needs.set(`${at} ${kind} ${name}`, { kind, name, currency, at });
    for (const { asset, ...pair } of kind === 'asset' ? references : []) {
      needs.set(`${at} pair ${asset} ${pair.currency}`, { kind, name: asset, ...pair, at });
    }
  };
  const needHoldings = (at: number): void => {
    for (const [asset, total] of [...book.balances, ...book.transit]) {
      if (total.mantissa !== 0n) need('asset', asset, at);
    }
    for (const [name, position] of book.positions) {
      if (sign(position.contracts) === 0) continue;
      need('mark', name, at);
      need('asset', book.instrument(name).settle, at);
    }
  };
  let boundary = window.from;
  for (const entry of entries) {
    for (; boundary <= Math.min(entry.at, window.to); boundary += HOUR_MS) needHoldings(boundary);
    if (entry.at >= window.to) break;
    if (entry.kind === 'flow') {
      needHoldings(entry.at);
      if (entry.position !== undefined) need('mark', entry.position.instrument, entry.at);
    }
    book.apply(entry);
    for (const posting of entry.postings) {
      if (entry.kind === 'flow') need('asset', posting.asset, entry.at);
      else if (entry.kind !== 'fill' || posting.role === 'fee') {
        need('asset', posting.asset, boundary - HOUR_MS);
      }
    }
  }
  for (; boundary <= window.to; boundary += HOUR_MS) needHoldings(boundary);
  return [...needs.values()].sort(compareNeeds);
}

function compareNeeds(left: PriceNeed, right: PriceNeed): number {
  if (left.at !== right.at) return left.at - right.at;
  if (left.kind !== right.kind) return left.kind < right.kind ? -1 : 1;
  return left.name < right.name ? -1 : 1;
}
