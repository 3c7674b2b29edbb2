// Signed endpoints of the spot account: permissions, balances of the spot and funding wallets,
// trades, coins and the daily snapshots.

import { balance, unrealised } from '../scenario/book.ts';
import type { Book } from '../scenario/book.ts';
import type { ScenarioEvent, SpotFill, Wallet } from '../scenario/events.ts';
import { markSeries } from '../scenario/markets.ts';
import { ONE, plainText, roundedQuotient, text } from '../scenario/units.ts';
import {
  DAY_MS,
  boundWindow,
  cutPage,
  feed,
  integer,
  limitOf,
  marketOf,
  networkOf,
  required,
  served,
  signed,
  symbolId,
  windowOf,
  within,
} from './call.ts';
import type { Call, Endpoint } from './call.ts';
import type { Json } from '../simulator/json.ts';
import { refusal } from './refusal.ts';

export const spotEndpoints: Readonly<Record<string, Endpoint>> = {
  'GET /api/v3/account': signed(20, spotAccount),
  'GET /api/v3/myTrades': signed(20, spotTrades),
  'GET /sapi/v1/account/apiRestrictions': signed(1, ({ venue }) => ({
    ...venue.permissions(),
    createTime: venue.scenario.start,
    tradingAuthorityExpirationTime: venue.scenario.end + 90 * DAY_MS,
  })),
  'GET /sapi/v1/capital/config/getall': signed(10, coins),
  'GET /sapi/v1/accountSnapshot': signed(2_400, snapshots),
  'GET /sapi/v1/system/status': { security: 'none', weight: 1, answer: systemStatus },
  'GET /sapi/v1/margin/allPairs': { security: 'key', weight: 1, answer: () => [] },
  'GET /sapi/v1/margin/isolated/allPairs': { security: 'key', weight: 10, answer: () => [] },
  'POST /sapi/v1/asset/get-funding-asset': signed(1, (call) => walletAssets(call, 'funding')),
  'POST /sapi/v3/asset/getUserAsset': signed(5, (call) => walletAssets(call, 'spot')),
};

function systemStatus(): Json {
  return { status: 0, msg: 'normal' };
}

function spotAccount(call: Call): Json {
  const book = call.venue.bookAt(call.now);
  const last = call.venue.scenario.events.findLast(({ at }) => at <= call.now);
  const omitZero = call.params.get('omitZeroBalances') === 'true';
  return {
    makerCommission: 10,
    takerCommission: 10,
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: {
      maker: '0.00100000',
      taker: '0.00100000',
      buyer: '0.00000000',
      seller: '0.00000000',
    },
    canTrade: true,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: last?.at ?? 0,
    accountType: 'SPOT',
    balances: call.venue.scenario.assets
      .map((asset) => ({ asset, amount: balance(book, 'spot', asset) }))
      .filter(({ amount }) => !omitZero || amount !== 0n)
      .map(({ asset, amount }) => ({ asset, free: text(amount), locked: '0.00000000' })),
    permissions: ['SPOT'],
    uid: call.venue.uid,
  };
}

function spotTrades(call: Call): Json {
  const market = marketOf(call, false);
  const window = windowOf(call);
  const fromId = integer(call, 'fromId');
  const limit = limitOf(call, 'limit', 500, 1_000, true);
  if (fromId !== null && (window.startTime !== null || window.endTime !== null)) {
    throw refusal(400, -1128, 'Combination of optional parameters invalid.');
  }
  boundWindow(window, DAY_MS, () =>
    refusal(400, -1127, 'More than 24 hours between startTime and endTime.'),
  );
  const isFill = (event: ScenarioEvent): event is SpotFill =>
    event.kind === 'spot-fill' && event.market === market.symbol;
  const fills = feed(call, isFill).filter(
    ({ at, tradeId }) => within(window, at) && tradeId >= BigInt(fromId ?? 0),
  );
  // With neither a start nor an id the most recent rows are served, still in ascending order.
  const latest = fromId === null && window.startTime === null;
  const first = latest ? Math.max(0, fills.length - limit) : 0;
  return cutPage(call, fills, first, limit).map((fill) => ({
    symbol: symbolId(market),
    id: fill.tradeId,
    orderId: fill.orderId,
    orderListId: -1,
    price: text(fill.price),
    qty: text(fill.quantity),
    quoteQty: text(fill.quote),
    commission: text(fill.fee),
    commissionAsset: fill.feeAsset,
    time: fill.at,
    isBuyer: fill.side === 'buy',
    isMaker: fill.maker,
    isBestMatch: true,
  }));
}

