// Reads fills and prices of a ledger document from bytes that are spelled exactly as
// `JSON.stringify` spells them: fields in our order, no space, plain ASCII without escapes. What is
// spelled otherwise is not refused here but left to the codecs, which decide; so this adds speed
// and no meaning. Behind the bytes stand zeros, which no spelling has: a scan ends there. Bytes are
// untrusted.

import { NAME_LENGTH_MAX } from '../codec.ts';
import type { Price } from '../entry.ts';
import { DIGITS_MAX, FillColumns, POWERS, real } from './fill-columns.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO_DIGIT = 0x30;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const DELETE = 0x7f;
const LETTER_Z = 0x5a;

/** Not spelled in the usual way. */
export const UNUSUAL = -1;

/** Digits whose number fits into the 31 bits of a small integer. */
const SHORT_DIGITS = 9;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `2026-01-05T`. */
const DAY_BYTES = 11;

const WORD_BYTES = 4;

/** Zeros that must stand behind the bytes: more than any literal or instant has bytes. */
export const PADDING = 64;

/** Names that are found without a map, at the upper bits of their hash. */
const SLOTS = 1 << 10;
const SLOT_SHIFT = 22;

/** An odd number with bits all over (2^32 over the golden ratio). */
const HASH_FACTOR = 0x9e3779b1;

/** 1 for every byte that stands for itself in a JSON string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < DELETE && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

const ID = literal('{"id":"');
const AT = literal('","at":"');
const FILL = literal('","kind":"fill","postings":[');
const ASSET = literal('{"asset":"');
const NEXT_ASSET = literal(',{"asset":"');
const AMOUNT = '","amount":"';
const TO_AMOUNT = literal(AMOUNT);
const FEE = literal('","role":"fee"}');
const CURRENCY = literal('","currency":"');
const PRICE = literal('","price":"');

/** `"}` and `]}`. */
const CLOSE = 0x227d;
const END = 0x5d7d;
const PAIR_BYTES = 2;

/** A text to be met, a word at a time; the last word may overlap the one before. */
interface Literal {
  readonly length: number;
  readonly words: Uint32Array;
  readonly last: number;
}

interface KnownAsset {
  readonly number: number;
  /** From the name's first byte to the amount's first. */
  readonly toAmount: Literal;
}

export class Scanner {
  readonly columns = new FillColumns();
  /** Where the price that was read ends. */
  priceEnd = 0;
  readonly #assetNumbers = new Map<string, number>();
  readonly #slots: (KnownAsset | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** The day that the codec accepted last, as its bytes and its first instant. */
  readonly #day = new DataView(new ArrayBuffer(DAY_BYTES));
  #dayAt = -1;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #names = new Map<string, string>();
  #assetNumber = 0;
  #mantissa = 0;
  #scale = 0;

