// Signed endpoints of everything that moves money in, out or between wallets beside trades: /sapi
// deposits, withdrawals, transfers, rewards, dust, convert and fiat. Windows, defaults and limits
// as developers.binance.com states them; rows newest first where Binance's are.

import type { Deposit, ScenarioEvent, Wallet, Withdrawal } from '../scenario/events.ts';
import { ONE, plainText, text } from '../scenario/units.ts';
import type { Units } from '../scenario/units.ts';
import {
  DAY_MS,
  boundWindow,
  cutPage,
  feed,
  integer,
  limitOf,
  networkOf,
  required,
  signed,
  windowOf,
  within,
} from './call.ts';
import type { Call, Endpoint, Window } from './call.ts';
import type { Json } from '../simulator/json.ts';
import { refusal } from './refusal.ts';

const CAPITAL_WINDOW_MS = 90 * DAY_MS;
const TRANSFER_HISTORY_MS = 183 * DAY_MS;
const WALLET_NAMES: Readonly<Record<Wallet, string>> = {
  spot: 'MAIN',
  funding: 'FUNDING',
  futures: 'UMFUTURE',
};
/** The wallets that universal transfers connect; the account uses three of them. */
const WALLETS = [
  'MAIN',
  'FUNDING',
  'UMFUTURE',
  'CMFUTURE',
  'MARGIN',
  'ISOLATEDMARGIN',
  'OPTION',
  'PORTFOLIO_MARGIN',
];

export const movementEndpoints: Readonly<Record<string, Endpoint>> = {
  'GET /sapi/v1/capital/deposit/hisrec': signed(1, deposits),
  'GET /sapi/v1/capital/withdraw/history': signed(18_000, withdrawals, 'sapi-uid'),
  'GET /sapi/v1/asset/transfer': signed(1, transfers),
  'GET /sapi/v1/asset/assetDividend': signed(10, dividends),
  'GET /sapi/v1/asset/dribblet': signed(1, dustLog),
  'GET /sapi/v1/convert/tradeFlow': signed(3_000, conversions, 'sapi-uid'),
  'GET /sapi/v1/fiat/orders': signed(90_000, fiat, 'sapi-uid'),
  'GET /sapi/v1/fiat/payments': signed(1, fiat),
};

/**
 * Both capital histories serve the last 90 days unless asked otherwise, and never more than 90 at
 * once.
 */
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
  if (!WALLETS.some((from) => WALLETS.some((to) => type === `${from}_${to}`))) {
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
