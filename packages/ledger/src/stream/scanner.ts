// Reads fills and prices of a ledger document from bytes that are spelled exactly as
// `JSON.stringify` spells them: fields in our order, no space, plain ASCII without escapes. What is
// spelled otherwise is not refused here but left to the codecs (null), which decide; so this adds
// speed and no meaning. Bytes are untrusted.

import { NAME_LENGTH_MAX } from '../codec.ts';
import type { Decimal } from '../decimal.ts';
import type { Entry, Price } from '../entry.ts';
import { ASSETS_MAX, FillColumns } from './fill-columns.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO_DIGIT = 0x30;
const NINE_DIGIT = 0x39;
const SPACE = 0x20;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;
const DELETE = 0x7f;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

/** A number below 10^15 is exact in a double, so its digits are added up without a bigint. */
const SHORT_DIGITS = 15;
/** 10^18 fits into the 64 bits of a column. */
const LONG_DIGITS = 18;

/** Bytes of a name that fit into one exact number, by which known names are found. */
const SHORT_NAME = 6;

/** More than any venue posts for one fill; one with more is left to the codecs. */
const POSTINGS_MAX = 8;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const WORD_BYTES = 4;

/** 1 for every byte that stands for itself in a JSON string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < DELETE && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

const ID = literal('{"id":"');
const AT = literal('","at":"');
const FILL = literal('","kind":"fill","postings":[');
const ASSET = literal('{"asset":"');
const AMOUNT = literal('","amount":"');
const FEE = literal('","role":"fee"}');
const CLOSE = literal('"}');
const CURRENCY = literal('","currency":"');
const PRICE = literal('","price":"');
const END = literal(']}');

/** A text to be met, four bytes at a time and the rest one by one. */
interface Literal {
  readonly words: Uint32Array;
  readonly tail: Uint8Array;
}

export class Scanner {
  /** Where the last thing that was read ends. */
  end = 0;
  readonly #assets: string[] = [];
  readonly #assetNumbers = new Map<number | string, number>();
  /** Days that the codec has accepted, as the number YYYYMMDD, and their first instant. */
  readonly #days = new Map<number, number>();
  #columns = new FillColumns(this.#assets);
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #amount: Decimal = { mantissa: 0n, scale: 0 };

