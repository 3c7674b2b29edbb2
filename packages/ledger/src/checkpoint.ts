// Everything the next hour needs to know about all hours before it: what is held, what it cost, and the last
// prices, which may be carried forward. Replaying from a checkpoint gives the same bytes as replaying from
// the beginning. The JSON form is sealed by the worker; read back, it is untrusted again.

import type { BookState } from './book.ts';
import type { Decimal } from './decimal.ts';
import {
  formatAmount,
  formatInstant,
  formatNamed,
  malformed,
  parseAmount,
  parseFields,
  parseInstant,
  parseNamed,
} from './json.ts';
import type { Position } from './position.ts';

const CHECKPOINT_FORMAT = 'track-record-checkpoint/1';

/** A price and the instant at which it held. */
export interface Quote {
  readonly price: Decimal;
  readonly at: number;
}

export interface Checkpoint extends BookState {
  readonly asOf: number;
  /** Asset to its last price in the reporting currency. */
  readonly prices: ReadonlyMap<string, Quote>;
  /** Instrument to its last mark. */
  readonly marks: ReadonlyMap<string, Quote>;
}

export function parseCheckpoint(json: unknown): Checkpoint {
  const names = ['format', 'asOf', 'balances', 'positions', 'prices', 'marks'];
  const fields = parseFields(json, 'checkpoint', names);
  if (fields['format'] !== CHECKPOINT_FORMAT) throw malformed('checkpoint.format');
  return {
    asOf: parseInstant(fields['asOf'], 'checkpoint.asOf'),
    balances: parseNamed(fields['balances'], 'checkpoint.balances', parseAmount),
    positions: parseNamed(fields['positions'], 'checkpoint.positions', parsePosition),
    prices: parseNamed(fields['prices'], 'checkpoint.prices', parseQuote),
    marks: parseNamed(fields['marks'], 'checkpoint.marks', parseQuote),
  };
}

export function formatCheckpoint(checkpoint: Checkpoint): unknown {
  return {
    format: CHECKPOINT_FORMAT,
    asOf: formatInstant(checkpoint.asOf),
    balances: formatNamed(checkpoint.balances, formatAmount),
    positions: formatNamed(checkpoint.positions, (position) => ({
      contracts: formatAmount(position.contracts),
      cost: formatAmount(position.cost),
      unposted: formatAmount(position.unposted),
    })),
    prices: formatNamed(checkpoint.prices, formatQuote),
    marks: formatNamed(checkpoint.marks, formatQuote),
  };
}

function parsePosition(json: unknown, place: string): Position {
  const fields = parseFields(json, place, ['contracts', 'cost', 'unposted']);
  return {
    contracts: parseAmount(fields['contracts'], `${place}.contracts`),
    cost: parseAmount(fields['cost'], `${place}.cost`),
    unposted: parseAmount(fields['unposted'], `${place}.unposted`),
  };
}

function parseQuote(json: unknown, place: string): Quote {
  const fields = parseFields(json, place, ['price', 'at']);
  return {
    price: parseAmount(fields['price'], `${place}.price`),
    at: parseInstant(fields['at'], `${place}.at`),
  };
}

function formatQuote(quote: Quote): unknown {
  return { price: formatAmount(quote.price), at: formatInstant(quote.at) };
}
