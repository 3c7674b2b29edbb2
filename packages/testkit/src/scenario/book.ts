// The scenario's own bookkeeping: wallets and futures positions after each event. It shares nothing
// with packages/ledger, so that agreement between the two means something.

import assert from 'node:assert';

import type { ScenarioEvent, Wallet } from './events.ts';
import { ONE, roundedQuotient } from './units.ts';
import type { Units } from './units.ts';

export interface Position {
  /** Signed: long is plus. */
  readonly contracts: Units;
  /** Signed contracts x entry price, in 1e-16; entry price = cost / contracts. */
  readonly cost: bigint;
  readonly changedAt: number;
}

export interface Book {
  readonly wallets: Readonly<Record<Wallet, Map<string, Units>>>;
  readonly positions: Map<string, Position>;
}

export const FLAT: Position = { contracts: 0n, cost: 0n, changedAt: 0 };

export function emptyBook(): Book {
  return {
    wallets: { spot: new Map(), funding: new Map(), futures: new Map() },
    positions: new Map(),
  };
}

export function balance(book: Book, wallet: Wallet, asset: string): Units {
  return book.wallets[wallet].get(asset) ?? 0n;
}

/** Applies one event; a balance below zero is a bug of the scenario. */
export function post(book: Book, event: ScenarioEvent): void {
  const move = (wallet: Wallet, asset: string, amount: Units): void => {
    book.wallets[wallet].set(asset, balance(book, wallet, asset) + amount);
  };
  switch (event.kind) {
    case 'spot-fill': {
      const [base = '', quote = ''] = event.market.split('/');
      const direction = event.side === 'buy' ? 1n : -1n;
      move('spot', base, direction * event.quantity);
      move('spot', quote, -direction * event.quote);
      move('spot', event.feeAsset, -event.fee);
      break;
    }
    case 'futures-fill': {
      const signed = event.side === 'buy' ? event.quantity : -event.quantity;
      const before = book.positions.get(event.market) ?? FLAT;
      const { position } = trade(before, signed, event.price, event.at);
      book.positions.set(event.market, position);
      move('futures', settleAsset(event.market), event.realised);
      move('futures', event.feeAsset, -event.fee);
      break;
    }
    case 'funding':
      move('futures', event.asset, event.amount);
      break;
    case 'deposit':
      if (event.credited) move('spot', event.asset, event.amount);
      break;
    case 'withdrawal':
      if (!event.cancelled) move('spot', event.asset, -event.amount - event.networkFee);
      break;
    case 'transfer':
      move(event.from, event.asset, -event.amount);
      move(event.to, event.asset, event.amount);
      break;
    case 'reward':
      move(event.wallet, event.asset, event.amount);
      break;
    case 'dust':
      for (const part of event.parts) {
        move('spot', part.asset, -part.amount);
        move('spot', event.toAsset, part.received);
      }
      break;
    case 'conversion':
      move('spot', event.fromAsset, -event.fromAmount);
      move('spot', event.toAsset, event.toAmount);
      break;
  }
  for (const wallet of Object.values(book.wallets)) {
    for (const [asset, amount] of wallet)
      assert(amount >= 0n, `${asset} below zero at ${event.id}`);
  }
}

/** A fill against a position: what closes is realised against the average entry, the rest opens. */
export function trade(
  before: Position,
  signed: Units,
  price: Units,
  at: number,
): { position: Position; realised: Units } {
  const opposite = before.contracts !== 0n && before.contracts < 0n !== signed < 0n;
  if (!opposite) {
    const contracts = before.contracts + signed;
    return {
      position: { contracts, cost: before.cost + signed * price, changedAt: at },
      realised: 0n,
    };
  }
  const closed = size(signed) < size(before.contracts) ? -signed : before.contracts;
  const closedCost = roundedQuotient(before.cost * closed, before.contracts);
  const opened = signed + closed;
  return {
    position: {
      contracts: before.contracts + signed,
      cost: before.cost - closedCost + opened * price,
      changedAt: at,
    },
    realised: roundedQuotient(closed * price - closedCost, ONE),
  };
}

/** In 1e-16 of the settle asset. */
export function unrealised(position: Position, mark: Units): bigint {
  return position.contracts * mark - position.cost;
}

/** The book after every event with `at <= t`. Fast when asked forwards; a read-only view. */
export function bookReader(events: readonly ScenarioEvent[]): (t: number) => Book {
  let book = emptyBook();
  let posted = 0;
  let asked = -Infinity;
  return (t) => {
    if (t < asked) {
      book = emptyBook();
      posted = 0;
    }
    asked = t;
    for (let event = events[posted]; event !== undefined && event.at <= t; event = events[posted]) {
      post(book, event);
      posted += 1;
    }
    return book;
  };
}

function settleAsset(market: string): string {
  return market.slice(market.indexOf(':') + 1);
}

function size(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
