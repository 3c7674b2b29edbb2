// The two ledgers of a Bybit account as entries: the transaction log of the unified account and the
// history of the funding account. Both say by how much a balance moved and what it was afterwards.
// Types: bybit-exchange.github.io/docs/v5/enum, "type(uta-translog)". The funding account's keys
// are not listed by Bybit; these are the ones that live accounts have shown. Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { absolute, add, compare, negate, sign, subtract, ZERO } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import type { Markets } from '../markets.ts';
import {
  contractFill,
  flowOf,
  kindOf,
  kindsOf,
  movementOf,
  post,
  settle,
  states,
  type Reading,
} from '../readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../rows.ts';
import { checkRunning, type Running } from '../running.ts';

export const LOG = 'privateGetV5AccountTransactionLog';
export const FUNDING = 'privateGetV5AssetFundinghistory';
export const WITHDRAWALS = 'privateGetV5AssetWithdrawQueryRecord';
/** The legs of a transfer between the two accounts are booked within seconds. */
export const TRANSFER_SLACK_MS = 60_000;

/** Deliveries, loans, custody and premarket are not here: they stop the account. */
const LOG_KINDS = kindsOf({
  transfer: 'TRANSFER_IN TRANSFER_OUT',
  fill: 'TRADE LIQUIDATION ADL',
  funding: 'SETTLEMENT',
  interest: 'INTEREST',
  airdrop: 'AIRDROP',
  reward: 'BONUS',
  rebate: 'FEE_REFUND',
  adjustment: 'BONUS_RECOLLECT AUTO_DEDUCTION',
  conversion: 'CURRENCY_BUY CURRENCY_SELL SPOT_REPAYMENT_BUY SPOT_REPAYMENT_SELL',
  flow: 'FLEXIBLE_STAKING_SUBSCRIPTION FLEXIBLE_STAKING_REDEMPTION FIXED_STAKING_SUBSCRIPTION',
});
/** What follows this in the funding account's keys; a description, or else the type of business. */
const KEY = /^fundingAccountRecord/;
const WITHDRAW = 'TypeWithdraw';
const FUNDING_KINDS = kindsOf({
  transfer: 'TransferFromTradingAccount Transfer2TradingAccount',
  // Principal that enters or leaves P2P, cards and loans leaves the perimeter.
  flow:
    `TypeDeposit ${WITHDRAW} TransferFromSubAccount TransferOut2SubAccount P2PPurchase P2PSale ` +
    'CancelledP2PSale PendingDeposit ConfirmedDeposit FiatGAFreeze FiatGAUNFreeze ' +
    'BybitpayFiatFreeze BybitpayFiatUNFreeze FixedRateLoansPledgeIncrease',
  interest: 'FlexSavingInterestDistribution',
  reward: 'LaunchpoolIssuance',
  airdrop: 'Airdrop',
  conversion: 'Convert',
});

const WITHDRAWAL_STATES = states(
  ['success', 'BlockchainConfirmed'],
  ['SecurityCheck', 'Pending', 'MoreInformationRequired', 'Unknown'],
  { CancelByUser: 'cancelled', Reject: 'rejected', Fail: 'failed' },
);

/** Ids are shared by rows of several types; a row is named by all that tells it apart. */
export function readLogRunning(row: Row): Running {
  const [at, asset] = [parseInstant(row, 'transactionTime'), parseText(row, 'currency')];
  const [change, after] = [parseAmount(row, 'change'), parseAmount(row, 'cashBalance')];
  const parts = ['type', 'id', 'currency', 'transactionTime', 'cashBalance'];
  const trade = row['tradeId'] === '' ? [] : ['tradeId'];
  const id = [...parts, ...trade].map((part) => parseText(row, part)).join('.');
  return { id, at, asset, change, after };
}

/** `/v5/account/transaction-log`: a trade of a pair has a row for each asset that it moved. */
export function readLog(row: Row, { contracts }: Markets): readonly Reading[] {
  const kind = kindOf(row, 'type', LOG_KINDS);
  const { at, asset, change, ...running } = readLogRunning(row);
  const id = `log.${running.id}`;
  if (kind === 'funding' && sign(parseAmount(row, 'cashFlow')) !== 0) throw shape('cashFlow');
  if (kind !== 'fill') {
    return sign(change) === 0 ? [] : [movementOf(id, at, kind, asset, change)];
  }
  const fee = negate(parseAmount(row, 'fee'));
  const [own, fees] = [post(asset, subtract(change, fee)), post(asset, fee, 'fee')];
  const [market, category] = [parseText(row, 'symbol'), parseText(row, 'category')];
  const trade = `${market}.${parseText(row, 'tradeId')}`;
  if (category === 'spot') {
    return [{ id: `spot-trade.${trade}`, at, kind, postings: [...own, ...fees] }];
  }
  const contract = contracts.get(market);
  // Dated contracts and options are settled by deliveries, which are not read.
  if (contract === undefined || contract.instrument.kind !== category) throw shape('category');
  const sides = readSides(row);
  // A fee paid in another coin has a row of its own.
  if (sides.length === 0) return [movementOf(id, at, 'fee', asset, change)];
  const price = parseSize(row, 'tradePrice');
  return sides.flatMap((side, index) => {
    const instrument = `${contract.symbol}${side.asset.slice(market.length)}`;
    const position = { instrument, contracts: side.change, price };
    const key = [category, index === 0 ? trade : `${trade}.turn`] as const;
    return contractFill(key, at, position, index === 0 ? own : [], index === 0 ? fees : []);
  });
}

/**
 * What a fill does to the long and to the short side of its contract, by the size that is left. The
 * log does not say whether an account is in hedge mode; told apart by sign, the sides have the same
 * worth in either mode. A fill that turns a position around closes one side and opens the other.
 */
