// When what happens in a scenario, apart from ordinary orders: the table of deposits, withdrawals,
// transfers, conversions and rewards, at minutes and milliseconds where careless code goes wrong.
// Hours are given as a share of the scenario's length, so that a short scenario has all of them
// too.

import { balance } from './book.ts';
import type { Reward, Wallet } from './events.ts';
import { FEE_COIN, REPORTING, markSeries } from './markets.ts';
import type { Market } from './markets.ts';
import { HOUR_MS, MINUTE_MS } from './prices.ts';
import { hash32 } from './random.ts';
import { payFunding, reportingValue } from './trader.ts';
import type { Desk } from './trader.ts';
import { ONE, units } from './units.ts';
import type { Units } from './units.ts';

/** Within one millisecond: inflows, then trades, fees and funding, then outflows. */
export type Phase = 0 | 1 | 2;

export interface Intent {
  readonly at: number;
  readonly phase: Phase;
  readonly act: (desk: Desk, at: number) => void;
}

export interface Plan {
  readonly intents: readonly Intent[];
  /** Instants at which a fill must happen too, in the same millisecond as a flow. */
  readonly fillsAt: readonly number[];
  /** When the account buys fee coins; between these it sometimes has none. */
  readonly topUpsAt: readonly number[];
  /**
   * Seconds [s, s + 1000) kept free of ordinary fills: some venues list withdrawals by the second.
   */
  readonly quietSeconds: ReadonlySet<number>;
}

const FUNDING_INTERVAL_MS = 8 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;
const NETWORK_FEE: Readonly<Record<string, Units>> = {
  USDT: units('1'),
  BTC: units('0.0002'),
  ETH: units('0.0012'),
};

export function buildPlan(
  seed: number,
  start: number,
  hours: number,
  markets: readonly Market[],
): Plan {
  // The first deposit comes in hour 1, so nothing else happens before hour 2.
  const moment = (share: number, minute: number, ms: number): number =>
    start + Math.max(2, Math.floor(hours * share)) * HOUR_MS + minute * MINUTE_MS + ms;
  const flows = [
    deposit(start + HOUR_MS + 37 * MINUTE_MS + 21_123, 'USDT', 22_000, 9_000),
    deposit(moment(0.1, 0, 0), 'BTC', 0.25, 0.2),
    // A deposit larger than the account, one millisecond before the hour ends.
    deposit(moment(0.2, 59, 59_999), 'USDT', 60_000, 20_000),
    deposit(moment(0.3, 12, 44_007), 'USDT', 2_500, 1_000),
    deposit(moment(0.3, 12, 44_007), 'ETH', 0.6, 0.4),
    deposit(moment(0.35, 23, 11_456), 'USDT', 900, 300),
    deposit(moment(0.4, 50, 500), 'USDC', 4_000, 1_000, 2 * HOUR_MS - 39 * MINUTE_MS - 55_250),
    deposit(moment(0.45, 15, 0), 'USDT', 700, 300, null),
    deposit(moment(0.8, 5, 9_000), 'USDT', 1_200, 600),
    withdrawal(moment(0.55, 37, 21_000), 'USDT', 80),
    withdrawal(moment(0.65, 10, 10_000), 'USDT', 50, true),
    withdrawal(moment(0.7, 0, 0), 'BTC', 200),
    withdrawal(moment(0.8, 5, 9_000), 'ETH', 150),
  ];
  return {
    intents: [
      ...flows,
      ...transfers(moment),
      ...rewards(moment, start, hours),
      conversion(moment(0.48, 31, 2_718)),
      dust(moment(0.62, 44, 999)),
      ...fundings(seed, start, hours, markets),
    ],
    fillsAt: [moment(0.35, 23, 11_456), moment(0.8, 5, 9_000)],
    topUpsAt: [0.03, 0.24, 0.5, 0.75].map((share) => moment(share, 3, 141)),
    quietSeconds: new Set(
      flows.filter(({ phase }) => phase === 2).map(({ at }) => Math.floor(at / 1_000)),
    ),
  };
}

/** `settlesAfterMs` null: listed and never credited. Amounts have eight random digits. */
function deposit(
  seenAt: number,
  asset: string,
  least: number,
  spread: number,
  settlesAfterMs: number | null = 0,
): Intent {
  const at = seenAt + (settlesAfterMs ?? 0);
  const act = ({ random, record, nextId }: Desk): void =>
    record({
      kind: 'deposit',
      id: nextId(),
      at,
      asset,
      amount: units(String(least)) + random.bigBelow(units(String(spread))),
      txId: hex(random.alphanumeric(32)),
      seenAt,
      unlockedAt: at + 20 * MINUTE_MS,
      credited: settlesAfterMs !== null,
    });
  return { at, phase: 0, act };
}

function withdrawal(at: number, asset: string, perMille: number, cancelled = false): Intent {
  const act = ({ book, random, record, nextId }: Desk): void => {
    const amount = shareOf(balance(book, 'spot', asset), perMille);
    if (amount === 0n) return;
    record({
      kind: 'withdrawal',
      id: nextId(),
      at,
      asset,
      amount,
      networkFee: NETWORK_FEE[asset] ?? 0n,
      txId: hex(random.alphanumeric(32)),
      completedAt: at + 7 * MINUTE_MS + 13_000,
      cancelled,
    });
  };
  return { at, phase: 2, act };
}

