// Ledgers as an accountant would jot them down, for tests. One line per fact, all of them on the
// same day (hours may run past 24:00). The text becomes the JSON document, so that a test also goes
// through the parser:
//
//   USD 00:00 to 02:00
//   PERP is inverse BTC USD BTC size 100 posted
//   anchor 02:00: BTC 0.5, USDT 1000, PERP -100 @ 42000
//   00:59:59.999 t1 fill: BTC -0.02, USDT 840.12, BNB -0.002 fee
//   01:10 p1 fill: PERP -100 @ 42000, BTC -0.0000119 fee
//   02:00 s1 split: AAPL x 4
//   03:00 m1 transfer: BTC -1, txid 7c2f
//   price BTC: 00:00 60000, 01:00 60600
//   reference USDT/USD at kraken
//   price USDT/USD by kraken: 00:00 0.9998, 01:00 0.9997
//   mark PERP: 00:00 60010

import { type Decimal, formatDecimal, normalise } from '@track-record/ledger';
import type { HoursReport } from '@track-record/returns';

const DAY_START_MS = Date.UTC(2026, 0, 5);

type Json = Record<string, unknown>;

interface DraftDocument extends Json {
  readonly account: {
    readonly id: string;
    readonly venue: string;
    readonly reportingCurrency: string;
    readonly references?: readonly Json[];
  };
  readonly instruments: Record<string, Json>;
  readonly anchors: Json[];
  readonly entries: Json[];
  readonly prices: Json[];
  readonly marks: Json[];
}

/** The `track-record-ledger/1` document as JSON. A line that is not understood throws. */
export function ledgerFromText(text: string): DraftDocument {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
  const [currency = '', from, , to] = words(lines.shift() ?? '');
  const document: DraftDocument = {
    format: 'track-record-ledger/1',
    account: { id: 'account', venue: 'text', reportingCurrency: currency },
    window: { from: instantFromText(from ?? ''), to: instantFromText(to ?? '') },
    instruments: {},
    anchors: [],
    entries: [],
    prices: [],
    marks: [],
  };
  for (const line of lines) addLine(document, line);
  return document;
}

/** `01:10` or `01:10:30.250`, counted from the day's start. */
function instantFromText(text: string): string {
  const match = /^(\d+):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?$/.exec(text);
  if (match === null) throw new Error(`not a time: ${text}`);
  const [hours, minutes, seconds, ms] = match.slice(1).map((part) => Number(part ?? 0));
  const offset = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000 + (ms ?? 0);
  return new Date(DAY_START_MS + offset).toISOString().replace('.000Z', 'Z');
}

/** One line per hour: `00:00 measured 1000 -> 1010 flow 0 pnl 10 return 0.01`. */
export function hoursToText({ hours }: HoursReport): string[] {
  return hours.map((hour) => {
    const start = String((hour.hour - DAY_START_MS) / 3_600_000).padStart(2, '0');
    const nav = `${plain(hour.navOpen)} -> ${plain(hour.navClose)}`;
    const gain = hour.return === null ? hour.reason : plain(hour.return);
    const moved = `flow ${plain(hour.flow)} pnl ${plain(hour.pnl)}`;
    const flags = hour.flags.length === 0 ? '' : ` (${hour.flags.join(', ')})`;
    return `${start}:00 ${hour.status} ${nav} ${moved} return ${gain}${flags}`;
  });
}

function addLine(document: DraftDocument, line: string): void {
  const [head = '', body = ''] = splitAtColon(line);
  const [first = '', second = '', third = ''] = words(head);
  if (second === 'is') {
    document.instruments[first] = instrument(words(line).slice(2));
  } else if (first === 'anchor') {
    document.anchors.push(anchor(second, items(body)));
  } else if (first === 'reference') {
    addReference(document, second, line.split(' at ')[1]);
  } else if (first === 'price') {
    const [asset = '', currency = document.account.reportingCurrency] = second.split('/');
    const source = third === 'by' ? { source: words(head)[3] } : {};
    for (const [at, price] of series(body)) {
      document.prices.push({ asset, currency, at, price, ...source });
    }
  } else if (first === 'mark') {
    for (const [at, price] of series(body)) {
      document.marks.push({ instrument: second, at, price });
    }
  } else {
    document.entries.push(entry(first, second, third, items(body)));
  }
}

function addReference(document: DraftDocument, pair: string, source = ''): void {
  const [asset = '', currency = ''] = pair.split('/');
  const { account } = document;
  const references = [...(account.references ?? []), { asset, currency, source }];
  Object.assign(account, { references });
}

function instrument([kind, base, quote, settle, ...rest]: string[]): Json {
  const size = rest.indexOf('size');
  const multiplier = rest.indexOf('multiplier');
  return {
    kind,
    base,
    quote,
    settle,
    ...(size < 0 ? {} : { contractSize: rest[size + 1] }),
    ...(multiplier < 0 ? {} : { multiplier: rest[multiplier + 1] }),
    ...(rest.includes('posted') ? { realised: 'posted' } : {}),
  };
}

function anchor(at: string, parts: string[][]): Json {
  return {
    asOf: instantFromText(at),
    balances: Object.fromEntries(
      parts.filter((part) => part[2] !== '@').map(([asset, amount]) => [asset, amount]),
    ),
    positions: parts
      .filter((part) => part[2] === '@')
      .map(([name, contracts, , entryPrice]) => ({ instrument: name, contracts, entryPrice })),
  };
}

function entry(at: string, id: string, kind: string, parts: string[][]): Json {
  const position = parts.find((part) => part[2] === '@');
  const ratio = parts.find((part) => part[1] === 'x');
  const txid = parts.find((part) => part[0] === 'txid');
  return {
    id,
    at: instantFromText(at),
    kind,
    postings: parts
      .filter((part) => part !== position && part !== ratio && part !== txid)
      .map(([asset, amount, role]) => ({ asset, amount, ...(role === 'fee' ? { role } : {}) })),
    ...(position === undefined
      ? {}
      : { position: { instrument: position[0], contracts: position[1], price: position[3] } }),
    ...(ratio === undefined ? {} : { split: { instrument: ratio[0], ratio: ratio[2] } }),
    ...(txid === undefined ? {} : { txid: txid[1] }),
  };
}

function series(body: string): [string, string][] {
  return items(body).map(([at = '', price = '']) => [instantFromText(at), price]);
}

function items(body: string): string[][] {
  return body
    .split(',')
    .map(words)
    .filter((item) => item.length > 0);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** At the first colon that ends a word; those within times do not. */
function splitAtColon(line: string): string[] {
  return /^(.*?):(?:\s(.*))?$/.exec(line)?.slice(1) ?? [line];
}

function plain(value: Decimal | null): string {
  return value === null ? 'null' : formatDecimal(normalise(value));
}
