// The JSON form of a whole ledger, `track-record-ledger/1` (FORMATS.md). Files and venue-made
// documents are untrusted. The worker holds and seals the parts, and has no need of the whole.

import { byDefault, instant, list, name, named, optional, record } from './codec.ts';
import {
  anchorCodec,
  checkDocument,
  entryCodec,
  instrumentCodec,
  markCodec,
  priceCodec,
} from './document.ts';
import type { LedgerAccount, LedgerDocument, ReferencePair, Window } from './entry.ts';

const pair = record<ReferencePair>({ asset: name, currency: name, source: name });
const references = optional(list(pair));

export const documentCodec = record<LedgerDocument>(
  {
    account: record<LedgerAccount>({ id: name, venue: name, reportingCurrency: name, references }),
    window: record<Window>({ from: instant, to: instant }),
    instruments: byDefault(named(instrumentCodec), new Map()),
    anchors: list(anchorCodec),
    entries: list(entryCodec),
    prices: byDefault(list(priceCodec), []),
    marks: byDefault(list(markCodec), []),
  },
  { format: 'track-record-ledger/1' },
);

/**
 * Refusals: DECIMAL_MALFORMED, LEDGER_UNKNOWN_ENTRY_KIND, LEDGER_MALFORMED, and `checkDocument`.
 */
export function parseLedgerDocument(json: unknown): LedgerDocument {
  const document = documentCodec.parse(json, 'document');
  checkDocument(document);
  return document;
}

export const formatLedgerDocument = documentCodec.format;
