// Signed endpoints of the USD-M futures account: trades, income, wallet, positions and the
// account's modes. Two generations of the account endpoints answer: v2 lists every symbol, v3 only
// what is held.

import { FLAT, balance, unrealised } from '../scenario/book.ts';
import type { Position } from '../scenario/book.ts';
import type { FuturesFill, ScenarioEvent } from '../scenario/events.ts';
import { markSeries } from '../scenario/markets.ts';
import type { Market } from '../scenario/markets.ts';
import { ONE, plainText, roundedQuotient, text } from '../scenario/units.ts';
import type { Units } from '../scenario/units.ts';
import {
  DAY_MS,
  boundWindow,
  cutPage,
  feed,
  integer,
  limitOf,
  marketOf,
  served,
  signed,
  symbolId,
  windowOf,
  within,
} from './call.ts';
import type { Call, Endpoint } from './call.ts';
import type { Json } from '../simulator/json.ts';
import { livePrice } from './market-feeds.ts';
import { refusal } from './refusal.ts';

const WEEK_MS = 7 * DAY_MS;
const TRADE_HISTORY_MS = 183 * DAY_MS;
const INCOME_HISTORY_MS = 90 * DAY_MS;
const LEVERAGE = 20n;
const ZERO = '0.00000000';

export const futuresEndpoints: Readonly<Record<string, Endpoint>> = {
  'GET /fapi/v1/userTrades': signed(5, userTrades),
  'GET /fapi/v1/income': signed(30, income),
  'GET /fapi/v2/account': signed(5, (call) => account(call, false)),
  'GET /fapi/v3/account': signed(5, (call) => account(call, true)),
  'GET /fapi/v2/balance': signed(5, balances),
  'GET /fapi/v3/balance': signed(5, balances),
  'GET /fapi/v2/positionRisk': signed(5, (call) => positionRisk(call, false)),
  'GET /fapi/v3/positionRisk': signed(5, (call) => positionRisk(call, true)),
  'GET /fapi/v1/leverageBracket': signed(1, leverageBrackets),
  'GET /fapi/v1/multiAssetsMargin': signed(30, () => ({ multiAssetsMargin: false })),
  'GET /fapi/v1/positionSide/dual': signed(30, () => ({ dualSidePosition: false })),
};

function userTrades(call: Call): Json {
  const market = marketOf(call, true);
  const given = windowOf(call);
  const fromId = integer(call, 'fromId');
  const limit = limitOf(call, 'limit', 500, 1_000);
  if (fromId !== null && (given.startTime !== null || given.endTime !== null)) {
    throw refusal(400, -1128, 'Combination of optional parameters invalid.');
  }
  boundWindow(given, WEEK_MS, () =>
    refusal(400, -4166, 'Search window is restricted to recent 7 days only.'),
  );
  // One end alone, or neither, is completed to seven days.
  const endTime =
    given.endTime ?? (given.startTime === null ? call.now : given.startTime + WEEK_MS);
  const window = { startTime: given.startTime ?? endTime - WEEK_MS, endTime };
  const isFill = (event: ScenarioEvent): event is FuturesFill =>
    event.kind === 'futures-fill' && event.market === market.symbol;
  const fills = feed(call, isFill)
    .filter(({ at }) => at >= call.now - TRADE_HISTORY_MS)
    .filter(({ at, tradeId }) =>
      fromId === null ? within(window, at) : tradeId >= BigInt(fromId),
    );
  const latest = fromId === null && given.startTime === null;
  const first = latest ? Math.max(0, fills.length - limit) : 0;
  return cutPage(call, fills, first, limit).map((fill) => ({
    symbol: symbolId(market),
    id: fill.tradeId,
    orderId: fill.orderId,
    side: fill.side.toUpperCase(),
    price: text(fill.price, market.tickDigits),
    qty: text(fill.quantity, market.lotDigits),
    realizedPnl: fill.realised === 0n ? '0' : text(fill.realised),
    marginAsset: market.quote,
    quoteQty: plainText(fill.quote),
    commission: text(fill.fee),
    commissionAsset: fill.feeAsset,
    time: fill.at,
    positionSide: 'BOTH',
    buyer: fill.side === 'buy',
    maker: fill.maker,
  }));
}

interface IncomeRow {
  readonly at: number;
  readonly type: string;
  readonly market: string;
  readonly asset: string;
  readonly amount: Units;
  readonly tranId: bigint;
  readonly tradeId: string;
}

