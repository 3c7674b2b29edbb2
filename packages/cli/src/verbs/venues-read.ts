// `track-record venues read`: one recorded response body through the venue's real client and our
// readers (FORMATS.md), for onboarding a venue. Nothing is sent. The payload file is untrusted.

import { readFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { formatLedgerDocument } from '@track-record/ledger/document';
import type { VenueContext } from '@track-record/venues';
import {
  payloadFeeds,
  payloadMarkets,
  readPayload,
  type PayloadAnswer,
} from '@track-record/venues/payload';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

export const venuesRead: Verb = {
  name: 'venues read',
  summary: 'Read one recorded venue response as ledger entries.',
  example: 'venues read --venue binance --feed deposits --payload deposits.json --json',
  options: {
    venue: { type: 'string' },
    feed: { type: 'string' },
    market: { type: 'string' },
    symbol: { type: 'string' },
    payload: { type: 'string' },
  },
  run,
};

async function run({ options }: VerbInput): Promise<VerbOutput> {
  const { venue, payload } = options;
  if (typeof venue !== 'string') throw new UsageError('--venue ID is required.');
  if (typeof payload !== 'string') throw new UsageError('--payload FILE is required.');
  const feed = payloadFeeds.find((each) => each === options['feed']);
  if (feed === undefined) throw new UsageError(`--feed is one of ${payloadFeeds.join(' ')}.`);
  const market = payloadMarkets.find((each) => each === options['market']) ?? null;
  if (market === null && options['market'] !== undefined) {
    throw new UsageError(`--market is one of ${payloadMarkets.join(' ')}.`);
  }
  const symbol = typeof options['symbol'] === 'string' ? options['symbol'] : null;
  const context: VenueContext = {
    egress: null,
    now: Date.now,
    signal: new AbortController().signal,
  };
  const body = await readBody(payload);
  const answer = await readPayload(venue, { feed, market, symbol }, body, context);
  const document = formatAnswer(answer);
  return { document, text: `${JSON.stringify(document, null, 2)}\n` };
}

async function readBody(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'payload' });
  }
}

/** The parts the feed yields, each as it stands in a ledger document. */
function formatAnswer(answer: PayloadAnswer): Record<string, unknown> {
  const ledger = readParts(
    formatLedgerDocument({
      account: { id: '', venue: '', reportingCurrency: '' },
      window: { from: 0, to: 0 },
      instruments: new Map(),
      anchors: [
        { asOf: 0, balances: answer.balances ?? new Map(), positions: answer.positions ?? [] },
      ],
      entries: answer.entries ?? [],
      prices: answer.prices ?? [],
      marks: [],
    }),
  );
  const anchor = readParts(Array.isArray(ledger['anchors']) ? ledger['anchors'][0] : null);
  return {
    ...(answer.entries === undefined ? {} : { entries: ledger['entries'] }),
    ...(answer.balances === undefined ? {} : { balances: anchor['balances'] }),
    ...(answer.positions === undefined ? {} : { positions: anchor['positions'] }),
    ...(answer.prices === undefined ? {} : { prices: ledger['prices'] }),
    ...(answer.permissions === undefined ? {} : { permissions: answer.permissions }),
    ...(answer.ignored === undefined ? {} : { ignored: answer.ignored }),
  };
}

function readParts(formatted: unknown): Readonly<Record<string, unknown>> {
  return formatted as Readonly<Record<string, unknown>>;
}
