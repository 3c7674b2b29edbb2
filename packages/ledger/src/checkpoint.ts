// Everything the next hour needs to know about all hours before it: what is held, what it cost, and
// the last prices, which may be carried forward. Replaying from a checkpoint gives the same bytes
// as replaying from the beginning. The JSON form is sealed by the worker; read back, it is
// untrusted again.

import type { BookState } from './book.ts';
import {
  amount,
  byDefault,
  instant,
  list,
  name,
  named,
  optional,
  positive,
  record,
} from './codec.ts';
import type { Decimal } from './decimal.ts';
import type { Position } from './position.ts';
import type { OpenTransfer } from './transfers.ts';

/** A price and the instant at which it held. */
export interface Quote {
  readonly price: Decimal;
  readonly at: number;
  /** The venue of the reference pair that said so. */
  readonly source?: string | undefined;
}

export interface Checkpoint extends BookState {
  readonly asOf: number;
  readonly transit: readonly OpenTransfer[];
  /** Asset to its last price in the reporting currency. */
  readonly prices: ReadonlyMap<string, Quote>;
  /** Instrument to its last mark. */
  readonly marks: ReadonlyMap<string, Quote>;
}

const quotes = named(record<Quote>({ price: amount, at: instant, source: optional(name) }));

const openTransfer = record<OpenTransfer>({
  id: name,
  at: instant,
  asset: name,
  amount: positive,
  txid: optional(name),
});

const checkpointCodec = record<Checkpoint>(
  {
    asOf: instant,
    balances: named(amount),
    positions: named(record<Position>({ contracts: amount, cost: amount, unposted: amount })),
    // Checkpoints that were sealed before there was anything in transit do not say so.
    transit: byDefault(list(openTransfer), []),
    prices: quotes,
    marks: quotes,
  },
  { format: 'track-record-checkpoint/1' },
);

export function parseCheckpoint(json: unknown): Checkpoint {
  return checkpointCodec.parse(json, 'checkpoint');
}

export const formatCheckpoint = checkpointCodec.format;
