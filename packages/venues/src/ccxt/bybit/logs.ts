// The two ledgers of a Bybit account as entries: the transaction log of the unified account and the
// history of the funding account. Both say by how much a balance moved and what it was afterwards.
// Types: bybit-exchange.github.io/docs/v5/enum, "type(uta-translog)". The funding account's keys
// are not listed by Bybit; these are the ones that live accounts have shown. Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { add, negate, sign, subtract, ZERO, type EntryKind } from '@track-record/ledger';
import { isInside, rowsOf, type Job } from '../feed.ts';
import { perpetualOf, type Contract, type Markets } from '../markets.ts';
import { contractFill, kindOf, kindsOf, movementOf, post, type Reading } from '../readings.ts';
import { parseAmount, parseInstant, parseSize, parseText, shape, type Row } from '../rows.ts';
import { checkRunning, type Running } from '../running.ts';
import { splitWithdrawals } from '../withdrawals.ts';

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
/** Before each of the funding account's keys. */
const KEY = /^fundingAccountRecord/;
const FUNDING_KINDS = kindsOf({
  transfer: 'TransferFromTradingAccount Transfer2TradingAccount',
  // Principal that enters or leaves P2P, cards and loans leaves the perimeter.
  flow:
    'TypeDeposit TypeWithdraw TransferFromSubAccount TransferOut2SubAccount P2PPurchase P2PSale ' +
    'CancelledP2PSale PendingDeposit ConfirmedDeposit FiatGAFreeze FiatGAUNFreeze ' +
    'BybitpayFiatFreeze BybitpayFiatUNFreeze FixedRateLoansPledgeIncrease',
  interest: 'FlexSavingInterestDistribution',
  reward: 'LaunchpoolIssuance',
  airdrop: 'Airdrop',
  conversion: 'Convert',
});

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
  const sides = readSides(row);
  // A fee paid in another coin has a row of its own.
  if (sides.length === 0) return [movementOf(id, at, 'fee', asset, change)];
  const contract = contractOf(row, contracts);
  const price = parseSize(row, 'tradePrice');
  return sides.flatMap((side, index) => {
    const instrument = `${contract.symbol}${side.asset.slice(market.length)}`;
    const position = { instrument, contracts: side.change, price };
    const key = [category, index === 0 ? trade : `${trade}.turn`] as const;
    return contractFill(key, at, position, index === 0 ? own : [], index === 0 ? fees : []);
  });
}

/** A contract that is no longer listed is named by the coin in which it settled. */
function contractOf(row: Row, contracts: Markets['contracts']): Contract {
  const [market, coin] = [parseText(row, 'symbol'), parseText(row, 'currency')];
  const base = market.endsWith(coin) ? market.slice(0, -coin.length) : '';
  const contract = contracts.get(market) ?? perpetualOf(market, base, coin);
  // Dated contracts and options are settled by deliveries, which are not read.
  const isPerpetual = contract.instrument.kind === parseText(row, 'category');
  if (!isPerpetual || contract.instrument.base === '') throw shape('category');
  return contract;
}

/**
 * What a fill does to the long and to the short side of its contract, by the size that is left. The
 * log does not say whether an account is in hedge mode; told apart by sign, the sides have the same
 * worth in either mode. A fill that turns a position around closes one side and opens the other.
 */
function readSides(row: Row): readonly Running[] {
  const [market, side] = [parseText(row, 'symbol'), parseText(row, 'side')];
  if (side !== 'Buy' && side !== 'Sell') throw shape('side');
  const [quantity, left] = [parseSize(row, 'qty'), parseAmount(row, 'size')];
  const before = side === 'Buy' ? subtract(left, quantity) : add(left, quantity);
  const part = (asset: string, direction: number): Running => {
    const from = sign(before) === direction ? before : ZERO;
    const after = sign(left) === direction ? left : ZERO;
    return { ...readLogRunning(row), asset, change: subtract(after, from), after };
  };
  const sides = [part(market, 1), part(`${market}#SHORT`, -1)];
  return sides.filter(({ change }) => sign(change) !== 0);
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
  return [movementOf(`funding-account.${id}`, at, fundingKindOf(row), asset, change)];
}

/** Named by its description, or else by its type of business. */
function fundingKindOf(row: Row): EntryKind {
  const [key = '', business] = ['description', 'showBusiType'].map((field) =>
    parseText(row, field).replace(KEY, ''),
  );
  return kindOf({ key: FUNDING_KINDS.has(key) ? key : business }, 'key', FUNDING_KINDS);
}

/** Transfers between the two accounts are told by the funding account's history. */
export function isTransfer(row: Row): boolean {
  return kindOf(row, 'type', LOG_KINDS) === 'transfer';
}

/** What the feeds prove together, where one row alone does not say what it is. */
export function finish(job: Job): Row {
  const isFill = (row: Row): boolean => kindOf(row, 'type', LOG_KINDS) === 'fill';
  const fills = rowsOf(job, LOG).filter((row) => isFill(row) && row['category'] !== 'spot');
  checkRunning(fills.flatMap(readSides));
  for (const row of fills.filter((each) => readSides(each).length > 0)) {
    job.contracts.set(parseText(row, 'symbol'), contractOf(row, job.contracts));
  }
  tellCrossings(job);
  splitWithdrawals(job, {
    ledger: FUNDING,
    running: readFundingRunning,
    prefix: 'funding-account.',
    isWithdrawal: (row) => parseText(row, 'showBusiType').endsWith('TypeWithdraw'),
    list: WITHDRAWALS,
    fields: ['coin', 'amount', 'withdrawFee'],
  });
  return {};
}

/** What comes to the unified account or leaves it, and not from or to the funding account. */
function tellCrossings(job: Job): void {
  const moved = rowsOf(job, FUNDING).filter((row) => fundingKindOf(row) === 'transfer');
  const legs = moved.map(readFundingRunning);
  for (const { id, at, asset, change } of rowsOf(job, LOG).filter(isTransfer).map(readLogRunning)) {
    const other = legs.findIndex(
      (leg) =>
        leg.asset === asset &&
        sign(add(leg.change, change)) === 0 &&
        Math.abs(leg.at - at) <= TRANSFER_SLACK_MS,
    );
    if (other >= 0) legs.splice(other, 1);
    else job.readings.push(movementOf(`log.${id}`, at, 'flow', asset, change));
  }
  if (legs.some(({ at }) => isInside(job, at))) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'transfers' });
  }
}
