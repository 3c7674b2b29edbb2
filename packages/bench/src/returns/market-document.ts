// The generated account as our engine reads it: a ledger document, in memory and as text. And as
// CSV for the engines that read tables: the same ids, instants and digits in both.

import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import {
  type Decimal,
  type Entry,
  formatDecimal,
  entryCodec,
  formatInstant,
  priceCodec,
  type LedgerDocument,
  type Posting,
  type Price,
} from '@track-record/ledger';
import { formatLedgerDocument } from '@track-record/ledger/document';
import {
  AMOUNT_DIGITS,
  ASSETS,
  FILLS,
  generateMarket,
  HOURS,
  type Market,
  PRICE_DIGITS,
  QUOTE,
  QUOTE_INDEX,
  START_MS,
} from './market.ts';

const HOUR_MS = 3_600_000;

/** Characters per write. */
const BLOCK_LENGTH = 1 << 20;

export function documentOf(market: Market): LedgerDocument {
  return {
    account: { id: 'bench', venue: 'bench', reportingCurrency: QUOTE },
    window: { from: START_MS, to: START_MS + HOURS * HOUR_MS },
    instruments: new Map(),
    anchors: [{ asOf: START_MS, balances: openingOf(market), positions: [] }],
    entries: Array.from({ length: market.fills }, (_, index) => entryOf(market, index)),
    prices: pricesOf(market),
    marks: [],
  };
}

function entryOf(market: Market, index: number): Entry {
  const postings: Posting[] = [
    { asset: assetName(market.symbol[index]), amount: amountOf(market.base[index]) },
    { asset: QUOTE, amount: amountOf(market.quote[index]) },
    {
      asset: assetName(market.feeAsset[index]),
      amount: amountOf(market.fee[index]),
      role: 'fee',
    },
  ];
  return { id: `t${index + 1_000_000}`, at: market.at[index] ?? 0, kind: 'fill', postings };
}

/** The hour after the market's last: the fills and prices of its first hour once more. */
export function nextHour(): LedgerDocument {
  const from = START_MS + HOURS * HOUR_MS;
  const market = generateMarket(FILLS);
  const later = <T extends { readonly at: number }>(item: T): T => ({
    ...item,
    at: item.at + HOURS * HOUR_MS,
  });
  const count = market.at.findIndex((at) => at >= START_MS + HOUR_MS);
  return {
    ...documentOf({ ...market, fills: count }),
    window: { from, to: from + HOUR_MS },
    anchors: [],
    entries: Array.from({ length: count }, (_, index) => later(entryOf(market, index))),
    prices: pricesOf(market)
      .slice(0, 2 * QUOTE_INDEX)
      .map(later),
  };
}

/** The document text, as `JSON.stringify` writes it. */
export function writeDocument(market: Market, path: string): void {
  const { entries, prices, ...rest } = documentOf({ ...market, fills: 0 });
  const head = JSON.stringify(formatLedgerDocument({ ...rest, entries, prices: [] }));
  const cut = '"entries":[';
  const after = head.indexOf(cut) + cut.length;
  writeLines(path, function* lines() {
    yield head.slice(0, after);
    for (let index = 0; index < market.fills; index += 1) {
      const text = JSON.stringify(entryCodec.format(entryOf(market, index)));
      yield index === 0 ? text : `,${text}`;
    }
    yield '],"prices":[';
    for (const [index, price] of prices.entries()) {
      const text = JSON.stringify(priceCodec.format(price));
      yield index === 0 ? text : `,${text}`;
    }
    yield '],"marks":[]}';
  });
}

export function writeFillsCsv(market: Market, path: string): void {
  writeLines(path, function* lines() {
    yield 'id,time,symbol,base,quote,fee_asset,fee\n';
    for (let index = 0; index < market.fills; index += 1) {
      const { id, at, postings } = entryOf(market, index);
      const [base, quote, fee] = postings.map(({ amount }) => formatDecimal(amount));
      const [symbol, , feeAsset] = postings.map(({ asset }) => asset);
      yield `${id},${formatInstant(at)},${symbol},${base},${quote},${feeAsset},${fee}\n`;
    }
  });
}

export function writePricesCsv(market: Market, path: string): void {
  writeLines(path, function* lines() {
    yield 'asset,time,price\n';
    for (const { asset, at, price } of pricesOf(market)) {
      yield `${asset},${formatInstant(at)},${formatDecimal(price)}\n`;
    }
  });
}

function pricesOf(market: Market): Price[] {
  return Array.from(market.price, (mantissa, index) => ({
    asset: assetName(index % QUOTE_INDEX),
    currency: QUOTE,
    at: START_MS + Math.floor(index / QUOTE_INDEX) * HOUR_MS,
    price: { mantissa, scale: PRICE_DIGITS },
  }));
}

function openingOf(market: Market): Map<string, Decimal> {
  return new Map(ASSETS.map((asset, index) => [asset, amountOf(market.opening[index])]));
}

function amountOf(mantissa: bigint | undefined): Decimal {
  assert(mantissa !== undefined, 'a row of the market');
  return { mantissa, scale: AMOUNT_DIGITS };
}

function assetName(index: number | undefined): string {
  const asset = ASSETS[index ?? -1];
  assert(asset !== undefined, 'an asset of the market');
  return asset;
}

/** In blocks, so that a text of some hundred megabytes is never held. */
function writeLines(path: string, lines: () => Iterable<string>): void {
  const file = openSync(path, 'w');
  let block = '';
  for (const line of lines()) {
    block += line;
    if (block.length < BLOCK_LENGTH) continue;
    writeSync(file, block);
    block = '';
  }
  writeSync(file, block);
  closeSync(file);
}

export function writeOpeningCsv(market: Market, path: string): void {
  writeLines(path, function* lines() {
    yield 'asset,amount\n';
    for (const [asset, amount] of openingOf(market)) yield `${asset},${formatDecimal(amount)}\n`;
  });
}
