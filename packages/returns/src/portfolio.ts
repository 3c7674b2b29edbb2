// The accounts of one owner as one record. All members are replayed together, so that a flow of one
// is a cut for all, and only for the hours in which each of them has a ledger: who is missing makes
// the hour partial and is never carried forward. An account that joins is an inflow of its equity,
// one that leaves an outflow; between two cuts neither earns anything. What anchors prove is proven
// per account, before. Documents and events are untrusted.

import { RecordError } from '@track-record/errors';
import {
  add,
  assetsThatMayBeOwed,
  type Checkpoint,
  type Decimal,
  type Entry,
  HOUR_MS,
  type LedgerDocument,
  type PositionChange,
  type Posting,
  type Price,
  type Quote,
  type ReferencePair,
  type Split,
  subtract,
  ZERO,
} from '@track-record/ledger';
import type { Hour, HourReason, HourStatus } from './hour.ts';
import { computeHours } from './hours.ts';
import type { HoursPolicy } from './policy.ts';

export interface PortfolioEvent {
  readonly kind: 'join' | 'leave';
  readonly account: string;
  /** A full hour: the first one with the account, or without it. */
  readonly at: number;
}

export interface PortfolioHour {
  readonly hour: number;
  /** `partial`: a member has no ledger for this hour. */
  readonly status: HourStatus | 'partial';
  readonly reason: HourReason | 'member_missing' | null;
  readonly navOpen: Decimal | null;
  readonly navClose: Decimal | null;
  /** With the equity of those that joined, less that of those that left. */
  readonly flow: Decimal | null;
  readonly pnl: Decimal | null;
  readonly return: Decimal | null;
  readonly members: readonly string[];
  readonly missing: readonly string[];
}

/** One account under a prefix that keeps its names apart from every other account's. */
interface Member {
  readonly account: string;
  readonly document: LedgerDocument;
  readonly prefix: string;
  readonly hours: ReadonlyMap<number, Hour>;
}

/** Consecutive hours with the same members, all of them present. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly members: readonly Member[];
}

/**
 * From the first event to the end of the last ledger. RETURNS_INPUT_MALFORMED for an account given
 * twice, more than one reporting currency, an event off the full hour, and a join or leave that
 * contradicts the ones before; and what `computeHours` refuses.
 */
export function computePortfolio(
  documents: readonly LedgerDocument[],
  events: readonly PortfolioEvent[],
  policy?: HoursPolicy,
): PortfolioHour[] {
  const [first] = documents;
  if (first === undefined) return [];
  const options = policy === undefined ? {} : { policy };
  const members = membersOf(documents, options);
  const joined = membership(members, events);
  const hours: PortfolioHour[] = [];
  const end = Math.max(...documents.map(({ window }) => window.to));
  for (let at = joined[0]?.from ?? end; at < end;) {
    const present = joined.findLast(({ from }) => from <= at)?.members ?? [];
    const missing = present.filter(({ hours: own }) => !own.has(at)).map(({ account }) => account);
    if (missing.length > 0) {
      hours.push(partialHour(at, present, missing));
      at += HOUR_MS;
      continue;
    }
    let to = at + HOUR_MS;
    const ends = joined.find(({ from }) => from > at)?.from ?? end;
    while (to < ends && present.every(({ hours: own }) => own.has(to))) to += HOUR_MS;
    const run = { from: at, to, members: present };
    hours.push(...hoursOfRun(run, first.account, hours.at(-1), options));
    at = to;
  }
  return hours;
}

function membersOf(
  documents: readonly LedgerDocument[],
  options: { readonly policy?: HoursPolicy },
): Member[] {
  const [first] = documents;
  const ids = documents.map(({ account }) => account.id);
  const currency = first?.account.reportingCurrency;
  for (const [index, { account }] of documents.entries()) {
    const alike = account.reportingCurrency === currency;
    if (!alike || ids.indexOf(account.id) !== index) throw malformed(`documents[${index}]`);
  }
  const sorted = documents.toSorted((left, right) => (left.account.id < right.account.id ? -1 : 1));
  return sorted.map((document, index) => ({
    account: document.account.id,
    document,
    prefix: `${index} `,
    hours: new Map(computeHours(document, options).hours.map((hour) => [hour.hour, hour])),
  }));
}

