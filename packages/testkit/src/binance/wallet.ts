// Signed endpoints of the spot account and of everything that moves money in and out of it:
// /api/v3 account and trades, /sapi deposits, withdrawals, transfers, rewards, dust, convert, snapshots.
// Windows, defaults and limits as developers.binance.com states them; rows newest first where Binance's are.

import type { Deposit, ScenarioEvent, SpotFill, Wallet, Withdrawal } from '../scenario/events.ts';
import { balance, unrealised } from '../scenario/book.ts';
import type { Book } from '../scenario/book.ts';
import { markSeries } from '../scenario/markets.ts';
import { plainText, roundedQuotient, text, ONE } from '../scenario/units.ts';
import type { Units } from '../scenario/units.ts';
import {
  DAY_MS,
  boundWindow,
  cutPage,
  integer,
  limitOf,
  marketOf,
  required,
  served,
  symbolId,
  windowOf,
  within,
} from './call.ts';
import type { Call, Endpoint, Window } from './call.ts';
import type { Json } from './json.ts';
import { refusal } from './refusal.ts';

const CAPITAL_WINDOW_MS = 90 * DAY_MS;
const TRANSFER_HISTORY_MS = 183 * DAY_MS;
const WALLET_NAMES: Readonly<Record<Wallet, string>> = {
  spot: 'MAIN',
  funding: 'FUNDING',
  futures: 'UMFUTURE',
};
const TRANSFER_TYPE =
  /^(MAIN|FUNDING|UMFUTURE|CMFUTURE|MARGIN|ISOLATEDMARGIN|OPTION|PORTFOLIO_MARGIN)_(MAIN|FUNDING|UMFUTURE|CMFUTURE|MARGIN|ISOLATEDMARGIN|OPTION|PORTFOLIO_MARGIN)$/;
const NETWORKS: Readonly<Record<string, string>> = { BTC: 'BTC', USDT: 'TRX' };

export const walletEndpoints: Readonly<Record<string, Endpoint>> = {
  'GET /api/v3/account': signed(20, spotAccount),
  'GET /api/v3/myTrades': signed(20, spotTrades),
  'GET /sapi/v1/account/apiRestrictions': signed(1, ({ venue }) => ({
    ...venue.permissions(),
    createTime: venue.scenario.start,
    tradingAuthorityExpirationTime: venue.scenario.end + 90 * DAY_MS,
  })),
  'GET /sapi/v1/capital/config/getall': signed(10, coins),
  'GET /sapi/v1/capital/deposit/hisrec': signed(1, deposits),
  'GET /sapi/v1/capital/withdraw/history': signed(18_000, withdrawals, 'sapi-uid'),
  'GET /sapi/v1/asset/transfer': signed(1, transfers),
  'GET /sapi/v1/asset/assetDividend': signed(10, dividends),
  'GET /sapi/v1/asset/dribblet': signed(1, dustLog),
  'GET /sapi/v1/convert/tradeFlow': signed(3_000, conversions, 'sapi-uid'),
  'GET /sapi/v1/fiat/orders': signed(90_000, fiat, 'sapi-uid'),
  'GET /sapi/v1/fiat/payments': signed(1, fiat),
  'GET /sapi/v1/accountSnapshot': signed(2_400, snapshots),
  'GET /sapi/v1/system/status': { security: 'none', weight: 1, answer: systemStatus },
  'GET /sapi/v1/margin/allPairs': { security: 'key', weight: 1, answer: () => [] },
  'GET /sapi/v1/margin/isolated/allPairs': { security: 'key', weight: 10, answer: () => [] },
  'POST /sapi/v1/asset/get-funding-asset': signed(1, (call) => walletAssets(call, 'funding')),
  'POST /sapi/v3/asset/getUserAsset': signed(5, (call) => walletAssets(call, 'spot')),
};

function signed(
  weight: number,
  answer: Endpoint['answer'],
  pool?: NonNullable<Endpoint['pool']>,
): Endpoint {
  return { security: 'signed', weight, answer, ...(pool === undefined ? {} : { pool }) };
}

function systemStatus(): Json {
  return { status: 0, msg: 'normal' };
}