  /** The bytes from now on, with their zeros. */
  look(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Fills with commas between them, into the columns; where the last one ends, or UNUSUAL. */
  fills(start: number): number {
    let end = this.#fill(start);
    for (let last = end; last !== UNUSUAL; last = this.#fill(end + 1)) {
      end = last;
      if (this.#view.getUint8(end) !== COMMA) break;
    }
    return end;
  }

  /** The price that begins at `start`, or null. */
  price(start: number): Price | null {
    const asset = this.#after(start, ASSET);
    const assetEnd = asset === UNUSUAL ? UNUSUAL : this.#nameEnd(asset);
    const currency = assetEnd === UNUSUAL ? UNUSUAL : this.#after(assetEnd, CURRENCY);
    const currencyEnd = currency === UNUSUAL ? UNUSUAL : this.#nameEnd(currency);
    const instant = currencyEnd === UNUSUAL ? UNUSUAL : this.#after(currencyEnd, AT);
    const at = instant === UNUSUAL ? UNUSUAL : this.#instant(instant);
    const price = at === UNUSUAL ? UNUSUAL : this.#after(this.#instantEnd(instant), PRICE);
    const end = price === UNUSUAL ? UNUSUAL : this.#decimal(price);
    this.priceEnd = end === UNUSUAL ? UNUSUAL : this.#afterPair(end, CLOSE);
    if (this.priceEnd === UNUSUAL || this.#mantissa < 0) return null;
    return {
      asset: this.#name(asset, assetEnd),
      currency: this.#name(currency, currencyEnd),
      at,
      price: { mantissa: BigInt(this.#mantissa), scale: this.#scale },
    };
  }

  /** The codec accepted this instant, so its day is one. */
  learnDay(at: number): void {
    const dayAt = at - (at % DAY_MS);
    if (dayAt === this.#dayAt) return;
    this.#dayAt = dayAt;
    const text = new Date(this.#dayAt).toISOString();
    for (let index = 0; index < DAY_BYTES; index += 1) {
      this.#day.setUint8(index, text.charCodeAt(index));
    }
  }

  #fill(start: number): number {
    const id = this.#after(start, ID);
    if (id === UNUSUAL) return UNUSUAL;
    this.columns.begin();
    const idEnd = this.#keepId(id);
    const instant = idEnd === UNUSUAL ? UNUSUAL : this.#after(idEnd, AT);
    if (instant === UNUSUAL) return UNUSUAL;
    const at = this.#instant(instant);
    if (at === UNUSUAL) return UNUSUAL;
    const postings = this.#after(this.#instantEnd(instant), FILL);
    let end = postings === UNUSUAL ? UNUSUAL : this.#posting(postings, ASSET);
    while (end !== UNUSUAL && this.#view.getUint8(end) === COMMA) {
      end = this.#posting(end, NEXT_ASSET);
    }
    if (end === UNUSUAL) return UNUSUAL;
    end = this.#afterPair(end, END);
    if (end !== UNUSUAL) this.columns.close(at, idEnd - id);
    return end;
  }

  #after(start: number, { length, words, last }: Literal): number {
    const view = this.#view;
    for (let index = 0; index < words.length; index += 1) {
      if (view.getUint32(start + index * WORD_BYTES, true) !== words[index]) return UNUSUAL;
    }
    return view.getUint32(start + length - WORD_BYTES, true) === last ? start + length : UNUSUAL;
  }

  #afterPair(start: number, pair: number): number {
    return this.#view.getUint16(start) === pair ? start + PAIR_BYTES : UNUSUAL;
  }

  #posting(start: number, opening: Literal): number {
    const name = this.#after(start, opening);
    const amount = name === UNUSUAL ? UNUSUAL : this.#asset(name);
    const end = amount === UNUSUAL ? UNUSUAL : this.#decimal(amount);
    if (end === UNUSUAL) return UNUSUAL;
    const isFee = this.#view.getUint8(end + 1) === COMMA;
    const isKept = this.columns.post(this.#assetNumber, this.#mantissa, this.#scale, isFee);
    if (!isKept) return UNUSUAL;
    return isFee ? this.#after(end, FEE) : this.#afterPair(end, CLOSE);
  }

  /** Into `#assetNumber`; where the amount begins. Eight bytes find a name that was met before. */
  #asset(start: number): number {
    const [head, tail] = [this.#view.getUint32(start), this.#view.getUint32(start + WORD_BYTES)];
    const slot = Math.imul(Math.imul(head, HASH_FACTOR) ^ tail, HASH_FACTOR) >>> SLOT_SHIFT;
    const known = this.#slots[slot];
    const amount = known === undefined ? UNUSUAL : this.#after(start, known.toAmount);
    if (known !== undefined && amount !== UNUSUAL) {
      this.#assetNumber = known.number;
      return amount;
    }
    const end = this.#nameEnd(start);
    if (end === UNUSUAL) return UNUSUAL;
    const name = this.#text(start, end);
    const number = this.#assetNumbers.get(name) ?? this.columns.assets.push(name) - 1;
    this.#assetNumbers.set(name, number);
    this.#slots[slot] = { number, toAmount: literal(`${name}${AMOUNT}`) };
    this.#assetNumber = number;
    return this.#after(end, TO_AMOUNT);
  }

  /** Up to the closing quote; UNUSUAL for an empty name and for one that is not plain. */
  #nameEnd(start: number): number {
    let at = start;
    while (PLAIN[this.#view.getUint8(at)] === 1) at += 1;
    const isName = this.#view.getUint8(at) === QUOTE && at > start && at - start <= NAME_LENGTH_MAX;
    return isName ? at : UNUSUAL;
  }

  /** The id's bytes into the columns; where they end, or UNUSUAL. */
  #keepId(start: number): number {
    const end = this.#nameEnd(start);
    const { ids, idEnd } = this.columns;
    for (let at = start; at < end; at += 1) ids[idEnd + at - start] = this.#view.getUint8(at);
    return end;
  }

  /** Many prices have few names: each is kept once. */
  #name(start: number, end: number): string {
    const text = this.#text(start, end);
    const known = this.#names.get(text);
    if (known === undefined) this.#names.set(text, text);
    return known ?? text;
  }

  #text(start: number, end: number): string {
    return this.#bytes.toString('latin1', start, end);
  }

  /** Where it ends, its number in `#mantissa` and `#scale`; UNUSUAL for one that is too long. */
  #decimal(start: number): number {
    const negative = this.#view.getUint8(start) === MINUS;
    const first = negative ? start + 1 : start;
    this.#mantissa = 0;
    const point = this.#readDigits(first);
    const hasPoint = this.#view.getUint8(point) === POINT;
    const end = hasPoint ? this.#readDigits(point + 1) : point;
    const whole = point - first;
    const scale = hasPoint ? end - point - 1 : 0;
    if (whole === 0 || (whole > 1 && this.#view.getUint8(first) === ZERO_DIGIT)) return UNUSUAL;
    if ((hasPoint && scale === 0) || whole + scale > DIGITS_MAX) return UNUSUAL;
    if (negative) this.#mantissa = -this.#mantissa;
    this.#scale = scale;
    return end;
  }

  /** Digits behind those in `#mantissa`, nine at a time; where they end or are too many. */
  #readDigits(start: number): number {
    let at = start;
    for (let from = at; at - start <= DIGITS_MAX; from = at) {
      let value = 0;
      for (const until = from + SHORT_DIGITS; at < until; at += 1) {
        const digit = this.#view.getUint8(at) - ZERO_DIGIT;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      this.#mantissa = this.#mantissa * real(POWERS, at - from) + value;
      if (at - from < SHORT_DIGITS) break;
    }
    return at;
  }

  /** Milliseconds, or UNUSUAL. */
  #instant(start: number): number {
    const view = this.#view;
    const day = this.#day;
    const isKnown =
      view.getUint32(start) === day.getUint32(0) &&
      view.getUint32(start + 4) === day.getUint32(4) &&
      view.getUint32(start + 7) === day.getUint32(7) &&
      view.getUint8(start + 13) === COLON &&
      view.getUint8(start + 16) === COLON;
    const hour = isKnown ? this.#digits(start + 11, 2) : UNUSUAL;
    const minute = this.#digits(start + 14, 2);
    const second = this.#digits(start + 17, 2);
    const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
    if (!isTime || second < 0 || second >= 60) return UNUSUAL;
    const hasFraction = view.getUint8(start + 19) === POINT;
    const fraction = hasFraction ? this.#digits(start + 20, 3) : 0;
    const isUtc = view.getUint8(this.#instantEnd(start) - 1) === LETTER_Z;
    if (fraction < 0 || !isUtc) return UNUSUAL;
    return this.#dayAt + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + fraction;
  }

  /** `formatInstant` writes no milliseconds or three digits of them. */
  #instantEnd(start: number): number {
    return start + (this.#view.getUint8(start + 19) === POINT ? 24 : 20);
  }

  /** A number of so many digits, or UNUSUAL. */
  #digits(start: number, count: number): number {
    let value = 0;
    for (let at = start; at < start + count; at += 1) {
      const digit = this.#view.getUint8(at) - ZERO_DIGIT;
      if (digit < 0 || digit > 9) return UNUSUAL;
      value = value * 10 + digit;
    }
    return value;
  }
}

/** Of four bytes at least. */
function literal(text: string): Literal {
  const bytes = Buffer.from(text, 'latin1');
  const words = Array.from({ length: Math.floor((text.length - 1) / WORD_BYTES) }, (_, index) =>
    bytes.readUInt32LE(index * WORD_BYTES),
  );
  const last = bytes.readUInt32LE(text.length - WORD_BYTES);
  return { length: text.length, words: Uint32Array.from(words), last };
}