function income(call: Call): Json {
  const given = windowOf(call);
  const type = call.params.get('incomeType');
  const symbol = call.params.get('symbol');
  const limit = limitOf(call, 'limit', 100, 1_000);
  const page = limitOf(call, 'page', 1, 1_000_000);
  const unbounded = given.startTime === null && given.endTime === null;
  const oldest = call.now - (unbounded ? WEEK_MS : INCOME_HISTORY_MS);
  const known = call.venue.scenario.events.filter(({ at }) => at <= call.now);
  const rows = served(call, known.flatMap(incomeRows))
    .filter(({ at }) => at >= oldest && within(given, at))
    .filter((row) => type === null || row.type === type)
    .filter((row) => symbol === null || idOf(row.market) === symbol);
  return cutPage(call, rows, (page - 1) * limit, limit).map((row) => ({
    symbol: idOf(row.market),
    incomeType: row.type,
    income: text(row.amount),
    asset: row.asset,
    time: row.at,
    info: row.type,
    tranId: row.tranId,
    tradeId: row.tradeId,
  }));
}

/** Profit and commission of one fill share a tranId: it is unique within one income type only. */
function incomeRows(event: ScenarioEvent): IncomeRow[] {
  const row = (type: string, market: string, asset: string, amount: Units, tradeId = '') => ({
    at: event.at,
    type,
    market,
    asset,
    amount,
    tranId: event.id,
    tradeId,
  });
  switch (event.kind) {
    case 'futures-fill': {
      const { market, realised, fee, feeAsset } = event;
      const tradeId = String(event.tradeId);
      const commission = row('COMMISSION', market, feeAsset, -fee, tradeId);
      if (realised === 0n) return [commission];
      return [row('REALIZED_PNL', market, settleOf(market), realised, tradeId), commission];
    }
    case 'funding':
      return [row('FUNDING_FEE', event.market, event.asset, event.amount)];
    case 'transfer':
      if (event.to === 'futures') return [row('TRANSFER', '', event.asset, event.amount)];
      return event.from === 'futures' ? [row('TRANSFER', '', event.asset, -event.amount)] : [];
    case 'reward':
      if (event.wallet !== 'futures') return [];
      return [row('COMMISSION_REBATE', '', event.asset, event.amount)];
    case 'spot-fill':
    case 'deposit':
    case 'withdrawal':
    case 'dust':
    case 'conversion':
      return [];
  }
}

interface Held {
  readonly market: Market;
  readonly position: Position;
  readonly mark: Units;
  readonly profit: Units;
  readonly notional: Units;
}

function positions(call: Call, heldOnly: boolean): readonly Held[] {
  const book = call.venue.bookAt(call.now);
  return call.venue.scenario.markets
    .filter(({ perpetual }) => perpetual)
    .map((market) => {
      const position = book.positions.get(market.symbol) ?? FLAT;
      const mark = livePrice(call, markSeries(market.symbol));
      return {
        market,
        position,
        mark,
        profit: roundedQuotient(unrealised(position, mark), ONE),
        notional: roundedQuotient(position.contracts * mark, ONE),
      };
    })
    .filter(({ position }) => !heldOnly || position.contracts !== 0n);
}

function positionRisk(call: Call, heldOnly: boolean): Json {
  const symbol = call.params.get('symbol');
  return positions(call, heldOnly)
    .filter(({ market }) => symbol === null || symbolId(market) === symbol)
    .map((held) => ({
      ...positionHead(held),
      entryPrice: entryPrice(held.position),
      breakEvenPrice: entryPrice(held.position),
      markPrice: text(held.mark),
      unRealizedProfit: text(held.profit),
      liquidationPrice: '0',
      isolatedMargin: ZERO,
      isolatedWallet: '0',
      ...(heldOnly
        ? { marginAsset: held.market.quote, ...margins(held.notional), adl: 1 }
        : {
            leverage: String(LEVERAGE),
            maxNotionalValue: '100000000',
            marginType: 'cross',
            isAutoAddMargin: 'false',
          }),
    }));
}

