// The JSON form of a ledger, `track-record-ledger/1` (FORMATS.md): strict reading and exact writing.
// Unknown fields, kinds and instruments are refused; decimals keep their digits as written. Files and
// venue-made documents are untrusted. Whether the numbers agree with each other is not decided here.

import { RecordError } from '@track-record/errors';
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
  type Split,
  type Window,
} from './entry.ts';
import {
  formatAmount,
  formatInstant,
  formatNamed,
  malformed,
  parseAmount,
  parseChoice,
  parseFields,
  parseInstant,
  parseList,
  parseName,
  parseNamed,
} from './json.ts';

export const LEDGER_FORMAT = 'track-record-ledger/1';

/** Milliseconds. Windows begin and end at full hours, because returns are hourly. */
export const HOUR_MS = 3_600_000;

export function parseLedgerDocument(json: unknown): LedgerDocument {
  const required = ['format', 'account', 'window', 'anchors', 'entries'];
  const fields = parseFields(json, 'document', required, ['instruments', 'prices', 'marks']);
  if (fields['format'] !== LEDGER_FORMAT) throw malformed('format');
  const account = parseFields(fields['account'], 'account', ['id', 'venue', 'reportingCurrency']);
  const document: LedgerDocument = {
    account: {
      id: parseName(account['id'], 'account.id'),
      venue: parseName(account['venue'], 'account.venue'),
      reportingCurrency: parseName(account['reportingCurrency'], 'account.reportingCurrency'),
    },
    window: parseWindow(fields['window']),
    instruments: parseNamed(fields['instruments'] ?? {}, 'instruments', parseInstrument),
    anchors: parseList(fields['anchors'], 'anchors', parseAnchor),
    entries: parseList(fields['entries'], 'entries', parseEntry),
    prices: parseList(fields['prices'] ?? [], 'prices', parsePrice),
    marks: parseList(fields['marks'] ?? [], 'marks', parseMark),
  };
  checkDocument(document);
  return document;
}

export function formatLedgerDocument(document: LedgerDocument): unknown {
  return {
    format: LEDGER_FORMAT,
    account: { ...document.account },
    window: { from: formatInstant(document.window.from), to: formatInstant(document.window.to) },
    instruments: formatNamed(document.instruments, formatInstrument),
    anchors: document.anchors.map(formatAnchor),
    entries: document.entries.map(formatEntry),
    prices: document.prices.map(formatPrice),
    marks: document.marks.map(formatMark),
  };
}

/**
 * What must hold between the parts of a document, however it was made: instruments are defined, nothing
 * lies before the window, and prices by which a cost is divided are positive.
 */
export function checkDocument(document: LedgerDocument): void {
  const { window, instruments } = document;
  const aligned = window.from % HOUR_MS === 0 && window.to % HOUR_MS === 0;
  if (!aligned || window.from >= window.to) throw malformed('window');
  for (const [index, entry] of document.entries.entries()) {
    const place = `entries[${index}]`;
    if (entry.at < window.from) throw new RecordError('LEDGER_ENTRY_OUTSIDE_WINDOW', { place });
    if (entry.position !== undefined) checkPosition(entry.position, instruments, place);
    if (entry.split !== undefined && !instruments.has(entry.split.instrument)) {
      throw malformed(`${place}.split.instrument`);
    }
  }
  for (const [index, anchor] of document.anchors.entries()) {
    const place = `anchors[${index}]`;
    if (anchor.asOf < window.from) throw new RecordError('LEDGER_ENTRY_OUTSIDE_WINDOW', { place });
    const names = new Set(anchor.positions.map((position) => position.instrument));
    if (names.size !== anchor.positions.length) throw malformed(`${place}.positions`);
    for (const { instrument, contracts, entryPrice } of anchor.positions) {
      const change = { instrument, contracts, price: entryPrice };
      if (sign(contracts) !== 0) checkPosition(change, instruments, `${place}.positions`);
      else if (!instruments.has(instrument)) throw malformed(`${place}.positions`);
    }
  }
  for (const [index, mark] of document.marks.entries()) {
    const change = { instrument: mark.instrument, contracts: ONE, price: mark.price };
    checkPosition(change, instruments, `marks[${index}]`);
  }
}