/** Who is a member from when on; of several changes at one hour the last tells. */
function membership(
  members: readonly Member[],
  events: readonly PortfolioEvent[],
): { from: number; members: readonly Member[] }[] {
  const changes: { from: number; members: readonly Member[] }[] = [];
  let present: readonly Member[] = [];
  const sorted = [...events.entries()].sort(([, left], [, right]) => left.at - right.at);
  for (const [index, { kind, account, at }] of sorted) {
    const member = members.find((candidate) => candidate.account === account);
    const expected = kind === 'leave';
    if (member === undefined || at % HOUR_MS !== 0 || present.includes(member) !== expected) {
      throw malformed(`events[${index}]`);
    }
    present = expected
      ? present.filter((candidate) => candidate !== member)
      : members.filter((candidate) => candidate === member || present.includes(candidate));
    changes.push({ from: at, members: present });
  }
  return changes;
}

function hoursOfRun(
  run: Run,
  account: LedgerDocument['account'],
  before: PortfolioHour | undefined,
  options: { readonly policy?: HoursPolicy },
): PortfolioHour[] {
  const { from, members } = run;
  const states: Checkpoint[] = [];
  const mayBeOwed = new Set<string>();
  for (const member of members) {
    const state = stateAt(member, from, options);
    states.push(prefixedCheckpoint(member, state));
    for (const asset of assetsThatMayBeOwed(member.document, state)) {
      mayBeOwed.add(prefixedAsset(member, asset));
    }
  }
  const opening: Checkpoint = {
    asOf: from,
    balances: sums(states.map(({ balances }) => balances)),
    positions: joinedMaps(states.map(({ positions }) => positions)),
    transit: states.flatMap(({ transit }) => transit),
    prices: joinedMaps(states.map(({ prices }) => prices)),
    marks: joinedMaps(states.map(({ marks }) => marks)),
  };
  const { hours } = computeHours(merged(run, account), { ...options, opening, mayBeOwed });
  return hours.map((hour, index) => {
    const told = portfolioHour(hour, members);
    return index === 0 ? withChangeOfMembers(told, before) : told;
  });
}

/** What an account holds at a full hour, from its own anchors. */
function stateAt(
  { document }: Member,
  at: number,
  options: { readonly policy?: HoursPolicy },
): Checkpoint {
  const { window } = document;
  if (at === window.from) return computeHours(document, options).opening;
  return computeHours({ ...document, window: { from: window.from, to: at } }, options).closing;
}

/** A member's own doubt is the portfolio's. */
function portfolioHour(hour: Hour, members: readonly Member[]): PortfolioHour {
  const { status, reason, navOpen, navClose, flow, pnl } = hour;
  const own = members.map((member) => member.hours.get(hour.hour));
  const doubted = own.find((other) => other?.status === 'quarantined');
  const verdict =
    doubted === undefined
      ? { status, reason, return: hour.return }
      : { status: doubted.status, reason: doubted.reason, return: null };
  const names = members.map(({ account }) => account);
  const told = { hour: hour.hour, ...verdict, navOpen, navClose, flow, pnl };
  return { ...told, members: names, missing: [] };
}

/** The step between two hours is what joined and left; before the first there was nothing. */
function withChangeOfMembers(
  told: PortfolioHour,
  before: PortfolioHour | undefined,
): PortfolioHour {
  const left = before === undefined ? ZERO : before.navClose;
  if (left === null || told.navOpen === null || told.flow === null) return told;
  return { ...told, navOpen: left, flow: add(told.flow, subtract(told.navOpen, left)) };
}