  /** The fill that begins at `start`, or null. */
  fill(bytes: Buffer, start: number): Entry | null {
    this.#begin(bytes, start);
    if (!this.#literal(ID)) return null;
    const id = this.end;
    if (!this.#skipName()) return null;
    const idEnd = this.end;
    if (!this.#literal(AT)) return null;
    const at = this.#instant();
    if (at < 0 || !this.#literal(FILL)) return null;
    if (!this.#columns.hasRoomFor(POSTINGS_MAX)) this.#columns = new FillColumns(this.#assets);
    this.#columns.reopen();
    for (let count = 1; this.#posting(); count += 1) {
      if (bytes[this.end] !== COMMA) {
        return this.#literal(END)
          ? this.#columns.close(bytes.toString('latin1', id, idEnd), at)
          : null;
      }
      if (count === POSTINGS_MAX) return null;
      this.end += 1;
    }
    return null;
  }

  /** The price that begins at `start`, or null. */
  price(bytes: Buffer, start: number): Price | null {
    this.#begin(bytes, start);
    const asset = this.#literal(ASSET) ? this.#asset() : -1;
    const currency = asset >= 0 && this.#literal(CURRENCY) ? this.#asset() : -1;
    const at = currency >= 0 && this.#literal(AT) ? this.#instant() : -1;
    if (at < 0 || !this.#literal(PRICE) || !this.#decimal() || !this.#literal(CLOSE)) return null;
    const price = this.#amount;
    const [from, to] = [this.#assets[asset], this.#assets[currency]];
    if (from === undefined || to === undefined || price.mantissa < 0n) return null;
    return { asset: from, currency: to, at, price };
  }

  /** The codec accepted this instant, so its day is one. */
  learnDay(at: number): void {
    const day = new Date(at - (at % DAY_MS));
    const month = (day.getUTCFullYear() * 100 + day.getUTCMonth() + 1) * 100;
    this.#days.set(month + day.getUTCDate(), day.getTime());
  }

  #begin(bytes: Buffer, start: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.end = start;
  }

  #literal({ words, tail }: Literal): boolean {
    const start = this.end;
    const tailStart = start + words.length * WORD_BYTES;
    if (tailStart + tail.length > this.#bytes.length) return false;
    for (let index = 0; index < words.length; index += 1) {
      if (this.#view.getUint32(start + index * WORD_BYTES) !== words[index]) return false;
    }
    for (let index = 0; index < tail.length; index += 1) {
      if (this.#bytes[tailStart + index] !== tail[index]) return false;
    }
    this.end = tailStart + tail.length;
    return true;
  }

  #posting(): boolean {
    if (!this.#literal(ASSET)) return false;
    const asset = this.#asset();
    if (asset < 0 || !this.#literal(AMOUNT) || !this.#decimal()) return false;
    const isFee = this.#bytes[this.end + 1] === COMMA;
    if (!this.#literal(isFee ? FEE : CLOSE)) return false;
    this.#columns.post(asset, this.#amount, isFee);
    return true;
  }

  /** Up to the closing quote; false for an empty name and for one that is not plain. */
  #skipName(): boolean {
    const bytes = this.#bytes;
    const start = this.end;
    let at = start;
    while (PLAIN[bytes[at] ?? QUOTE] === 1) at += 1;
    this.end = at;
    return bytes[at] === QUOTE && at > start && at - start <= NAME_LENGTH_MAX;
  }

  /** The number of the asset, or -1. */
  #asset(): number {
    const start = this.end;
    if (!this.#skipName()) return -1;
    const length = this.end - start;
    const key =
      length <= SHORT_NAME
        ? this.#bytes.readUIntBE(start, length)
        : this.#bytes.toString('latin1', start, this.end);
    const known = this.#assetNumbers.get(key);
    if (known !== undefined) return known;
    if (this.#assets.length === ASSETS_MAX) return -1;
    const number = this.#assets.push(this.#bytes.toString('latin1', start, this.end)) - 1;
    this.#assetNumbers.set(key, number);
    return number;
  }

  /** Into `#amount`; false for what is too long for a column and for what is no decimal. */
  #decimal(): boolean {
    const bytes = this.#bytes;
    const negative = bytes[this.end] === MINUS;
    const start = negative ? this.end + 1 : this.end;
    let point = -1;
    let value = 0;
    let at = start;
    for (; ; at += 1) {
      const byte = bytes[at] ?? QUOTE;
      if (byte >= ZERO_DIGIT && byte <= NINE_DIGIT) value = value * 10 + (byte - ZERO_DIGIT);
      else if (byte === POINT && point < 0) point = at;
      else break;
    }
    const whole = (point < 0 ? at : point) - start;
    const scale = point < 0 ? 0 : at - point - 1;
    if (whole === 0 || (whole > 1 && bytes[start] === ZERO_DIGIT)) return false;
    if ((point >= 0 && scale === 0) || whole + scale > LONG_DIGITS) return false;
    const size =
      whole + scale <= SHORT_DIGITS
        ? BigInt(value)
        : BigInt(bytes.toString('latin1', start, at).replace('.', ''));
    this.#amount = { mantissa: negative ? -size : size, scale };
    this.end = at;
    return true;
  }

  /** Milliseconds, or -1. */
  #instant(): number {
    const bytes = this.#bytes;
    const start = this.end;
    const month = this.#digits(start, 4) * 100 + this.#digits(start + 5, 2);
    const day = this.#days.get(month * 100 + this.#digits(start + 8, 2));
    const hour = this.#digits(start + 11, 2);
    const minute = this.#digits(start + 14, 2);
    const second = this.#digits(start + 17, 2);
    const separated =
      bytes[start + 4] === DASH &&
      bytes[start + 7] === DASH &&
      bytes[start + 10] === LETTER_T &&
      bytes[start + 13] === COLON &&
      bytes[start + 16] === COLON;
    const real = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
    if (day === undefined || !separated || !real) return -1;
    // formatInstant writes no milliseconds or three digits of them.
    const hasFraction = bytes[start + 19] === POINT;
    const fraction = hasFraction ? this.#digits(start + 20, 3) : 0;
    this.end = start + (hasFraction ? 24 : 20);
    if (fraction < 0 || bytes[this.end - 1] !== LETTER_Z) return -1;
    return day + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + fraction;
  }

  /** A number of so many digits, or -1. */
  #digits(start: number, count: number): number {
    let value = 0;
    for (let at = start; at < start + count; at += 1) {
      const byte = this.#bytes[at] ?? QUOTE;
      if (byte < ZERO_DIGIT || byte > NINE_DIGIT) return -1;
      value = value * 10 + (byte - ZERO_DIGIT);
    }
    return value;
  }
}

function literal(text: string): Literal {
  const bytes = Buffer.from(text, 'latin1');
  const words: number[] = [];
  for (let at = 0; at + WORD_BYTES <= bytes.length; at += WORD_BYTES) {
    words.push(bytes.readUInt32BE(at));
  }
  return { words: Uint32Array.from(words), tail: bytes.subarray(words.length * WORD_BYTES) };
}
