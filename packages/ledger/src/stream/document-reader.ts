// Reads a `track-record-ledger/1` document from its bytes, piece by piece as they come, without
// holding its text: entries, prices and marks one element at a time, the rest as whole values. As
// strict as `parseLedgerDocument`, with the same codes; of several faults the first is told. Beyond
// that, a name written twice at the top is refused, where `JSON.parse` would take the last. The
// bytes are untrusted.

import { RecordError } from '@track-record/errors';
import { type Codec, malformed } from '../codec.ts';
import { entryCodec, markCodec, priceCodec } from '../document.ts';
import { documentCodec } from '../ledger-document.ts';
import type { Entry, LedgerDocument, Mark, Price } from '../entry.ts';
import { FillRuns } from './fill-runs.ts';
import { PADDING, Scanner, UNUSUAL } from './scanner.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Tab, line feed, carriage return, space: RFC 8259, section 2. */
const SPACES: readonly (number | undefined)[] = [0x09, 0x0a, 0x0d, 0x20];

/** What is read element by element. */
const LISTS: ReadonlySet<string> = new Set(['entries', 'prices', 'marks']);

/** More bytes are needed. */
const MORE = -1;

type Expected =
  | 'document'
  | 'first-name'
  | 'name'
  | 'colon'
  | 'value'
  | 'after-value'
  | 'first-element'
  | 'element'
  | 'after-element'
  | 'nothing';

/** What was read: a document, and its plain fills beside it. */
export interface ReadLedger {
  /** Without the fills that are in `fills`. */
  readonly document: LedgerDocument;
  readonly fills: FillRuns;
}

export class DocumentReader {
  readonly #scanner = new Scanner();
  readonly #entries: Entry[] = [];
  readonly #prices: Price[] = [];
  readonly #marks: Mark[] = [];
  /** How many fills came before each of the other entries. */
  readonly #fillsBefore: number[] = [];
  readonly #ignored: ReadonlySet<string>;
  readonly #fields = new Map<string, unknown>();
  #expected: Expected = 'document';
  #name = '';
  /** Begins with the bytes of a value whose end has not come yet. */
  #buffer: Buffer = Buffer.alloc(0);
  #kept = 0;

  /** `ignored`: names at the top that others write into the same file. */
  constructor(ignored: ReadonlySet<string> = new Set()) {
    this.#ignored = ignored;
  }

