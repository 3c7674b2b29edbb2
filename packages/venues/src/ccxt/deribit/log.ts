// Deribit's transaction log as ledger entries. Every row says by how much the cash of a currency
// moved and what it was afterwards. What futures gain is in no row until their daily settlement,
// which pays the profit of the session, since the last settlement, and the funding, as one sum.
// Rows: docs.deribit.com, "private/get_transaction_log". Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { absolute, add, compare, divide, multiply, negate, ONE } from '@track-record/ledger';
import { sign, subtract, ZERO, type Decimal } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import type { Contract } from '../markets.ts';
import { kindOf, kindsOf, movementOf, post, type Reading } from '../readings.ts';
import { parseAmount, parseId, parseInstant, parseSize, parseText, shape } from '../rows.ts';
import type { Row } from '../rows.ts';
import type { Running } from '../running.ts';

export const LOG = 'privateGetGetTransactionLog';

/** What is not here stops the account; so do options, whose past marks nobody serves. */
const KINDS = kindsOf({
  fill: 'trade',
  settlement: 'settlement delivery',
  flow: 'deposit withdrawal transfer',
  conversion: 'swap',
  interest: 'usdc_reward',
  fee: 'negative_balance_fee',
  adjustment: 'correction',
});
/** `BTC-PERPETUAL` is inverse, `SOL_USDC-26DEC25` linear. */
const FUTURE = /^([A-Z0-9]+)(?:_([A-Z]+))?-(PERPETUAL|\d{1,2}[A-Z]{3}\d\d)$/;
const SPOT = /^[A-Z0-9]+_[A-Z0-9]+$/;
/** Finer than any currency; profit of an inverse contract is a quotient. */
const COST_SCALE = 18;

/** A contract by its name, also when it is no longer listed; null: not one that we know. */
export function contractOf(id: string): Contract | null {
  const [, base, counter, expiry] = FUTURE.exec(id) ?? [];
  if (base === undefined) return null;
  const [quote, settle] = counter === undefined ? ['USD', base] : [counter, counter];
  const symbol = `${base}/${quote}:${settle}${expiry === 'PERPETUAL' ? '' : `-${expiry}`}`;
  const kind = counter === undefined ? 'inverse' : 'linear';
  const instrument = { kind, base, quote, settle, contractSize: ONE, realised: 'derived' } as const;
  return { id, symbol, instrument };
}

export function contractIn(row: Row): Contract {
  const contract = contractOf(parseText(row, 'instrument_name'));
  if (contract === null) throw shape('instrument_name');
  return contract;
}

export function readRunning(row: Row): Running {
  return {
    id: parseText(row, 'id'),
    at: parseInstant(row, 'timestamp'),
    asset: parseText(row, 'currency'),
    change: parseAmount(row, 'change'),
    after: parseAmount(row, 'balance'),
  };
}

/** The row of a future moves cash by its fee only; `finish` tells settlements. */
export function readLog(row: Row): readonly Reading[] {
  const { id: own, at, asset, change } = readRunning(row);
  const id = `log.${asset}.${own}`;
  if (row['type'] === 'options_settlement_summary') return [{ id, at, reason: 'moves nothing' }];
  const kind = kindOf(row, 'type', KINDS);
  if (kind === 'settlement') return [];
  if (kind !== 'fill') return [movementOf(id, at, kind, asset, change)];
  if (SPOT.test(parseText(row, 'instrument_name'))) {
    return [{ id, at, kind, postings: post(asset, change) }];
  }
  const { symbol: instrument } = contractIn(row);
  const position = { instrument, contracts: tradedIn(row), price: parseSize(row, 'price') };
  return [{ id, at, kind, position, postings: post(asset, change, 'fee') }];
}

/** `open buy`, `close sell`. */
function tradedIn(row: Row): Decimal {
  const [, side = ''] = / (buy|sell)$/.exec(parseText(row, 'side')) ?? [];
  if (side === '') throw shape('side');
  const amount = parseSize(row, 'amount');
  return side === 'buy' ? amount : negate(amount);
}

/** What `contracts` cost, in the settle asset, with the sign that makes a rise a gain. */
function costOf({ instrument }: Contract, contracts: Decimal, price: Decimal): Decimal {
  if (instrument.kind !== 'inverse') return multiply(contracts, price);
  return negate(divide(contracts, price, COST_SCALE));
}

/**
 * Settlements of every future, and the contracts that have expired. A settlement closes what is
 * held at its price and opens it again: what that earns is the session's profit, and what else the
 * row pays is funding. Rows begin with the settlement before the window, or with nothing held.
 */
export function finish({ rows, contracts, readings, window }: Job): Row {
  const told = (rows.get(LOG) ?? []).filter((row) => FUTURE.test(String(row['instrument_name'])));
  const ordered = told.toSorted((one, other) => Number(parseId(one, 'id') - parseId(other, 'id')));
  const sessions = new Map<string, Session>();
  for (const row of ordered) {
    const contract = contractIn(row);
    contracts.set(contract.id, contract);
    const session = sessions.get(contract.id) ?? { held: ZERO, cost: ZERO };
    const { held, cost } = session;
    const price = parseSize(row, 'price');
    const { at } = readRunning(row);
    if (row['type'] === 'trade') {
      const traded = costOf(contract, tradedIn(row), price);
      sessions.set(contract.id, { held: add(held, tradedIn(row)), cost: add(cost, traded) });
      continue;
    }
    const left = row['type'] === 'delivery' ? ZERO : signed(row, 'position');
    const settled = row['type'] === 'delivery' ? signed(row, 'amount') : left;
    // What a session holds that began before what was asked for is not known.
    if (at >= window.from && compare(settled, held) !== 0) {
      throw new RecordError('VENUE_INCOMPLETE', { place: 'position' });
    }
    const profit = subtract(costOf(contract, settled, price), cost);
    if (at >= window.from) readings.push(...settlement(row, contract, settled, left, profit));
    sessions.set(contract.id, { held: left, cost: costOf(contract, left, price) });
  }
  return {};
}

/** What is held since the last settlement, and what it cost. */
interface Session {
  readonly held: Decimal;
  readonly cost: Decimal;
}

/** A delivery closes a long position by `close sell`. */
function signed(row: Row, field: string): Decimal {
  const size = absolute(parseAmount(row, field));
  return /^(?:short|close buy)$/.test(parseText(row, 'side')) ? negate(size) : size;
}

function settlement(
  row: Row,
  { symbol: instrument }: Contract,
  settled: Decimal,
  left: Decimal,
  profit: Decimal,
): readonly Reading[] {
  const { id: own, at, asset, change } = readRunning(row);
  const [id, price] = [`settlement.${asset}.${own}`, parseSize(row, 'price')];
  const turned = [negate(settled), left].filter((contracts) => sign(contracts) !== 0);
  const rest = subtract(change, profit);
  return [
    ...turned.map((contracts, index): Reading => {
      const position = { instrument, contracts, price };
      return { id: `${id}.${index}`, at, kind: 'settlement', position, postings: [] };
    }),
    ...(sign(rest) === 0 ? [] : [movementOf(`${id}.rest`, at, 'funding', asset, rest)]),
  ];
}
