// The recorded payloads of a venue through its real client, and entries as lines. The files are
// read from VECTORS_DIR and never copied; their origin and cautions stand in exchanges/MANIFEST.md.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe } from '@jest/globals';
import { formatDecimal, type Entry } from '@track-record/ledger';
import type { VenueContext } from '@track-record/venues/contract';
import { readPayload, type PayloadAnswer, type PayloadRequest } from '@track-record/venues/payload';

const ROOT = new URL('../../../', import.meta.url);
const VECTORS = new URL(`${process.env['VECTORS_DIR'] ?? '../shared/vectors'}/`, ROOT);

export type Feed = PayloadRequest['feed'];
export type Market = PayloadRequest['market'];

export interface RecordedPayloads {
  readonly context: VenueContext;
  /** The text of a file. */
  readonly bodyOf: (file: string) => Promise<string>;
  readonly readBody: (
    feed: Feed,
    body: string,
    market?: Market,
    symbol?: string | null,
  ) => Promise<PayloadAnswer>;
  /** In CI a missing folder fails the tests; elsewhere the simulator's tests still run. */
  readonly describeVectors: typeof describe | typeof describe.skip;
  readonly read: (feed: Feed, file: string, symbol?: string | null) => Promise<PayloadAnswer>;
}

export function recordedPayloads(venue: string, name = venue, now = 0): RecordedPayloads {
  const folder = new URL(`exchanges/${name}/`, VECTORS);
  const context = { egress: null, now: () => now, signal: new AbortController().signal };
  const bodyOf = (file: string): Promise<string> => readFile(new URL(file, folder), 'utf8');
  const readBody = (
    feed: Feed,
    body: string,
    market: Market = null,
    symbol: string | null = null,
  ): Promise<PayloadAnswer> => readPayload(venue, { feed, market, symbol }, body, context);
  return {
    context,
    bodyOf,
    readBody,
    describeVectors:
      existsSync(folder) || process.env['CI'] !== undefined ? describe : describe.skip,
    read: async (feed: Feed, file: string, symbol: string | null = null): Promise<PayloadAnswer> =>
      await readBody(feed, await bodyOf(`${file}.json`), null, symbol),
  };
}

/** `id at kind instrument contracts at price, asset amount role, …` */
export function lineOf({ id, at, kind, position, postings }: Entry): string {
  const { instrument = '', contracts, price } = position ?? {};
  const moved =
    contracts === undefined || price === undefined
      ? []
      : [`${instrument} ${formatDecimal(contracts)} at ${formatDecimal(price)}`];
  return `${id} ${at} ${kind} ${[...moved, ...postingLines(postings)].join(', ')}`;
}

/** `asset amount role` of each. */
export function postingLines(postings: Entry['postings']): readonly string[] {
  return postings.map(({ asset, amount, role }) =>
    [asset, formatDecimal(amount), ...(role === undefined ? [] : [role])].join(' '),
  );
}