export function parseEntry(json: unknown, place = 'entry'): Entry {
  const fields = parseFields(json, place, ['id', 'at', 'kind'], ['postings', 'position', 'split']);
  const kind = parseKind(fields['kind'], `${place}.kind`);
  const position = fields['position'];
  const split = fields['split'];
  if ((kind === 'split') !== (split !== undefined)) throw malformed(`${place}.split`);
  if (position === undefined && split === undefined && fields['postings'] === undefined) {
    throw malformed(`${place}.postings`);
  }
  return {
    id: parseName(fields['id'], `${place}.id`),
    at: parseInstant(fields['at'], `${place}.at`),
    kind,
    postings: parseList(fields['postings'] ?? [], `${place}.postings`, parsePosting),
    ...(position === undefined ? {} : { position: parseChange(position, `${place}.position`) }),
    ...(split === undefined ? {} : { split: parseSplit(split, `${place}.split`) }),
  };
}

export function formatEntry(entry: Entry): unknown {
  const { position, split } = entry;
  return {
    id: entry.id,
    at: formatInstant(entry.at),
    kind: entry.kind,
    ...(split === undefined
      ? {}
      : { split: { instrument: split.instrument, ratio: formatAmount(split.ratio) } }),
    ...(position === undefined
      ? {}
      : {
          position: {
            instrument: position.instrument,
            contracts: formatAmount(position.contracts),
            price: formatAmount(position.price),
          },
        }),
    postings: entry.postings.map((posting) => ({
      ...posting,
      amount: formatAmount(posting.amount),
    })),
  };
}

export function parseInstrument(json: unknown, place = 'instrument'): Instrument {
  const required = ['kind', 'base', 'quote', 'settle'];
  const fields = parseFields(json, place, required, ['contractSize', 'multiplier', 'realised']);
  const kind = parseChoice(fields['kind'], `${place}.kind`, instrumentKinds);
  const { contractSize, multiplier } = fields;
  // A guessed contract size is wrong by a factor, so only what trades in units may leave it out.
  const inUnits = kind === 'spot' || kind === 'equity' || kind === 'fx';
  if (contractSize === undefined && multiplier === undefined && !inUnits) throw malformed(place);
  return {
    kind,
    base: parseName(fields['base'], `${place}.base`),
    quote: parseName(fields['quote'], `${place}.quote`),
    settle: parseName(fields['settle'], `${place}.settle`),
    contractSize:
      contractSize === undefined ? ONE : parsePositive(contractSize, `${place}.contractSize`),
    ...(multiplier === undefined
      ? {}
      : { multiplier: parsePositive(multiplier, `${place}.multiplier`) }),
    realised: parseChoice(fields['realised'] ?? 'derived', `${place}.realised`, [
      'posted',
      'derived',
    ]),
  };
}

export function formatInstrument(instrument: Instrument): unknown {
  const { multiplier } = instrument;
  return {
    ...instrument,
    contractSize: formatAmount(instrument.contractSize),
    ...(multiplier === undefined ? {} : { multiplier: formatAmount(multiplier) }),
  };
}

export function parseAnchor(json: unknown, place = 'anchor'): Anchor {
  const fields = parseFields(json, place, ['asOf', 'balances'], ['positions']);
  return {
    asOf: parseInstant(fields['asOf'], `${place}.asOf`),
    balances: parseNamed(fields['balances'], `${place}.balances`, parseAmount),
    positions: parseList(fields['positions'] ?? [], `${place}.positions`, parseAnchorPosition),
  };
}

export function formatAnchor(anchor: Anchor): unknown {
  return {
    asOf: formatInstant(anchor.asOf),
    balances: formatNamed(anchor.balances, formatAmount),
    positions: anchor.positions.map((position) => ({
      instrument: position.instrument,
      contracts: formatAmount(position.contracts),
      entryPrice: formatAmount(position.entryPrice),
    })),
  };
}