/** The events of one kind that the venue knows by now, oldest first, less those a fault withholds. */
function feed<Row extends ScenarioEvent>(
  call: Call,
  is: (event: ScenarioEvent) => event is Row,
  seenAt: (row: Row) => number = (row) => row.at,
): readonly Row[] {
  const known = call.venue.scenario.events.filter(is).filter((row) => seenAt(row) <= call.now);
  return served(
    call,
    known.sort((a, b) => seenAt(a) - seenAt(b)),
  );
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

function networkOf(coin: string): string {
  return NETWORKS[coin] ?? 'ETH';
}

/** Both capital histories serve the last 90 days unless asked otherwise, and never more than 90 at once. */
function capitalWindow(call: Call): Window {
  const { startTime, endTime } = windowOf(call);
  const end = endTime ?? call.now;
  const window = { startTime: startTime ?? end - CAPITAL_WINDOW_MS, endTime: end };
  boundWindow(window, CAPITAL_WINDOW_MS, () =>
    refusal(400, -4047, 'Time interval must be within 0-90 days'),
  );
  return window;
}

function deposits(call: Call): Json {
  const window = capitalWindow(call);
  const [coin, status] = [call.params.get('coin'), integer(call, 'status')];
  const isDeposit = (event: ScenarioEvent): event is Deposit => event.kind === 'deposit';
  const rows = feed(call, isDeposit, ({ seenAt }) => seenAt)
    .filter(({ seenAt, asset }) => within(window, seenAt) && (coin === null || coin === asset))
    .filter((row) => status === null || depositStatus(row, call.now) === status)
    .toReversed();
  const page = cutPage(
    call,
    rows,
    integer(call, 'offset') ?? 0,
    limitOf(call, 'limit', 1_000, 1_000),
  );
  return page.map((row) => {
    const settled = depositStatus(row, call.now) !== 0;
    return {
      id: String(row.id),
      amount: plainText(row.amount),
      coin: row.asset,
      network: networkOf(row.asset),
      status: depositStatus(row, call.now),
      address: `T${row.txId.slice(0, 33)}`,
      addressTag: '',
      txId: row.txId,
      insertTime: row.seenAt,
      ...(settled ? { completeTime: row.at } : {}),
      transferType: 0,
      confirmTimes: settled ? '1/1' : '0/1',
      unlockConfirm: 0,
      walletType: 0,
      travelRuleStatus: 0,
    };
  });
}

/** 0 pending, 6 credited but not yet withdrawable, 1 success. */
function depositStatus(row: Deposit, now: number): 0 | 1 | 6 {
  if (!row.credited || now < row.at) return 0;
  return now < row.unlockedAt ? 6 : 1;
}

function withdrawals(call: Call): Json {
  const window = capitalWindow(call);
  const [coin, status] = [call.params.get('coin'), integer(call, 'status')];
  const isWithdrawal = (event: ScenarioEvent): event is Withdrawal => event.kind === 'withdrawal';
  const rows = feed(call, isWithdrawal)
    .filter(({ at, asset }) => within(window, at) && (coin === null || coin === asset))
    .filter((row) => status === null || withdrawalStatus(row, call.now) === status)
    .toReversed();
  const page = cutPage(
    call,
    rows,
    integer(call, 'offset') ?? 0,
    limitOf(call, 'limit', 1_000, 1_000),
  );
  return page.map((row) => ({
    id: row.txId.slice(0, 32),
    amount: plainText(row.amount),
    transactionFee: plainText(row.networkFee),
    coin: row.asset,
    status: withdrawalStatus(row, call.now),
    address: `T${row.txId.slice(0, 33)}`,
    txId: row.cancelled ? '' : row.txId,
    applyTime: secondsText(row.at),
    network: networkOf(row.asset),
    transferType: 0,
    info: '',
    confirmNo: 3,
    walletType: 0,
    txKey: '',
    ...(withdrawalStatus(row, call.now) === 6
      ? { completeTime: secondsText(row.completedAt) }
      : {}),
  }));
}

/** 1 cancelled, 4 processing, 6 completed. */
function withdrawalStatus(row: Withdrawal, now: number): 1 | 4 | 6 {
  if (row.cancelled) return 1;
  return now < row.completedAt ? 4 : 6;
}

/** `2019-10-12 11:12:02`, UTC: withdrawals are listed by the second. */
function secondsText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

function transfers(call: Call): Json {
  const type = required(call, 'type');
  if (!TRANSFER_TYPE.test(type)) {
    throw refusal(400, -1130, "Data sent for parameter 'type' is not valid.");
  }
  const given = windowOf(call);
  const unbounded = given.startTime === null && given.endTime === null;
  const oldest = call.now - (unbounded ? 7 * DAY_MS : TRANSFER_HISTORY_MS);
  const size = limitOf(call, 'size', 10, 100);
  const current = limitOf(call, 'current', 1, 1_000_000);
  const rows = feed(call, (event) => event.kind === 'transfer')
    .filter(({ from, to }) => `${WALLET_NAMES[from]}_${WALLET_NAMES[to]}` === type)
    .filter(({ at }) => at >= oldest && within(given, at))
    .toReversed();
  return {
    total: rows.length,
    rows: cutPage(call, rows, (current - 1) * size, size).map((row) => ({
      timestamp: row.at,
      asset: row.asset,
      amount: plainText(row.amount),
      type,
      status: 'CONFIRMED',
      tranId: row.id,
    })),
  };
}

function dividends(call: Call): Json {
  const window = windowOf(call);
  boundWindow(window, 180 * DAY_MS, () =>
    refusal(400, -1127, 'More than 180 days between startTime and endTime.'),
  );
  const asset = call.params.get('asset');
  const rows = feed(call, (event) => event.kind === 'reward')
    .map((row, index) => ({ row, id: 1_637_366_104 + 13 * index }))
    .filter(({ row }) => row.wallet === 'spot' && within(window, row.at))
    .filter(({ row }) => asset === null || asset === row.asset)
    .toReversed();
  return {
    rows: cutPage(call, rows, 0, limitOf(call, 'limit', 20, 500)).map(({ row, id }) => ({
      id,
      amount: text(row.amount),
      asset: row.asset,
      divTime: row.at,
      enInfo: row.note,
      tranId: row.id,
      direction: 1,
    })),
    total: rows.length,
  };
}

function dustLog(call: Call): Json {
  const window = windowOf(call);
  const rows = feed(call, (event) => event.kind === 'dust')
    .filter(({ at }) => within(window, at))
    .toReversed();
  const sum = (amounts: readonly Units[]): string => text(amounts.reduce((a, b) => a + b, 0n));
  return {
    total: rows.length,
    userAssetDribblets: cutPage(call, rows, 0, 100).map((row) => ({
      operateTime: row.at,
      totalTransferedAmount: sum(row.parts.map(({ received }) => received)),
      totalServiceChargeAmount: sum(row.parts.map(({ charge }) => charge)),
      transId: row.id,
      userAssetDribbletDetails: row.parts.map((part) => ({
        transId: row.id,
        serviceChargeAmount: text(part.charge),
        amount: plainText(part.amount),
        operateTime: row.at,
        transferedAmount: text(part.received),
        fromAsset: part.asset,
      })),
    })),
  };
}

function conversions(call: Call): Json {
  required(call, 'startTime');
  required(call, 'endTime');
  const window = windowOf(call);
  boundWindow(window, 30 * DAY_MS, () =>
    refusal(400, -1127, 'More than 30 days between startTime and endTime.'),
  );
  const limit = limitOf(call, 'limit', 100, 1_000);
  const rows = feed(call, (event) => event.kind === 'conversion').filter(({ at }) =>
    within(window, at),
  );
  return {
    list: cutPage(call, rows, 0, limit).map((row) => ({
      quoteId: row.quoteId,
      orderId: row.orderId,
      orderStatus: 'SUCCESS',
      fromAsset: row.fromAsset,
      fromAmount: plainText(row.fromAmount),
      toAsset: row.toAsset,
      toAmount: plainText(row.toAmount),
      ratio: plainText((row.toAmount * ONE) / row.fromAmount),
      inverseRatio: plainText((row.fromAmount * ONE) / row.toAmount),
      createTime: row.at,
    })),
    startTime: window.startTime,
    endTime: window.endTime,
    limit,
    moreData: rows.length > limit,
  };
}

function fiat(call: Call): Json {
  required(call, 'transactionType');
  return { code: '000000', message: 'success', data: [], total: 0, success: true };
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
