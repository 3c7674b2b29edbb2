// The sealed journal of an account: everything its hours were computed from, in the order it became
// known. A record is never changed or removed. Segments are sealed before they reach the database;
// this file turns records into their plaintext and back. A segment that does not open or parse is
// an untrusted row.

import { RecordError } from '@track-record/errors';
import {
  formatAnchor,
  formatCheckpoint,
  formatEntry,
  formatInstrument,
  formatMark,
  formatPrice,
  parseAnchor,
  parseCheckpoint,
  parseEntry,
  parseInstrument,
  parseMark,
  parsePrice,
  type Anchor,
  type Checkpoint,
  type Entry,
  type Instrument,
  type Mark,
  type Price,
} from '@track-record/ledger';
import {
  openSegment,
  sealSegment,
  type AccountKeys,
  type RandomBytes,
} from '@track-record/sealing';
import type { SealedSegment } from '@track-record/store';

/** Bounds the plaintext that one segment expands to, and so the memory of opening it. */
const RECORDS_PER_SEGMENT = 5_000;
const SEGMENT_TABLE = 'sealed_segment';

export type JournalRecord =
  | { readonly type: 'opening'; readonly opening: Checkpoint }
  | { readonly type: 'instrument'; readonly id: string; readonly instrument: Instrument }
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'anchor'; readonly anchor: Anchor }
  | { readonly type: 'price'; readonly price: Price }
  | { readonly type: 'mark'; readonly mark: Mark };

export interface Journal {
  /** Fixed by the first synchronisation; every later replay starts from it. */
  readonly opening: Checkpoint | null;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly entries: readonly Entry[];
  readonly anchors: readonly Anchor[];
  readonly prices: readonly Price[];
  readonly marks: readonly Mark[];
}

/** Seals `records`, numbered from `firstSequence`, into as many segments as they need. */
export function sealRecords(
  keys: AccountKeys,
  firstSequence: number,
  records: readonly JournalRecord[],
  random: RandomBytes,
): SealedSegment[] {
  const segments: SealedSegment[] = [];
  for (let start = 0; start < records.length; start += RECORDS_PER_SEGMENT) {
    const part = records.slice(start, start + RECORDS_PER_SEGMENT);
    const first = firstSequence + start;
    const range = { table: SEGMENT_TABLE, first, last: first + part.length - 1 };
    const plaintext = Buffer.from(JSON.stringify(part.map(formatRecord)));
    segments.push({
      accountId: keys.accountId,
      firstSequence: range.first,
      lastSequence: range.last,
      keyId: keys.segment.id,
      envelope: sealSegment(keys, range, plaintext, random),
    });
  }
  return segments;
}

/**
 * Opens all segments of an account. They must be contiguous from 1 to before `nextSequence`, which
 * the sealed state pins: a missing one was taken away.
 */
export function openJournal(
  keys: AccountKeys,
  segments: readonly SealedSegment[],
  nextSequence: number,
): Journal {
  const records: JournalRecord[] = [];
  for (const segment of segments) {
    if (segment.firstSequence !== records.length + 1) {
      throw new RecordError('STORE_ROW_UNTRUSTED');
    }
    const range = {
      table: SEGMENT_TABLE,
      first: segment.firstSequence,
      last: segment.lastSequence,
    };
    const plaintext = openSegment(keys, range, segment.envelope);
    records.push(...parseRecords(Buffer.from(plaintext).toString('utf8')));
    if (records.length !== segment.lastSequence) throw new RecordError('STORE_ROW_UNTRUSTED');
  }
  if (records.length + 1 !== nextSequence) throw new RecordError('STORE_ROW_UNTRUSTED');
  return journalOf(records);
}

export function journalOf(records: readonly JournalRecord[]): Journal {
  const openings = records.flatMap((record) => (record.type === 'opening' ? [record.opening] : []));
  return {
    opening: openings[0] ?? null,
    instruments: new Map(
      records.flatMap((record) =>
        record.type === 'instrument' ? [[record.id, record.instrument]] : [],
      ),
    ),
    entries: records.flatMap((record) => (record.type === 'entry' ? [record.entry] : [])),
    anchors: records.flatMap((record) => (record.type === 'anchor' ? [record.anchor] : [])),
    prices: records.flatMap((record) => (record.type === 'price' ? [record.price] : [])),
    marks: records.flatMap((record) => (record.type === 'mark' ? [record.mark] : [])),
  };
}

function formatRecord(record: JournalRecord): unknown {
  switch (record.type) {
    case 'opening':
      return [record.type, formatCheckpoint(record.opening)];
    case 'instrument':
      return [record.type, record.id, formatInstrument(record.instrument)];
    case 'entry':
      return [record.type, formatEntry(record.entry)];
    case 'anchor':
      return [record.type, formatAnchor(record.anchor)];
    case 'price':
      return [record.type, formatPrice(record.price)];
    case 'mark':
      return [record.type, formatMark(record.mark)];
  }
}

function parseRecords(text: string): JournalRecord[] {
  const records: unknown = JSON.parse(text);
  if (!Array.isArray(records)) throw new RecordError('STORE_ROW_UNTRUSTED');
  return records.map((record: unknown) => parseRecord(record));
}

function parseRecord(record: unknown): JournalRecord {
  if (!Array.isArray(record)) throw new RecordError('STORE_ROW_UNTRUSTED');
  const [type, ...rest]: unknown[] = record;
  switch (type) {
    case 'opening':
      return { type, opening: parseCheckpoint(rest[0]) };
    case 'instrument':
      return { type, id: String(rest[0]), instrument: parseInstrument(rest[1]) };
    case 'entry':
      return { type, entry: parseEntry(rest[0]) };
    case 'anchor':
      return { type, anchor: parseAnchor(rest[0]) };
    case 'price':
      return { type, price: parsePrice(rest[0]) };
    case 'mark':
      return { type, mark: parseMark(rest[0]) };
    default:
      throw new RecordError('STORE_ROW_UNTRUSTED');
  }
}
