// A Hyperliquid that answers on this machine: the futures part of a scenario told by fills,
// fundings and ledger updates, in the words of hyperliquid.gitbook.io. The scenario's USDT is
// Hyperliquid's USDC; its spot wallet, and the fee coins of both, are spot balances. All of it is
// public: nothing is signed, and everything is one endpoint. For tests; outside the trusted base.

import { balance, FLAT, trade, type Position } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { FuturesFill, ScenarioEvent } from '../scenario/events.ts';
import { markSeries } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, roundedQuotient, text, type Units } from '../scenario/units.ts';
import { cutPage, Refusal, served, type FaultWords } from '../simulator/faults.ts';
import type { Json } from '../simulator/json.ts';
import type { Simulator } from '../simulator/server.ts';
import { startTable, type SimulatorOptions, type VenueCall } from '../simulator/table.ts';

const FILLS_MAX = 2_000;
const ROWS_MAX = 500;
const INTERVALS: Readonly<Record<string, number>> = { '1m': MINUTE_MS, '1h': HOUR_MS };
/** The spot pair of what fees are paid in. */
const FEE_PAIR = '@107';
const ZERO_HASH = `0x${'0'.repeat(64)}`;

interface Row {
  readonly at: number;
  readonly row: Readonly<Record<string, Json>>;
}

interface Told {
  readonly scenario: Scenario;
  readonly address: string;
}

export function startHyperliquidSimulator(
  { scenario, ...options }: SimulatorOptions,
  address: string,
): Promise<Simulator> {
  const table = { hosts: ['api.hyperliquid.xyz'], words, checkSigned: () => {}, endpoints: [info] };
  return startTable(table, { ...options, scenario: { scenario, address } });
}