  /** Refusals: as `parseLedgerDocument`. */
  write(chunk: Buffer): void {
    const length = this.#kept + chunk.length;
    if (length + PADDING > this.#buffer.length) {
      const larger = Buffer.alloc(2 * (length + PADDING));
      this.#buffer.copy(larger, 0, 0, this.#kept);
      this.#buffer = larger;
      this.#scanner.look(larger);
    }
    chunk.copy(this.#buffer, this.#kept);
    this.#buffer.fill(0, length, length + PADDING);
    const bytes = this.#buffer.subarray(0, length);
    let at = 0;
    for (let next = 0; next !== MORE; next = this.#step(bytes, at)) at = next;
    this.#buffer.copyWithin(0, at, length);
    this.#kept = length - at;
  }

  end(): ReadLedger {
    if (this.#expected !== 'nothing') throw malformed('document');
    const header = documentCodec.parse(Object.fromEntries(this.#fields), 'document');
    const lists = { prices: this.#prices, marks: this.#marks };
    const document = { ...header, ...lists, entries: this.#entries };
    const fills = new FillRuns(this.#scanner.columns, this.#fillsBefore);
    // As if the fills stood among the entries: a place in a refusal counts both.
    fills.check(document);
    return { document, fills };
  }

  /** Reads what is expected next; where it ends, or MORE. */
  #step(bytes: Buffer, from: number): number {
    let start = from;
    while (SPACES.includes(bytes[start])) start += 1;
    const byte = bytes[start];
    if (byte === undefined) return MORE;
    switch (this.#expected) {
      case 'document':
        return this.#mark(start, byte === OPEN_OBJECT, 'first-name');
      case 'first-name':
        if (byte === CLOSE_OBJECT) return this.#mark(start, true, 'nothing');
        return this.#readName(bytes, start);
      case 'name':
        return this.#readName(bytes, start);
      case 'colon':
        return this.#mark(start, byte === COLON, 'value');
      case 'value':
        return this.#readValue(bytes, start);
      case 'after-value':
        if (byte === COMMA) return this.#mark(start, true, 'name');
        return this.#mark(start, byte === CLOSE_OBJECT, 'nothing');
      case 'first-element':
        if (byte === CLOSE_LIST) return this.#mark(start, true, 'after-value');
        return this.#readElement(bytes, start);
      case 'element':
        return this.#readElement(bytes, start);
      case 'after-element':
        if (byte === COMMA) return this.#mark(start, true, 'element');
        return this.#mark(start, byte === CLOSE_LIST, 'after-value');
      case 'nothing':
        throw malformed('document');
    }
  }

  /** One byte of punctuation. */
  #mark(start: number, isRight: boolean, expected: Expected): number {
    if (!isRight) throw malformed('document');
    this.#expected = expected;
    return start + 1;
  }

  #readName(bytes: Buffer, start: number): number {
    const end = valueEnd(bytes, start);
    if (end === MORE) return MORE;
    const name = parseJson(bytes, start, end);
    if (typeof name !== 'string' || this.#fields.has(name)) throw malformed('document');
    this.#name = name;
    this.#expected = 'colon';
    return end;
  }

  #readValue(bytes: Buffer, start: number): number {
    if (bytes[start] === OPEN_LIST && LISTS.has(this.#name)) {
      this.#fields.set(this.#name, []);
      return this.#mark(start, true, 'first-element');
    }
    const end = valueEnd(bytes, start);
    if (end === MORE) return MORE;
    const value = parseJson(bytes, start, end);
    if (!this.#ignored.has(this.#name)) this.#fields.set(this.#name, value);
    this.#expected = 'after-value';
    return end;
  }

  #readElement(bytes: Buffer, start: number): number {
    switch (this.#name) {
      case 'entries': {
        const end = this.#scanner.fills(start);
        if (end !== UNUSUAL) return this.#mark(end - 1, true, 'after-element');
        return this.#readInto(this.#entries, entryCodec, bytes, start);
      }
      case 'prices': {
        const price = this.#scanner.price(start);
        if (price === null) return this.#readInto(this.#prices, priceCodec, bytes, start);
        this.#prices.push(price);
        return this.#mark(this.#scanner.priceEnd - 1, true, 'after-element');
      }
      default:
        return this.#readInto(this.#marks, markCodec, bytes, start);
    }
  }

  #readInto<T extends { readonly at: number }>(
    elements: T[],
    codec: Codec<T>,
    bytes: Buffer,
    start: number,
  ): number {
    const end = valueEnd(bytes, start);
    if (end === MORE) return MORE;
    const json = parseJson(bytes, start, end);
    const { count } = this.#scanner.columns;
    const before = this.#name === 'entries' ? count : 0;
    const element = codec.parse(json, `document.${this.#name}[${before + elements.length}]`);
    this.#scanner.learnDay(element.at);
    elements.push(element);
    if (this.#name === 'entries') this.#fillsBefore.push(count);
    this.#expected = 'after-element';
    return end;
  }
}

/**
 * Where the value that begins at `start` ends if it is JSON, which `parseJson` then finds out;
 * MORE if it does not end here.
 */
function valueEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at += 1;
      for (; at < bytes.length && bytes[at] !== QUOTE; at += 1)
        if (bytes[at] === BACKSLASH) at += 1;
      if (at >= bytes.length) return MORE;
      if (depth === 0) return at + 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || SPACES.includes(byte))) return at;
  }
  return MORE;
}

function parseJson(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch (cause) {
    throw new RecordError('LEDGER_MALFORMED', { place: 'document', cause });
  }
}
