// The hours of a story: prices of every hour that traded, from a seed, and the true return of every
// hour in euros, by the definitions of reference/returns.md 1.1. Each day closes at the story's own
// prices and rates. It shares no code with the ledger that it judges, nor with any connector.

import { hash32 } from '../scenario/random.ts';
import { returnOf } from '../scenario/truth.ts';
import type { Exact } from '../scenario/units.ts';
import { CLOSES, inNewYork, RATES, type Story } from './story.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PAIR = 'EUR.USD';
/** A dollar's rate has five digits, and so has the pair's price. */
const RATE_ONE = 100_000n;
/** Shares that a split doubles, at the beginning of a day. */
const SPLIT = { conid: '1001', day: 4, by: 2n };

export interface Bar {
  /** When it began, as a Gateway tells it; the opening begins at half past nine. */
  readonly start: number;
  readonly end: number;
  readonly close: string;
}

export interface StoryHours {
  readonly start: number;
  readonly end: number;
  readonly reporting: string;
  /** Of a contract's id or of `EUR.USD`, oldest first. */
  readonly barsOf: (name: string) => readonly Bar[];
  readonly truth: () => readonly { readonly return: Exact | null }[];
}

/** A dollar in euros. */
type Rate = readonly [euros: bigint, dollars: bigint];

interface Valued {
  readonly start: number;
  readonly end: number;
  readonly pair: readonly (readonly [at: number, price: bigint])[];
  readonly shares: ReadonlyMap<string, readonly (readonly [at: number, cents: bigint])[]>;
  readonly rateAt: (at: number) => Rate;
  readonly worth: (conid: string, quantity: bigint, at: number) => bigint;
  /** As a fraction: what was held before one instant, at the prices of another. */
  readonly equity: (before: number, at: number) => readonly [bigint, bigint];
}

function valued({ days, events }: Story, seed: number): Valued {
  const ends = days.map((day) => inNewYork(nextDay(day), '000000'));
  const start = inNewYork(days[0] ?? '', '000000');
  const end = ends.at(-1) ?? start;
  const pair = [...pairPrices(seed, days, start, end)];
  const shares = new Map(
    Object.keys(CLOSES).map((conid) => [conid, [...sharePrices(seed, conid, days)]]),
  );
  const split = inNewYork(days[SPLIT.day] ?? '', '000000');

  const priceAt = (conid: string, at: number): bigint => {
    const [last = 0, cents = 0n] = shares.get(conid)?.findLast(([told]) => told <= at) ?? [];
    // At its instant what is held is still counted in old shares.
    const isOld = conid === SPLIT.conid && last < split && at > split;
    return isOld ? cents / SPLIT.by : cents;
  };
  const rateAt = (at: number): Rate => {
    const closed = ends.findLastIndex((each) => each - 1 <= at);
    const [last = 0, price = 1n] = pair.findLast(([told]) => told <= at) ?? [];
    const isOfDay = closed >= 0 && last <= (ends[closed] ?? 0);
    return isOfDay ? [RATES[closed] ?? 0n, RATE_ONE] : [RATE_ONE, price];
  };
  const worth = (conid: string, quantity: bigint, at: number): bigint =>
    quantity * (conid.startsWith('2') ? 100n : 1n) * priceAt(conid, at);
  const equity: Valued['equity'] = (before, at) => {
    const [euros, dollars] = rateAt(at);
    let [own, foreign] = [0n, 0n];
    for (const event of events.filter((each) => each.at < before)) {
      for (const [, currency, amount] of event.cash) {
        if (currency === 'EUR') own += amount;
        else foreign += amount;
      }
      for (const [conid, quantity] of event.shares) foreign += worth(conid, quantity, at);
    }
    return [own * dollars + foreign * euros, dollars];
  };
  return { start, end, pair, shares, rateAt, worth, equity };
}