function partialHour(
  hour: number,
  present: readonly Member[],
  missing: readonly string[],
): PortfolioHour {
  return {
    hour,
    status: 'partial',
    reason: 'member_missing',
    navOpen: null,
    navClose: null,
    flow: null,
    pnl: null,
    return: null,
    members: present.map(({ account }) => account),
    missing,
  };
}

function merged({ from, to, members }: Run, account: LedgerDocument['account']): LedgerDocument {
  const instruments = members.flatMap((member) =>
    [...member.document.instruments].map(([name, instrument]) => {
      const asset = (of: string): string => prefixedAsset(member, of);
      const { base, quote, settle } = instrument;
      const names = { base: asset(base), quote: asset(quote), settle: asset(settle) };
      return [member.prefix + name, { ...instrument, ...names }] as const;
    }),
  );
  const within = ({ at }: { readonly at: number }): boolean => at >= from && at <= to;
  return {
    account: { ...account, id: 'portfolio', references: members.flatMap(prefixedReferences) },
    window: { from, to },
    instruments: new Map(instruments),
    anchors: [],
    entries: members.flatMap((member) =>
      member.document.entries.filter(within).map((entry) => prefixedEntry(member, entry)),
    ),
    prices: members.flatMap((member) =>
      member.document.prices.filter(within).map((price): Price => ({
        ...price,
        asset: prefixedAsset(member, price.asset),
        currency: prefixedAsset(member, price.currency),
      })),
    ),
    marks: members.flatMap((member) =>
      member.document.marks
        .filter(within)
        .map((mark) => ({ ...mark, instrument: member.prefix + mark.instrument })),
    ),
  };
}

function prefixedReferences(member: Member): ReferencePair[] {
  return (member.document.account.references ?? []).map(({ asset, currency, source }) => ({
    asset: prefixedAsset(member, asset),
    currency: prefixedAsset(member, currency),
    source,
  }));
}

function prefixedEntry(member: Member, entry: Entry): Entry {
  const { position, split } = entry;
  const inner = <Part extends PositionChange | Split>(part: Part): Part => ({
    ...part,
    instrument: member.prefix + part.instrument,
  });
  return {
    ...entry,
    id: member.prefix + entry.id,
    postings: entry.postings.map((posting): Posting => ({
      ...posting,
      asset: prefixedAsset(member, posting.asset),
    })),
    ...(position === undefined ? {} : { position: inner(position) }),
    ...(split === undefined ? {} : { split: inner(split) }),
  };
}

function prefixedCheckpoint(member: Member, state: Checkpoint): Checkpoint {
  const { prefix } = member;
  const asset = (name: string): string => prefixedAsset(member, name);
  const name = (of: string): string => prefix + of;
  return {
    asOf: state.asOf,
    balances: renamed(state.balances, asset),
    positions: renamed(state.positions, name),
    transit: state.transit.map((left) => ({ ...left, asset: asset(left.asset) })),
    prices: renamed<Quote>(state.prices, asset),
    marks: renamed<Quote>(state.marks, name),
  };
}

/** All accounts share the reporting currency, in which everything is valued. */
function prefixedAsset({ document, prefix }: Member, asset: string): string {
  return asset === document.account.reportingCurrency ? asset : prefix + asset;
}

function renamed<Value>(
  map: ReadonlyMap<string, Value>,
  name: (of: string) => string,
): Map<string, Value> {
  return new Map([...map].map(([of, value]) => [name(of), value]));
}

function joinedMaps<Value>(maps: readonly ReadonlyMap<string, Value>[]): Map<string, Value> {
  return new Map(maps.flatMap((map) => [...map]));
}

function sums(maps: readonly ReadonlyMap<string, Decimal>[]): Map<string, Decimal> {
  const total = new Map<string, Decimal>();
  for (const [name, amount] of maps.flatMap((map) => [...map])) {
    const known = total.get(name);
    total.set(name, known === undefined ? amount : add(known, amount));
  }
  return total;
}

function malformed(place: string): RecordError {
  return new RecordError('RETURNS_INPUT_MALFORMED', { place });
}