function coins(call: Call): Json {
  const book = call.venue.bookAt(call.now);
  return call.venue.scenario.assets.map((coin) => ({
    coin,
    depositAllEnable: true,
    free: plainText(balance(book, 'spot', coin)),
    freeze: '0',
    ipoable: '0',
    ipoing: '0',
    isLegalMoney: false,
    locked: '0',
    name: coin,
    networkList: [
      {
        coin,
        network: networkOf(coin),
        name: networkOf(coin),
        isDefault: true,
        depositEnable: true,
        withdrawEnable: true,
        withdrawFee: '0.0002',
        withdrawMin: '0.001',
        withdrawMax: '9999999',
        withdrawIntegerMultiple: '0.00000001',
        minConfirm: 1,
        unLockConfirm: 2,
      },
    ],
    storage: '0',
    trading: true,
    withdrawAllEnable: true,
    withdrawing: '0',
  }));
}

function walletAssets(call: Call, wallet: Wallet): Json {
  const book = call.venue.bookAt(call.now);
  return call.venue.scenario.assets
    .filter((asset) => balance(book, wallet, asset) !== 0n)
    .map((asset) => ({
      asset,
      free: plainText(balance(book, wallet, asset)),
      locked: '0',
      freeze: '0',
      withdrawing: '0',
      ...(wallet === 'spot' ? { ipoable: '0' } : {}),
      btcValuation: '0',
    }));
}

/** One picture per day at 23:59:59 UTC, of the last 30 days. */
function snapshots(call: Call): Json {
  const type = required(call, 'type');
  if (type !== 'SPOT' && type !== 'FUTURES') {
    throw refusal(400, -1130, "Data sent for parameter 'type' is not valid.");
  }
  const window = windowOf(call);
  const limit = limitOf(call, 'limit', 7, 30);
  const rows: Json[] = [];
  const today = Math.floor(call.now / DAY_MS) * DAY_MS;
  for (let day = today - 30 * DAY_MS; day < today; day += DAY_MS) {
    const updateTime = day + DAY_MS - 1_000;
    if (!within(window, updateTime)) continue;
    const book = call.venue.pastBookAt(updateTime);
    const data = type === 'SPOT' ? spotPicture(call, book) : futuresPicture(call, book, updateTime);
    rows.push({ type: type.toLowerCase(), updateTime, data });
  }
  return {
    code: 200,
    msg: '',
    snapshotVos: cutPage(call, served(call, rows.slice(-limit)), 0, limit),
  };
}

function spotPicture(call: Call, book: Book): Json {
  return {
    balances: call.venue.scenario.assets.map((asset) => ({
      asset,
      free: text(balance(book, 'spot', asset)),
      locked: '0.00000000',
    })),
    totalAssetOfBtc: '0.00000000',
  };
}

function futuresPicture(call: Call, book: Book, at: number): Json {
  const { prices } = call.venue.scenario;
  const held = [...book.positions].filter(([, { contracts }]) => contracts !== 0n);
  return {
    assets: [...book.wallets.futures].map(([asset, amount]) => ({
      asset,
      marginBalance: text(amount),
      walletBalance: text(amount),
    })),
    position: held.map(([market, position]) => {
      const mark = prices.at(markSeries(market), at);
      return {
        symbol: market.replace('/', '').replace(/:.*/, ''),
        positionAmt: plainText(position.contracts),
        entryPrice: plainText(roundedQuotient(position.cost, position.contracts)),
        markPrice: text(mark),
        unRealizedProfit: text(roundedQuotient(unrealised(position, mark), ONE)),
      };
    }),
  };
}