export function hoursOf(story: Story, seed: number): StoryHours {
  const { start, end, pair, shares, rateAt, worth, equity } = valued(story, seed);
  const flows = story.events.filter(({ rows, cash }) => {
    const isInKind = rows.some(([section]) => section === 'Transfers');
    return isInKind || cash.some(([line]) => line === 'depositsWithdrawals');
  });

  const trueReturn = (hour: number): Exact | null => {
    let [top, bottom, isMeasured] = [1n, 1n, false];
    let base = equity(hour, hour);
    const close = ([value, scale]: readonly [bigint, bigint]): void => {
      if (base[0] <= 0n) return;
      [top, bottom, isMeasured] = [top * value * base[1], bottom * base[0] * scale, true];
    };
    for (const { at, cash, shares: moved } of flows.filter(
      (flow) => flow.at >= hour && flow.at < hour + HOUR_MS,
    )) {
      const after = equity(at + 1, at);
      const [euros, dollars] = rateAt(at);
      const inCash = cash.reduce((sum, [, , amount]) => sum + amount, 0n) * dollars;
      const inKind = moved.reduce((sum, [id, size]) => sum + worth(id, size, at), 0n) * euros;
      close([after[0] - inCash - inKind, after[1]]);
      base = after;
    }
    close(equity(hour + HOUR_MS, hour + HOUR_MS));
    return isMeasured ? returnOf(top, bottom) : null;
  };
  return {
    start,
    end,
    reporting: 'EUR',
    barsOf: (name) =>
      (name === PAIR ? pair : (shares.get(name) ?? [])).map(([at, price]) => ({
        start: clockAt(at) === '10:00' && name !== PAIR ? at - HOUR_MS / 2 : at - HOUR_MS,
        end: at,
        close: textOf(price, name === PAIR ? 5 : 2),
      })),
    truth: () =>
      Array.from({ length: (end - start) / HOUR_MS }, (_, hour) => {
        return { return: trueReturn(start + hour * HOUR_MS) };
      }),
  };
}

/** The pair rests from Friday, 17:00, to Sunday, 17:00. */
function pairPrices(
  seed: number,
  days: readonly string[],
  start: number,
  end: number,
): ReadonlyMap<number, bigint> {
  const prices = new Map<number, bigint>();
  for (let at = start; at <= end; at += HOUR_MS) {
    const [date = '', clock = ''] = told(at).split(' ');
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
    const isOpen =
      (weekday > 0 && weekday < 5) ||
      (weekday === 5 && clock <= '17:00:00') ||
      (weekday === 0 && clock > '17:00:00');
    const day = Math.max(
      0,
      days.findLastIndex((each) => each <= date),
    );
    const noise = BigInt(hash32(seed, at) % 500) - 250n;
    if (isOpen) prices.set(at, (RATE_ONE * RATE_ONE) / (RATES[day] ?? 1n) + noise);
  }
  return prices;
}

/** In cents at the end of each hour of a session; the last is the closing price. */
function sharePrices(
  seed: number,
  conid: string,
  days: readonly string[],
): ReadonlyMap<number, bigint> {
  const prices = new Map<number, bigint>();
  for (const [day, date] of days.entries()) {
    const closing = CLOSES[conid]?.[day] ?? 0n;
    for (let hour = 10; closing > 0n && hour <= 16; hour += 1) {
      const at = inNewYork(date, `${hour}0000`);
      const noise = BigInt(hash32(seed, Number(conid), at) % 400) - 200n;
      prices.set(at, hour === 16 ? closing : (closing * (10_000n + noise)) / 10_000n);
    }
  }
  return prices;
}

function told(at: number): string {
  return new Date(at).toLocaleString('sv-SE', { timeZone: 'America/New_York' });
}

function clockAt(at: number): string {
  return told(at).slice(11, 16);
}

function textOf(value: bigint, scale: number): string {
  const digits = String(value).padStart(scale + 1, '0');
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