export function parsePrice(json: unknown, place = 'price'): Price {
  const fields = parseFields(json, place, ['asset', 'currency', 'at', 'price']);
  const price = parseAmount(fields['price'], `${place}.price`);
  if (sign(price) < 0) throw malformed(`${place}.price`);
  return {
    asset: parseName(fields['asset'], `${place}.asset`),
    currency: parseName(fields['currency'], `${place}.currency`),
    at: parseInstant(fields['at'], `${place}.at`),
    price,
  };
}

export function formatPrice(price: Price): unknown {
  return { ...price, at: formatInstant(price.at), price: formatAmount(price.price) };
}

export function parseMark(json: unknown, place = 'mark'): Mark {
  const fields = parseFields(json, place, ['instrument', 'at', 'price']);
  return {
    instrument: parseName(fields['instrument'], `${place}.instrument`),
    at: parseInstant(fields['at'], `${place}.at`),
    price: parseAmount(fields['price'], `${place}.price`),
  };
}

export function formatMark(mark: Mark): unknown {
  return { ...mark, at: formatInstant(mark.at), price: formatAmount(mark.price) };
}

/** A spot trade is two postings, not a position; an inverse contract is divided by its price. */
function checkPosition(
  change: PositionChange,
  instruments: ReadonlyMap<string, Instrument>,
  place: string,
): void {
  const instrument = instruments.get(change.instrument);
  if (instrument === undefined || instrument.kind === 'spot') throw malformed(place);
  if (instrument.kind === 'inverse' && sign(change.price) <= 0) throw malformed(place);
}

function parseWindow(json: unknown): Window {
  const fields = parseFields(json, 'window', ['from', 'to']);
  return {
    from: parseInstant(fields['from'], 'window.from'),
    to: parseInstant(fields['to'], 'window.to'),
  };
}

function parseKind(json: unknown, place: string): EntryKind {
  const kind = entryKinds.find((candidate) => candidate === json);
  if (kind === undefined) throw new RecordError('LEDGER_UNKNOWN_ENTRY_KIND', { place });
  return kind;
}

function parsePosting(json: unknown, place: string): Posting {
  const fields = parseFields(json, place, ['asset', 'amount'], ['role']);
  if (fields['role'] !== undefined && fields['role'] !== 'fee') throw malformed(`${place}.role`);
  return {
    asset: parseName(fields['asset'], `${place}.asset`),
    amount: parseAmount(fields['amount'], `${place}.amount`),
    ...(fields['role'] === undefined ? {} : { role: 'fee' }),
  };
}

function parseChange(json: unknown, place: string): PositionChange {
  const fields = parseFields(json, place, ['instrument', 'contracts', 'price']);
  return {
    instrument: parseName(fields['instrument'], `${place}.instrument`),
    contracts: parseAmount(fields['contracts'], `${place}.contracts`),
    price: parseAmount(fields['price'], `${place}.price`),
  };
}

function parseSplit(json: unknown, place: string): Split {
  const fields = parseFields(json, place, ['instrument', 'ratio']);
  return {
    instrument: parseName(fields['instrument'], `${place}.instrument`),
    ratio: parsePositive(fields['ratio'], `${place}.ratio`),
  };
}

function parseAnchorPosition(json: unknown, place: string): AnchorPosition {
  const fields = parseFields(json, place, ['instrument', 'contracts', 'entryPrice']);
  return {
    instrument: parseName(fields['instrument'], `${place}.instrument`),
    contracts: parseAmount(fields['contracts'], `${place}.contracts`),
    entryPrice: parseAmount(fields['entryPrice'], `${place}.entryPrice`),
  };
}

function parsePositive(json: unknown, place: string): Decimal {
  const value = parseAmount(json, place);
  if (sign(value) <= 0) throw malformed(place);
  return value;
}
