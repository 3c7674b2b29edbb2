// Recorded answers of venues, read as if the venue had just given them: for onboarding a venue and
// for recorded payloads (`track-record venues read`). The worker does not reach this file.

import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { RecordError } from '@track-record/errors';
import type { AnchorPosition, Decimal, Entry, Price } from '@track-record/ledger';
import { readRecorded } from './ccxt/recorded.ts';
import type { IgnoredRow, Permissions, VenueContext } from './contract.ts';
import { loadFolder } from './registry.ts';

export { loadFolder, type VenueFolder } from './registry.ts';

export const payloadFeeds = [
  'fills',
  'deposits',
  'withdrawals',
  'transfers',
  'funding',
  'ledger',
  'dividends',
  'conversions',
  'balances',
  'positions',
  'candles',
  'permissions',
  'flex',
  'activities',
] as const;

export const payloadMarkets = ['spot', 'margin', 'linear', 'inverse', 'option', 'equity'] as const;

/** Which answer of a venue a recorded body is. */
export interface PayloadRequest {
  readonly feed: (typeof payloadFeeds)[number];
  readonly market: (typeof payloadMarkets)[number] | null;
  /** Names the market in the form `BTC/USDT:USDT`, where the payload alone does not. */
  readonly symbol: string | null;
}

/** The parts that the feed yields. */
export interface PayloadAnswer {
  readonly entries?: readonly Entry[];
  readonly balances?: ReadonlyMap<string, Decimal>;
  readonly positions?: readonly AnchorPosition[];
  readonly prices?: readonly Price[];
  readonly permissions?: Permissions;
  readonly ignored?: readonly IgnoredRow[];
}

/** One body through the venue's real client and the connector's own readers; nothing is sent. */
export async function readPayload(
  venue: string,
  request: PayloadRequest,
  body: string,
  context: VenueContext,
): Promise<PayloadAnswer> {
  const { connector } = await loadFolder(venue);
  if (connector !== undefined) return await readRecorded(connector, request, body, context);
  // A venue that is none of ccxt's reads its recordings itself, in the folder that was just loaded.
  const file = new URL(`./${venue}/recorded${extname(import.meta.url)}`, import.meta.url);
  if (!existsSync(file)) throw new RecordError('VENUE_FEED_UNSUPPORTED');
  return await parseReader(await import(`./${venue}/recorded.ts`)).readRecorded(request, body);
}

interface Reader {
  readonly readRecorded: (request: PayloadRequest, body: string) => Promise<PayloadAnswer>;
}

function parseReader(module: unknown): Reader {
  return module as Reader;
}