function transfers(moment: (share: number, minute: number, ms: number) => number): Intent[] {
  return [
    transfer(moment(0.04, 41, 13_337), 'spot', 'futures', REPORTING, 300),
    transfer(moment(0.15, 27, 1), 'spot', 'funding', REPORTING, 50),
    transfer(moment(0.25, 9, 777), 'spot', 'futures', FEE_COIN, 500),
    transfer(moment(0.33, 0, 0), 'spot', 'futures', REPORTING, 200),
    transfer(moment(0.5, 59, 59_500), 'futures', 'spot', REPORTING, 300),
    transfer(moment(0.66, 18, 40_404), 'spot', 'futures', REPORTING, 200),
    transfer(moment(0.85, 33, 250), 'funding', 'spot', REPORTING, 500),
    transfer(moment(0.9, 59, 59_999), 'futures', 'spot', REPORTING, 200),
  ];
}

function transfer(at: number, from: Wallet, to: Wallet, asset: string, perMille: number): Intent {
  const act = ({ book, record, nextId }: Desk): void => {
    const amount = shareOf(balance(book, from, asset), perMille);
    if (amount > 0n) record({ kind: 'transfer', id: nextId(), at, from, to, asset, amount });
  };
  return { at, phase: 1, act };
}

function rewards(
  moment: (share: number, minute: number, ms: number) => number,
  start: number,
  hours: number,
): Intent[] {
  const daily: Intent[] = [];
  for (let at = start + DAY_MS + HOUR_MS + 17_042; at < start + hours * HOUR_MS; at += DAY_MS) {
    daily.push(interest(at, 'SOL'), interest(at + 3, 'USDC'));
  }
  const rebate = (share: number, wallet: 'spot' | 'futures'): Intent =>
    reward(moment(share, 30, 606), 'rebate', wallet, REPORTING, 1, 4, 'Trading fee rebate');
  return [
    ...daily,
    reward(moment(0.44, 20, 20), 'airdrop', 'spot', 'ETH', 0.01, 0.02, 'Launch distribution'),
    ...[0.2, 0.53, 0.83].map((share) => rebate(share, 'spot')),
    ...[0.28, 0.72].map((share) => rebate(share, 'futures')),
  ];
}

function reward(
  at: number,
  cause: Reward['cause'],
  wallet: Reward['wallet'],
  asset: string,
  least: number,
  spread: number,
  note: string,
): Intent {
  const act = ({ random, record, nextId }: Desk): void => {
    const amount = units(String(least)) + random.bigBelow(units(String(spread)));
    record({ kind: 'reward', id: nextId(), at, cause, wallet, asset, amount, note });
  };
  return { at, phase: 1, act };
}

/** A hundredth of a per cent per day on what is held. */
function interest(at: number, asset: string): Intent {
  const act = ({ book, record, nextId }: Desk): void => {
    const amount = balance(book, 'spot', asset) / 10_000n;
    if (amount === 0n) return;
    const note = 'Flexible interest';
    record({
      kind: 'reward',
      id: nextId(),
      at,
      cause: 'interest',
      wallet: 'spot',
      asset,
      amount,
      note,
    });
  };
  return { at, phase: 1, act };
}

function conversion(at: number): Intent {
  const act = (desk: Desk): void => {
    const fromAmount = shareOf(balance(desk.book, 'spot', REPORTING), 20);
    // The quote is a tenth of a per cent worse than the market.
    const price = (desk.prices.at(`ETH/${REPORTING}`, at) * 1_001n) / 1_000n;
    desk.record({
      kind: 'conversion',
      id: desk.nextId(),
      at,
      fromAsset: REPORTING,
      fromAmount,
      toAsset: 'ETH',
      toAmount: (fromAmount * ONE) / price,
      quoteId: hex(desk.random.alphanumeric(16)),
      orderId: 940_708_407_462_087_195n + desk.random.bigBelow(1_000_000n),
    });
  };
  return { at, phase: 1, act };
}

/** Small rests to the fee coin, less a service charge of two per cent. */
function dust(at: number): Intent {
  const act = (desk: Desk): void => {
    const parts = ['SOL', 'USDC'].flatMap((asset) => {
      const amount = shareOf(balance(desk.book, 'spot', asset), 3);
      const gross =
        (reportingValue(desk, asset, amount, at) * ONE) /
        desk.prices.at(`${FEE_COIN}/${REPORTING}`, at);
      const charge = gross / 50n;
      return charge === 0n ? [] : [{ asset, amount, received: gross - charge, charge }];
    });
    if (parts.length === 0) return;
    desk.record({ kind: 'dust', id: desk.nextId(), at, toAsset: FEE_COIN, parts });
  };
  return { at, phase: 1, act };
}

/** Every eight hours, at the full hour; it belongs to the hour that starts there. */
function fundings(
  seed: number,
  start: number,
  hours: number,
  markets: readonly Market[],
): Intent[] {
  const result: Intent[] = [];
  const first = Math.ceil(start / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS;
  for (let at = first; at < start + hours * HOUR_MS; at += FUNDING_INTERVAL_MS) {
    for (const market of markets.filter(({ perpetual }) => perpetual)) {
      const act = (desk: Desk): void => {
        const mark = desk.prices.at(markSeries(market.symbol), at);
        payFunding(desk, market, fundingRate(seed, market.symbol, at), mark, at);
      };
      result.push({ at, phase: 1, act });
    }
  }
  return result;
}

/** Between -0.01 % and +0.03 %, in 1e-8. */
export function fundingRate(seed: number, market: string, at: number): Units {
  return BigInt((hash32(seed, market.length, market.charCodeAt(0), at) % 40_001) - 10_000);
}

function shareOf(amount: Units, perMille: number): Units {
  return (amount * BigInt(perMille)) / 1_000n;
}

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}