function account(call: Call, heldOnly: boolean): Json {
  const all = positions(call, heldOnly);
  const wallet = balance(call.venue.bookAt(call.now), 'futures', 'USDT');
  const profit = all.reduce((sum, held) => sum + held.profit, 0n);
  const notional = all.reduce((sum, held) => sum + magnitude(held.notional), 0n);
  const { initialMargin, maintMargin } = margins(notional);
  return {
    totalInitialMargin: initialMargin,
    totalMaintMargin: maintMargin,
    totalWalletBalance: text(wallet),
    totalUnrealizedProfit: text(profit),
    totalMarginBalance: text(wallet + profit),
    totalPositionInitialMargin: initialMargin,
    totalOpenOrderInitialMargin: ZERO,
    totalCrossWalletBalance: text(wallet),
    totalCrossUnPnl: text(profit),
    availableBalance: text(wallet + profit - notional / LEVERAGE),
    maxWithdrawAmount: text(wallet + profit - notional / LEVERAGE),
    assets: futuresAssets(call).map(({ asset, amount, updateTime }) => {
      const own = asset === 'USDT' ? { profit, notional } : { profit: 0n, notional: 0n };
      const margin = margins(own.notional);
      return {
        asset,
        walletBalance: text(amount),
        unrealizedProfit: text(own.profit),
        marginBalance: text(amount + own.profit),
        ...margin,
        positionInitialMargin: margin.initialMargin,
        openOrderInitialMargin: ZERO,
        crossWalletBalance: text(amount),
        crossUnPnl: text(own.profit),
        availableBalance: text(amount + own.profit - own.notional / LEVERAGE),
        maxWithdrawAmount: text(amount + own.profit - own.notional / LEVERAGE),
        marginAvailable: true,
        updateTime,
      };
    }),
    positions: all.map((held) => ({
      ...positionHead(held),
      unrealizedProfit: text(held.profit),
      isolatedMargin: ZERO,
      isolatedWallet: '0',
      ...margins(held.notional),
      ...(heldOnly
        ? {}
        : {
            entryPrice: entryPrice(held.position),
            leverage: String(LEVERAGE),
            isolated: false,
            maxNotional: '100000000',
          }),
    })),
  };
}

function balances(call: Call): Json {
  const profit = positions(call, true).reduce((sum, held) => sum + held.profit, 0n);
  return futuresAssets(call).map(({ asset, amount, updateTime }) => ({
    accountAlias: 'SgsR',
    asset,
    balance: text(amount),
    crossWalletBalance: text(amount),
    crossUnPnl: asset === 'USDT' ? text(profit) : ZERO,
    availableBalance: text(amount),
    maxWithdrawAmount: text(amount),
    marginAvailable: true,
    updateTime,
  }));
}

function futuresAssets(call: Call): { asset: string; amount: Units; updateTime: number }[] {
  const book = call.venue.bookAt(call.now);
  return ['USDT', 'BNB', 'USDC'].map((asset) => ({
    asset,
    amount: balance(book, 'futures', asset),
    updateTime: asset === 'USDC' ? 0 : call.now,
  }));
}

function leverageBrackets(call: Call): Json {
  const symbol = call.params.get('symbol');
  return call.venue.scenario.markets
    .filter((market) => market.perpetual && (symbol === null || symbolId(market) === symbol))
    .map((market) => ({
      symbol: symbolId(market),
      brackets: [
        {
          bracket: 1,
          initialLeverage: 125,
          notionalCap: 100_000_000,
          notionalFloor: 0,
          maintMarginRatio: 0.004,
          cum: 0,
        },
      ],
    }));
}

function positionHead({ market, position, notional }: Held): Record<string, Json> {
  return {
    symbol: symbolId(market),
    positionSide: 'BOTH',
    positionAmt: text(position.contracts, market.lotDigits),
    notional: text(notional),
    updateTime: position.changedAt,
  };
}

function entryPrice({ contracts, cost }: Position): string {
  return contracts === 0n ? '0.0' : plainText(roundedQuotient(cost, contracts));
}

function margins(notional: Units): { initialMargin: string; maintMargin: string } {
  const size = magnitude(notional);
  return { initialMargin: text(size / LEVERAGE), maintMargin: text(size / 250n) };
}

function magnitude(amount: Units): Units {
  return amount < 0n ? -amount : amount;
}

/** `BTC/USDT:USDT` to `BTCUSDT`; empty stays empty. */
function idOf(market: string): string {
  return market.replace('/', '').replace(/:.*/, '');
}

function settleOf(market: string): string {
  return market.slice(market.indexOf(':') + 1);
}
