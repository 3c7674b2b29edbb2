// What a later computation of the same account says differently from an earlier one, hour by hour,
// and why: the entries, prices, marks and anchors of the hour that came, went or were corrected. It
// does not decide which of them is right. Both ledgers are untrusted; `computeHours` has read them.

import {
  type Entry,
  anchorCodec,
  formatDecimal,
  entryCodec,
  formatInstant,
  markCodec,
  priceCodec,
  HOUR_MS,
  type LedgerDocument,
  normalise,
  type Posting,
} from '@track-record/ledger';
import type { HoursReport } from './hours.ts';
import { formatHour } from './report.ts';

/** A ledger and what was computed from it. */
export interface Computation {
  readonly document: LedgerDocument;
  readonly report: HoursReport;
}

export interface Cause {
  /** `another_hour`: nothing in the hour itself; its opening or a doubt came from elsewhere. */
  readonly what: 'entry' | 'price' | 'mark' | 'anchor' | 'another_hour';
  readonly how: 'added' | 'removed' | 'corrected' | null;
  /** The id of an entry, else what was quoted or observed, and when. */
  readonly name: string | null;
}

export interface Restatement {
  readonly hour: string;
  /** A member of the hour to what it was and what it is; null where it was not there. */
  readonly changed: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;
  readonly because: readonly Cause[];
}

/** A thing of the ledger that may be told differently, and the hours it belongs to. */
interface Fact {
  readonly what: Cause['what'];
  readonly name: string;
  readonly text: string;
  readonly at: number;
  /** An instant on the full hour closes the hour before it and opens the next. */
  readonly closes: boolean;
}

/** Hours that both have and tell differently, in order. An hour that only one has is no change. */
export function restatements(earlier: Computation, later: Computation): Restatement[] {
  const before = membersOf(earlier.report);
  const causes = causesOf(factsOf(earlier.document), factsOf(later.document));
  return [...membersOf(later.report)].flatMap(([hour, members]) => {
    const changed = changesOf(before.get(hour) ?? members, members);
    if (Object.keys(changed).length === 0) return [];
    const own = causes
      .filter(({ facts }) => facts.some((fact) => belongsTo(fact, hour)))
      .map(({ cause }) => cause);
    const because =
      own.length > 0 ? own : [{ what: 'another_hour', how: null, name: null } as const];
    return [{ hour: formatInstant(hour), changed, because }];
  });
}

/** The members of each hour as they are published. */
function membersOf({ hours }: HoursReport): Map<number, Readonly<Record<string, unknown>>> {
  return new Map(hours.map((hour) => [hour.hour, formatHour(hour, true)]));
}

function changesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Restatement['changed'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => textOf(before[name]) !== textOf(after[name]));
  return Object.fromEntries(
    changed.map((name) => [name, { before: before[name] ?? null, after: after[name] ?? null }]),
  );
}

function causesOf(
  before: ReadonlyMap<string, Fact>,
  after: ReadonlyMap<string, Fact>,
): { readonly facts: readonly Fact[]; readonly cause: Cause }[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    const [fact, ...other] = [old, now].filter((each) => each !== undefined);
    if (fact === undefined || old?.text === now?.text) return [];
    const how = old === undefined ? 'added' : now === undefined ? 'removed' : 'corrected';
    return [{ facts: [fact, ...other], cause: { what: fact.what, how, name: fact.name } }];
  });
}

function belongsTo({ at, closes }: Fact, hour: number): boolean {
  return at >= hour && (at < hour + HOUR_MS || (closes && at === hour + HOUR_MS));
}

function factsOf(document: LedgerDocument): Map<string, Fact> {
  const facts: Fact[] = [
    ...document.entries.map((entry): Fact => {
      const text = textOf(entryCodec.format(plainEntry(entry)));
      return { what: 'entry', name: entry.id, text, at: entry.at, closes: false };
    }),
    ...document.prices.map((price): Fact => {
      const { asset, currency, source, at } = price;
      const by = source === undefined ? '' : ` by ${source}`;
      const name = `${asset}/${currency}${by} ${formatInstant(at)}`;
      const text = textOf(priceCodec.format({ ...price, price: normalise(price.price) }));
      return { what: 'price', name, text, at, closes: true };
    }),
    ...document.marks.map((mark): Fact => {
      const name = `${mark.instrument} ${formatInstant(mark.at)}`;
      const text = textOf(markCodec.format({ ...mark, price: normalise(mark.price) }));
      return { what: 'mark', name, text, at: mark.at, closes: true };
    }),
    ...document.anchors.map((anchor): Fact => {
      const text = textOf(anchorCodec.format(anchor));
      return {
        what: 'anchor',
        name: formatInstant(anchor.asOf),
        text,
        at: anchor.asOf,
        closes: true,
      };
    }),
  ];
  return new Map(facts.map((fact) => [`${fact.what} ${fact.name}`, fact]));
}

/** Another spelling of a number, or another order of postings, is no correction. */
function plainEntry({ position, ...entry }: Entry): Entry {
  const postings = entry.postings.map((posting): Posting => {
    return { ...posting, amount: normalise(posting.amount) };
  });
  const key = ({ asset, role, amount }: Posting): string =>
    `${asset} ${role ?? ''} ${formatDecimal(amount)}`;
  const sorted = postings.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
  if (position === undefined) return { ...entry, postings: sorted };
  const [contracts, price] = [normalise(position.contracts), normalise(position.price)];
  return { ...entry, postings: sorted, position: { ...position, contracts, price } };
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
