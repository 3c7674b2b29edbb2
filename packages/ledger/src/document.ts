// The JSON form of the parts of a ledger (FORMATS.md): strict reading and exact writing. Unknown
// fields, kinds and instruments are refused; decimals keep their digits as written. Files and
// venue-made documents are untrusted. Whether the numbers agree is not decided here. The form of a
// whole document is in `ledger-document.ts`.

import { RecordError } from '@track-record/errors';
import {
  amount,
  byDefault,
  choice,
  type Codec,
  instant,
  list,
  malformed,
  name,
  named,
  notNegative,
  optional,
  positive,
  record,
} from './codec.ts';
import { type Decimal, ONE, sign } from './decimal.ts';
import {
  type Anchor,
  type AnchorPosition,
  type Entry,
  entryKinds,
  type EntryKind,
  type Instrument,
  instrumentKinds,
  type LedgerDocument,
  type Mark,
  type PositionChange,
  type Posting,
  type Price,
  type ReferencePair,
  type Split,
  type Window,
} from './entry.ts';
import { isInverse } from './position.ts';

/** Milliseconds. Windows begin and end at full hours, because returns are hourly. */
export const HOUR_MS = 3_600_000;

const entryKind: Codec<EntryKind> = {
  parse: (json, place) => {
    const kind = entryKinds.find((candidate) => candidate === json);
    if (kind === undefined) throw new RecordError('LEDGER_UNKNOWN_ENTRY_KIND', { place });
    return kind;
  },
  format: (kind) => kind,
};

export const entryCodec = record<Entry>({
  id: name,
  at: instant,
  kind: entryKind,
  postings: byDefault(
    list(
      record<Posting>({ asset: name, amount, role: optional(choice<'fee' | 'transit'>(['fee'])) }),
    ),
    [],
  ),
  position: optional(
    record<PositionChange>({ instrument: name, contracts: amount, price: amount }),
  ),
  split: optional(record<Split>({ instrument: name, ratio: positive })),
  txid: optional(name),
});

const instrumentFields = record<Instrument>({
  kind: choice(instrumentKinds),
  base: name,
  quote: name,
  settle: name,
  contractSize: byDefault(positive, ONE),
  multiplier: optional(positive),
  realised: byDefault(choice(['posted', 'derived']), 'derived'),
});

export const instrumentCodec: Codec<Instrument> = {
  ...instrumentFields,
  parse: (json, place) => {
    const instrument = instrumentFields.parse(json, place);
    const { kind, multiplier } = instrument;
    // A guessed contract size is wrong by a factor: only what trades in units may leave it out.
    const inUnits = kind === 'spot' || kind === 'equity' || kind === 'fx';
    const sized =
      inUnits || multiplier !== undefined || Object.hasOwn(Object(json), 'contractSize');
    if (!sized) throw malformed(`${place}.contractSize`);
    return instrument;
  },
};

export const anchorCodec = record<Anchor>({
  asOf: instant,
  balances: named(amount),
  positions: byDefault(
    list(record<AnchorPosition>({ instrument: name, contracts: amount, entryPrice: amount })),
    [],
  ),
});

export const priceCodec = record<Price>({
  asset: name,
  currency: name,
  at: instant,
  price: notNegative,
  source: optional(name),
});
export const markCodec = record<Mark>({ instrument: name, at: instant, price: amount });

/**
 * What must hold between the parts of a document, however it was made: full hours, nothing before
 * the window, instruments that are defined, prices by which something is divided above zero, and
 * from other venues no price but those of the reference pairs.
 */
export function checkDocument(document: LedgerDocument): void {
  const { account, window, instruments, anchors, entries, prices, marks } = document;
  const aligned = window.from % HOUR_MS === 0 && window.to % HOUR_MS === 0;
  if (!aligned || window.from >= window.to) throw malformed('document.window');
  entries.forEach((entry, index) => checkEntry(entry, window, instruments, index));
  for (const [index, anchor] of anchors.entries()) {
    const place = `document.anchors[${index}]`;
    if (anchor.asOf < window.from) throw new RecordError('LEDGER_ENTRY_OUTSIDE_WINDOW', { place });
    const listed = anchor.positions.map(({ instrument }) => instrument);
    if (new Set(listed).size !== listed.length) throw malformed(`${place}.positions`);
    for (const { instrument, contracts, entryPrice } of anchor.positions) {
      // Venues list a closed position with an entry price of 0.
      const price = sign(contracts) === 0 ? ONE : entryPrice;
      checkPosition(instrument, price, instruments, `${place}.positions`);
    }
  }
  prices.forEach((price, index) => {
    const known = price.source === undefined || account.references?.some((of) => isOf(of, price));
    if (known !== true) throw malformed(`document.prices[${index}].source`);
  });
  for (const [index, { instrument, price }] of marks.entries()) {
    checkPosition(instrument, price, instruments, `document.marks[${index}]`);
  }
}

/** Venues list a pair in one direction only, which may be the other one. */
function isOf(named: ReferencePair, { asset, currency, source }: Price): boolean {
  const sides = [asset, currency];
  return named.source === source && sides.includes(named.asset) && sides.includes(named.currency);
}

function checkEntry(
  { at, kind, postings, position, split }: Entry,
  window: Window,
  instruments: ReadonlyMap<string, Instrument>,
  index: number,
): void {
  // A million entries are checked: what names the place of a fault is made when there is one.
  const plain = at >= window.from && kind !== 'split' && postings.length > 0;
  if (plain && position === undefined && split === undefined) return;
  const place = `document.entries[${index}]`;
  if (at < window.from) throw new RecordError('LEDGER_ENTRY_OUTSIDE_WINDOW', { place });
  if ((kind === 'split') !== (split !== undefined)) throw malformed(`${place}.split`);
  const empty = postings.length === 0 && position === undefined && split === undefined;
  if (empty) throw malformed(`${place}.postings`);
  if (position !== undefined) {
    // What has been gained since the entry stays with the account, so a margined contract cannot
    // move.
    const { kind: held } = instruments.get(position.instrument) ?? {};
    if (kind === 'flow' && held !== 'equity' && held !== 'option') throw malformed(place);
    checkPosition(position.instrument, position.price, instruments, `${place}.position`);
  }
  if (split !== undefined) checkPosition(split.instrument, ONE, instruments, `${place}.split`);
}

/** A spot trade is two postings, not a position; an inverse contract is divided by its price. */
function checkPosition(
  instrument: string,
  price: Decimal,
  instruments: ReadonlyMap<string, Instrument>,
  place: string,
): void {
  const known = instruments.get(instrument);
  if (known === undefined || known.kind === 'spot') throw malformed(place);
  if (isInverse(known) && sign(price) <= 0) throw malformed(place);
}
