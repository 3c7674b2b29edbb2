// The sealed journal of an account: everything its hours were computed from, in the order it became
// known. A record is never changed or removed. Segments are sealed before they reach the database;
// this file turns a journal into their plaintext and back. A segment that does not open or parse is
// an untrusted row.

import { RecordError } from '@track-record/errors';
import {
  anchorCodec,
  formatCheckpoint,
  entryCodec,
  instrumentCodec,
  markCodec,
  priceCodec,
  parseCheckpoint,
  type Checkpoint,
  type LedgerDocument,
} from '@track-record/ledger';
import { openRow, sealRow, type AccountKeys, type RandomBytes } from '@track-record/sealing';
import type { SealedSegment } from '@track-record/store';
import { z } from 'zod';

/** Bounds the plaintext that one segment expands to, and so the memory of opening it. */
const RECORDS_PER_SEGMENT = 5_000;
const SEGMENT_TABLE = 'sealed_segment';

/** A record is its type and what it holds; an instrument has its id between the two. */
const recordTypes = ['opening', 'instrument', 'entry', 'anchor', 'price', 'mark'] as const;
const segment = z.array(z.tuple([z.enum(recordTypes)]).rest(z.unknown()));

type Known = Pick<LedgerDocument, 'instruments' | 'entries' | 'anchors' | 'prices' | 'marks'>;

export interface Journal extends Known {
  /** Fixed by the first synchronisation; every later replay starts from it. */
  readonly opening: Checkpoint | null;
}

export const emptyJournal: Journal = readRecords([]);

/**
 * Seals the records of `part`, numbered from `firstSequence`, into as many segments as they need.
 */
export function sealJournal(
  keys: AccountKeys,
  firstSequence: number,
  part: Journal,
  random: RandomBytes,
): SealedSegment[] {
  const records = formatRecords(part);
  const segments: SealedSegment[] = [];
  for (let start = 0; start < records.length; start += RECORDS_PER_SEGMENT) {
    const some = records.slice(start, start + RECORDS_PER_SEGMENT);
    const first = firstSequence + start;
    const range = { table: SEGMENT_TABLE, first, last: first + some.length - 1 };
    segments.push({
      accountId: keys.accountId,
      firstSequence: range.first,
      lastSequence: range.last,
      keyId: keys.segment.id,
      envelope: sealRow(keys, range, Buffer.from(JSON.stringify(some)), random),
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
  const records: unknown[][] = [];
  for (const { firstSequence: first, lastSequence: last, envelope } of segments) {
    if (first !== records.length + 1) throw new RecordError('STORE_ROW_UNTRUSTED');
    const plaintext = openRow(keys, { table: SEGMENT_TABLE, first, last }, envelope);
    const read = segment.safeParse(JSON.parse(Buffer.from(plaintext).toString('utf8')));
    if (!read.success) throw new RecordError('STORE_ROW_UNTRUSTED');
    records.push(...read.data);
    if (last !== records.length) throw new RecordError('STORE_ROW_UNTRUSTED');
  }
  if (records.length + 1 !== nextSequence) throw new RecordError('STORE_ROW_UNTRUSTED');
  return readRecords(records);
}

function formatRecords(part: Journal): unknown[] {
  return [
    ...(part.opening === null ? [] : [['opening', formatCheckpoint(part.opening)]]),
    ...[...part.instruments].map(([id, each]) => ['instrument', id, instrumentCodec.format(each)]),
    ...part.entries.map((each) => ['entry', entryCodec.format(each)]),
    ...part.anchors.map((each) => ['anchor', anchorCodec.format(each)]),
    ...part.prices.map((each) => ['price', priceCodec.format(each)]),
    ...part.marks.map((each) => ['mark', markCodec.format(each)]),
  ];
}

function readRecords(records: readonly (readonly unknown[])[]): Journal {
  const of = (type: (typeof recordTypes)[number]) => records.filter((record) => record[0] === type);
  const openings = of('opening').map(([, each]) => parseCheckpoint(each));
  return {
    opening: openings[0] ?? null,
    instruments: new Map(
      of('instrument').map(([, id, each]) => [
        String(id),
        instrumentCodec.parse(each, 'instrument'),
      ]),
    ),
    entries: of('entry').map(([, each]) => entryCodec.parse(each, 'entry')),
    anchors: of('anchor').map(([, each]) => anchorCodec.parse(each, 'anchor')),
    prices: of('price').map(([, each]) => priceCodec.parse(each, 'price')),
    marks: of('mark').map(([, each]) => markCodec.parse(each, 'mark')),
  };
}
