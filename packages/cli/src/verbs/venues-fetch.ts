// `track-record venues fetch`: the connector exactly as the worker runs it, for development and for
// onboarding a venue (FORMATS.md). Prints a ledger document with what `compute` needs to value it.

import { readFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { priceRequests, type LedgerDocument } from '@track-record/ledger';
import { formatLedgerDocument } from '@track-record/ledger/document';
import { Secret } from '@track-record/sealing';
import {
  collect,
  credentialFields,
  loadVenues,
  type CredentialField,
  type Egress,
  type Venue,
  type VenueContext,
  type VenueCredentials,
} from '@track-record/venues';
import { DateTime } from 'luxon';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** A first fetch asks for every pair of the venue, which takes minutes at its rate limit. */
const DEADLINE_MS = 3_600_000;

export const venuesFetch: Verb = {
  name: 'venues fetch',
  summary: "Fetch one account's ledger from a venue.",
  example:
    'venues fetch --venue binance --from 2026-01-05T00:00:00Z --to 2026-01-06T00:00:00Z ' +
    '--credentials key.json --json',
  options: {
    venue: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    credentials: { type: 'string' },
    egress: { type: 'string' },
    'allow-trading-key': { type: 'boolean' },
  },
  run,
};

async function run({ options, progress }: VerbInput): Promise<VerbOutput> {
  const { venue: id, credentials: path, egress } = options;
  if (typeof id !== 'string') throw new UsageError('--venue ID is required.');
  if (typeof path !== 'string') throw new UsageError('--credentials FILE is required.');
  const window = { from: parseTime(options, 'from'), to: parseTime(options, 'to') };
  const venue = (await loadVenues([id])).get(id);
  if (venue === undefined) throw new RecordError('VENUE_UNKNOWN');
  const context: VenueContext = {
    egress: parseEgress(egress),
    now: Date.now,
    signal: AbortSignal.timeout(DEADLINE_MS),
  };
  const credentials = await readCredentials(path);
  try {
    const allowed = options['allow-trading-key'] === true;
    const { ledger, requests } = await fetchLedger(venue, window, credentials, allowed, context);
    progress(`${ledger.entries.length} entries in ${requests} requests`);
    const document = {
      ...readFields(formatLedgerDocument(ledger)),
      capabilities: venue.capabilities,
      requests,
    };
    return { document, text: `${JSON.stringify(document, null, 2)}\n` };
  } finally {
    for (const secret of credentials.values()) secret.wipe();
  }
}

async function fetchLedger(
  venue: Venue,
  window: LedgerDocument['window'],
  credentials: VenueCredentials,
  allowTradingKey: boolean,
  context: VenueContext,
): Promise<{ ledger: LedgerDocument; requests: number }> {
  const session = await venue.connect(credentials, context);
  try {
    const { permissions } = await session.identify();
    if (!permissions.read) throw new RecordError('VENUE_SCOPE_MISSING');
    if ((permissions.trade || permissions.withdraw) && !allowTradingKey) {
      throw new RecordError('VENUE_KEY_CAN_WITHDRAW');
    }
    const collected = await collect(session, window.from, null);
    const { anchor, entries, instruments, requests, quoted } = collected;
    if (anchor.asOf < window.to) throw new RecordError('VENUE_STALE', { place: 'to' });
    const currency = venue.capabilities.quoteCurrency;
    const account = { id: 'local', venue: venue.capabilities.venue, reportingCurrency: currency };
    const unpriced: LedgerDocument = {
      account,
      window,
      instruments,
      anchors: [anchor],
      entries,
      prices: [],
      marks: [],
    };
    const needs = priceRequests(unpriced).map((need) => ({ ...need, currency }));
    const { prices, marks } = await venue.prices(needs, context);
    const priced = {
      prices: [...quoted.prices, ...prices],
      marks: [...quoted.marks, ...marks],
    };
    return { ledger: { ...unpriced, ...priced }, requests };
  } finally {
    await session.close();
  }
}

function parseTime(options: VerbInput['options'], name: 'from' | 'to'): number {
  const text = options[name];
  const time = DateTime.fromISO(typeof text === 'string' ? text : '', { zone: 'utc' });
  if (!time.isValid) throw new UsageError(`--${name} TIME is required, in ISO 8601 UTC.`);
  return time.toMillis();
}

/**
 * Plain HTTP to one address is a development means: a production configuration does not have it.
 */
function parseEgress(text: VerbInput['options'][string]): Egress | null {
  if (text === undefined) return null;
  if (process.env['ENCLAVE_MODE'] === 'production') {
    throw new RecordError('CONFIG_INVALID', { place: 'egress' });
  }
  const [, host, port] = /^([A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(String(text)) ?? [];
  if (host === undefined || port === undefined) throw new UsageError('--egress is HOST:PORT.');
  return { host, port: Number(port) };
}

async function readCredentials(path: string): Promise<Map<CredentialField, Secret>> {
  const secrets = new Map<CredentialField, Secret>();
  const encoder = new TextEncoder();
  for (const [name, value] of Object.entries(await readJsonFields(path))) {
    const field = credentialFields.find((each) => each === name);
    if (field === undefined || (typeof value !== 'string' && typeof value !== 'number')) {
      throw new RecordError('ARGUMENT_INVALID', { place: 'credentials' });
    }
    secrets.set(field, new Secret(encoder.encode(String(value))));
  }
  return secrets;
}

async function readJsonFields(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return readFields(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // A parse error quotes the text around the fault, which here is a secret: it is not kept.
    throw new RecordError('ARGUMENT_INVALID', { place: 'credentials' });
  }
}

function readFields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new RecordError('ARGUMENT_INVALID');
  return value as Readonly<Record<string, unknown>>;
}