const words: FaultWords = {
  'http-429': () => new Refusal(429, 'null'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => new Refusal(500, 'null'),
  maintenance: () => new Refusal(502, '<html>Bad gateway</html>'),
};

type Answers = Readonly<Record<string, (call: VenueCall, asked: Row['row']) => Json>>;

function info(told: Told) {
  const answers = { ...marketAnswers(told.scenario), ...accountAnswers(told) };
  const answer = (call: VenueCall): Json => {
    const asked = parseAsked(call.body);
    const { type } = asked;
    const of = typeof type === 'string' ? new Map(Object.entries(answers)).get(type) : undefined;
    const isOther = asked['user'] !== undefined && asked['user'] !== told.address;
    if (of === undefined || isOther) throw new Refusal(422, 'Failed to deserialize the JSON body');
    return of(call, asked);
  };
  return { 'POST /info': { isSigned: false, answer } };
}

function parseAsked(body: string): Row['row'] {
  return JSON.parse(body) as Row['row'];
}

function marketAnswers(scenario: Scenario): Answers {
  const coins = scenario.markets.filter(({ perpetual }) => perpetual);
  const tokens = ['USDC', 'BNB'].map((name, index) => ({ name, index, szDecimals: 3 }));
  return {
    exchangeStatus: ({ now }) => ({ time: now, specialStatuses: null }),
    metaAndAssetCtxs: () => [
      { universe: coins.map(({ base, lotDigits }) => ({ name: base, szDecimals: lotDigits })) },
      coins.map(() => ({ markPx: '1' })),
    ],
    spotMetaAndAssetCtxs: () => [
      { tokens, universe: [{ name: FEE_PAIR, tokens: [1, 0], index: 0, isCanonical: true }] },
      [{ markPx: '1', midPx: '1' }],
    ],
    candleSnapshot: ({ now, faults }, { req }) =>
      candles(parseAsked(JSON.stringify(req)), now, faults, scenario),
  };
}

function accountAnswers({ scenario, address }: Told): Answers {
  const bookAt = scenario.readBook();
  const { fills, fundings, updates } = rowsOf(scenario, address);
  const listed =
    (rows: readonly Row[], limit: number) =>
    ({ now, faults }: VenueCall, { startTime, endTime }: Row['row']): Json => {
      const past = rows.filter(({ at }) => at <= now);
      const [from, to] = [Number(startTime), Number(endTime ?? now)];
      const within = served(faults, past, now).filter(({ at }) => at >= from && at <= to);
      return cutPage(faults, within, 0, limit).map(({ row }) => row);
    };
  return {
    clearinghouseState: ({ now }) => {
      const positions = [...bookAt(now).positions].filter(([, held]) => held.contracts !== 0n);
      const gains = positions.map(([market, { contracts, cost }]) => {
        const mark = scenario.prices.at(markSeries(market), now);
        return contracts * mark - cost;
      });
      const held = balance(bookAt(now), 'futures', 'USDT') * 10n ** 8n;
      return {
        marginSummary: { accountValue: exactText(gains.reduce((sum, each) => sum + each, held)) },
        assetPositions: positions.map(([market, { contracts, cost }], index) => ({
          type: 'oneWay',
          position: {
            coin: coinOf(market),
            szi: plainText(contracts),
            entryPx: plainText(roundedQuotient(cost, contracts)),
            unrealizedPnl: exactText(gains[index] ?? 0n),
          },
        })),
        time: now,
      };
    },
    spotClearinghouseState: ({ now }) => {
      const bnb = balance(bookAt(now), 'spot', 'BNB') + balance(bookAt(now), 'futures', 'BNB');
      const held: [string, Units][] = [
        ['USDC', balance(bookAt(now), 'spot', 'USDT')],
        ['BNB', bnb],
      ];
      const balances = held.map(([coin, total]) => ({ coin, total: plainText(total), hold: '0' }));
      return { balances };
    },
    userRole: () => ({ role: 'user' }),
    userFillsByTime: listed(fills, FILLS_MAX),
    userFunding: listed(fundings, ROWS_MAX),
    userNonFundingLedgerUpdates: listed(updates, ROWS_MAX),
  };
}

/** Oldest first, by the candle's start. */
function candles(
  asked: Row['row'],
  now: number,
  faults: VenueCall['faults'],
  { prices, markets }: Scenario,
): Json {
  const { coin, interval } = asked;
  const bar = typeof interval === 'string' ? INTERVALS[interval] : undefined;
  const market = markets.find(({ base, perpetual }) => perpetual && base === coin);
  const series = coin === FEE_PAIR ? 'BNB/USDT' : market && markSeries(market.symbol);
  if (series === undefined || bar === undefined) throw new Refusal(500, 'null');
  const from = Math.max(Number(asked['startTime']), prices.firstCandle);
  const to = Math.min(Number(asked['endTime']), now);
  const rows: Json[] = [];
  for (let at = Math.ceil(from / bar) * bar; at <= to; at += bar) {
    const { open, high, low, close } = prices.candle(series, at, bar, now);
    const [o, h, l, c] = [text(open), text(high), text(low), text(close)];
    rows.push({ t: at, T: at + bar - 1, o, h, l, c, v: '1', n: 1 });
  }
  return cutPage(faults, rows, 0, 5_000);
}

interface Rows {
  readonly fills: Row[];
  readonly fundings: Row[];
  readonly updates: Row[];
}

/** Every row of the scenario, oldest first, as Hyperliquid would have told it. */
function rowsOf({ events }: Scenario, address: string): Rows {
  const rows: Rows = { fills: [], fundings: [], updates: [] };
  const positions = new Map<string, Position>();
  for (const event of events) {
    if (event.kind === 'futures-fill') rows.fills.push(fillOf(event, positions));
    else if (event.kind === 'funding') {
      const usdc = plainText(event.amount);
      const delta = { type: 'funding', coin: coinOf(event.market), usdc, szi: '1' };
      rows.fundings.push({ at: event.at, row: { time: event.at, hash: ZERO_HASH, delta } });
    } else {
      const hash = `0x${event.id.toString(16).padStart(64, '0')}`;
      const delta = deltaOf(event, address);
      rows.updates.push({ at: event.at, row: { time: event.at, hash, delta } });
    }
  }
  return rows;
}

function fillOf(event: FuturesFill, positions: Map<string, Position>): Row {
  const { at, market, side, price, quantity, realised, fee, feeAsset } = event;
  const before = positions.get(market) ?? FLAT;
  const signed = side === 'buy' ? quantity : -quantity;
  positions.set(market, trade(before, signed, price, at).position);
  const row = {
    coin: coinOf(market),
    px: plainText(price),
    sz: plainText(quantity),
    side: side === 'buy' ? 'B' : 'A',
    time: at,
    startPosition: plainText(before.contracts),
    dir: realised === 0n ? 'Open Long' : 'Close Long',
    closedPnl: plainText(realised),
    hash: ZERO_HASH,
    oid: event.orderId,
    crossed: !event.maker,
    fee: plainText(fee),
    tid: event.tradeId,
    feeToken: nameOf(feeAsset),
    // A part of the fee.
    builderFee: plainText(fee / 4n),
  };
  return { at, row };
}

function deltaOf(event: ScenarioEvent, address: string): Json {
  switch (event.kind) {
    case 'deposit': {
      const amount = plainText(event.amount);
      if (event.asset === 'USDT') return { type: 'deposit', usdc: amount };
      const parties = { user: `0x${'d'.repeat(40)}`, destination: address };
      const fees = { fee: '0.0', nativeTokenFee: '0.0', feeToken: '' };
      return { type: 'spotTransfer', token: event.asset, amount, ...parties, ...fees };
    }
    case 'withdrawal':
      return { type: 'withdraw', usdc: plainText(event.amount), nonce: 1, fee: '0.0' };
    case 'transfer': {
      const usdc = plainText(event.amount);
      return { type: 'accountClassTransfer', usdc, toPerp: event.to === 'futures' };
    }
    case 'reward':
      return { type: 'rewardsClaim', amount: plainText(event.amount) };
    case 'futures-fill':
    case 'funding':
    case 'spot-fill':
    case 'dust':
    case 'conversion':
      throw new Error('Hyperliquid is told the futures part of a scenario only.');
  }
}

/** 1e-16, all digits. */
function exactText(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(17, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -16)}.${digits.slice(-16)}`;
}

function nameOf(asset: string): string {
  return asset === 'USDT' ? 'USDC' : asset;
}

function coinOf(market: string): string {
  return market.split('/')[0] ?? '';
}