function readSides(row: Row): readonly Running[] {
  const [market, { id, at }] = [parseText(row, 'symbol'), readLogRunning(row)];
  const side = parseText(row, 'side');
  const quantity = parseSize(row, 'qty');
  if (sign(quantity) !== 0 && side !== 'Buy' && side !== 'Sell') throw shape('side');
  const change = side === 'Buy' ? quantity : negate(quantity);
  const after = parseAmount(row, 'size');
  const before = subtract(after, change);
  const part = (asset: string, left: number): Running => {
    const [from, to] = [before, after].map((size) => (sign(size) === left ? size : ZERO));
    return { id, at, asset, change: subtract(to ?? ZERO, from ?? ZERO), after: to ?? ZERO };
  };
  const sides = [part(market, 1), part(`${market}#SHORT`, -1)];
  return sides.filter((each) => sign(each.change) !== 0);
}

/** No id is documented: the balance afterwards tells rows of one second apart. */
export function readFundingRunning(row: Row): Running {
  const direction = parseText(row, 'ioDirection');
  if (direction !== 'I' && direction !== 'O') throw shape('ioDirection');
  const amount = parseSize(row, 'txnAmt');
  const parts = ['currency', 'createTime', 'ioDirection', 'txnAmt', 'afterAmt'];
  return {
    id: parts.map((part) => parseText(row, part)).join('.'),
    // In seconds.
    at: parseInstant({ createTime: `${parseText(row, 'createTime')}000` }, 'createTime'),
    asset: parseText(row, 'currency'),
    change: direction === 'I' ? amount : negate(amount),
    after: parseAmount(row, 'afterAmt'),
  };
}

/** `/v5/asset/fundinghistory`. */
export function readFunding(row: Row): readonly Reading[] {
  const { id, at, asset, change } = readFundingRunning(row);
  return [
    movementOf(
      `funding-account.${id}`,
      at,
      kindOf(keyOf(row), 'key', FUNDING_KINDS),
      asset,
      change,
    ),
  ];
}

function keyOf(row: Row): Row {
  const [key, business] = ['description', 'showBusiType'].map((field) =>
    parseText(row, field).replace(KEY, ''),
  );
  return { key: FUNDING_KINDS.has(String(key)) ? key : business };
}

/** `/v5/asset/withdraw/query-record`: the fee comes on top of what arrives. */
export function readWithdrawal(row: Row): readonly Reading[] {
  const id = `withdrawal.${parseText(row, 'withdrawId')}`;
  const [amount, fee] = [parseSize(row, 'amount'), parseSize(row, 'withdrawFee')].map(negate);
  const [at, asset] = [parseInstant(row, 'createTime'), parseText(row, 'coin')];
  return settle(
    row,
    'status',
    WITHDRAWAL_STATES,
    flowOf(id, at, asset, amount ?? ZERO, fee ?? ZERO),
  );
}

/** What the feeds prove together, where one row alone does not say what it is. */
export function finish(job: Job): Row {
  const isFill = (row: Row): boolean => kindOf(row, 'type', LOG_KINDS) === 'fill';
  const fills = rowsOf(job, LOG).filter((row) => isFill(row) && row['category'] !== 'spot');
  checkRunning(fills.flatMap(readSides));
  tellTransfers(job);
  splitWithdrawals(job);
  return {};
}

/** What moves between the two accounts is told by both; all else that comes or goes crosses. */
function tellTransfers(job: Job): void {
  const isTransfer = (row: Row): boolean => kindOf(keyOf(row), 'key', FUNDING_KINDS) === 'transfer';
  const legs = rowsOf(job, FUNDING).filter(isTransfer).map(readFundingRunning);
  for (const row of rowsOf(job, LOG)) {
    if (kindOf(row, 'type', LOG_KINDS) !== 'transfer') continue;
    const { id, at, asset, change } = readLogRunning(row);
    const other = legs.findIndex(
      (leg) =>
        leg.asset === asset &&
        sign(add(leg.change, change)) === 0 &&
        Math.abs(leg.at - at) <= TRANSFER_SLACK_MS,
    );
    if (other >= 0) legs.splice(other, 1);
    else replace(job, `log.${id}`, [movementOf(`log.${id}`, at, 'flow', asset, change)]);
  }
  if (legs.some(({ at }) => isInside(job, at))) throw incomplete('transfers');
}

/** A withdrawal from the funding account is one sum; the withdrawal itself tells its fee. */
function splitWithdrawals(job: Job): void {
  for (const row of rowsOf(job, FUNDING)) {
    const { id, at, asset, change } = readFundingRunning(row);
    if (keyOf(row)['key'] !== WITHDRAW || !isInside(job, at)) continue;
    const told = rowsOf(job, WITHDRAWALS).find(
      (each) =>
        parseText(each, 'coin') === asset &&
        compare(
          absolute(change),
          add(parseSize(each, 'amount'), parseSize(each, 'withdrawFee')),
        ) === 0,
    );
    if (told === undefined) throw incomplete('withdrawals');
    const charge = parseSize(told, 'withdrawFee');
    const fee = sign(change) < 0 ? negate(charge) : charge;
    const name = `funding-account.${id}`;
    replace(job, name, flowOf(name, at, asset, subtract(change, fee), fee));
  }
}

function replace({ readings }: Job, id: string, by: readonly Reading[]): void {
  const index = readings.findIndex((each) => each.id === id);
  readings.splice(index, 1, ...by);
}

function rowsOf(job: Job, method: string): readonly Row[] {
  return job.rows.get(method) ?? [];
}

function isInside({ window }: Job, at: number): boolean {
  return at >= window.from && at < window.to;
}

function incomplete(place: string): RecordError {
  return new RecordError('VENUE_INCOMPLETE', { place });
}
