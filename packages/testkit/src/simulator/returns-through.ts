// A venue's real connector against a simulator: a session, the code that a fetch ends with, and the
// hourly returns that come out, entries and prices through the ledger and the returns engine, as a
// worker would have it.

import { codeOf } from '@track-record/errors';
import { priceRequests, type LedgerDocument } from '@track-record/ledger';
import { computeHours } from '@track-record/returns';
import { Secret } from '@track-record/sealing';
import {
  collect,
  loadVenues,
  type CredentialField,
  type Fetched,
  type Venue,
  type VenueContext,
  type VenueSession,
} from '@track-record/venues';
import type { Scenario } from '../scenario/build-scenario.ts';
import { HOUR_MS } from '../scenario/prices.ts';
import type { Exact } from '../scenario/units.ts';
import type { Simulator } from './server.ts';

export interface Told {
  /** Eighteen digits; null where no capital was at work. */
  readonly returns: readonly (string | null)[];
  readonly entries: Fetched['entries'];
  readonly requests: number;
}

export type Credentials = Readonly<Partial<Record<CredentialField, string>>>;

export type Hours = readonly [from: number, to: number];

/** What is asked of a session that is closed afterwards. */
export async function withSession<T>(
  id: string,
  { port }: Pick<Simulator, 'port'>,
  credentials: Credentials,
  now: () => number,
  ask: (session: VenueSession, venue: Venue, context: VenueContext) => Promise<T>,
): Promise<T> {
  const venue = (await loadVenues([id])).get(id);
  if (venue === undefined) throw new Error(`There is no venue ${id}.`);
  const { signal } = new AbortController();
  const context: VenueContext = { egress: { host: '127.0.0.1', port }, now, signal };
  const session = await venue.connect(secretsOf(credentials), context);
  try {
    return await ask(session, venue, context);
  } finally {
    await session.close();
  }
}

/** `accepted`, or the code of the refusal. */
export async function codeThrough(...visit: Parameters<typeof withSession>): Promise<string> {
  try {
    await withSession(...visit);
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

/** Hours of a scenario, counted from its start. */
export function windowOf({ start }: Pick<Scenario, 'start'>, [from, to]: Hours) {
  return { from: start + from * HOUR_MS, to: start + to * HOUR_MS };
}

/** The venue's clock must stand at or behind the scenario's end. */
export async function returnsThrough(
  id: string,
  simulator: Pick<Simulator, 'port'>,
  scenario: Pick<Scenario, 'start' | 'end' | 'reporting'>,
  credentials: Credentials,
  now: () => number,
): Promise<Told> {
  return await withSession(id, simulator, credentials, now, async (session, venue, context) => {
    const { anchor, ...told } = await collect(session, scenario.start, null);
    const currency = scenario.reporting;
    const document: LedgerDocument = {
      account: { id: 'local', venue: id, reportingCurrency: currency },
      window: { from: scenario.start, to: scenario.end },
      instruments: told.instruments,
      anchors: [anchor],
      entries: told.entries,
      prices: [],
      marks: [],
    };
    const needs = priceRequests(document).map((need) => ({ ...need, currency }));
    const { prices, marks } = await venue.prices(needs, context);
    const { hours } = computeHours({
      ...document,
      prices: [...told.quoted.prices, ...prices],
      marks: [...told.quoted.marks, ...marks],
    });
    const returns = hours.map((hour) => textOf(hour.return));
    return { returns, entries: told.entries, requests: told.requests };
  });
}

/** What the scenario itself says its account earned. */
export function trueReturns(scenario: {
  readonly truth: () => readonly { readonly return: Exact | null }[];
}): readonly (string | null)[] {
  return scenario.truth().map((hour) => textOf(hour.return));
}

export function secretsOf(credentials: Credentials): ReadonlyMap<CredentialField, Secret> {
  const encoder = new TextEncoder();
  const secrets = new Map<CredentialField, Secret>();
  for (const [field, text] of parseFields(credentials)) {
    secrets.set(field, new Secret(encoder.encode(text)));
  }
  return secrets;
}

function parseFields(credentials: Credentials): readonly (readonly [CredentialField, string])[] {
  return Object.entries(credentials) as [CredentialField, string][];
}

function textOf(value: Exact | null): string | null {
  return value === null ? null : `${value.mantissa}e-${value.scale}`;
}
