// KuCoin's two ledgers as ledger entries. A row says by how much one balance moved, fee included,
// and what it was afterwards. Types: kucoin.com/docs, "Get Account Ledgers"; one ledger writes
// `KCS Pay Fees` and the other `DEDUCTION_FEES`. No row was seen recorded: names and signs are the
// documentation's. A name that it lacks stops the account, and with another sign or fee the
// balances do not link. Rows are untrusted.

import { add, negate, sign, subtract } from '@track-record/ledger';
import { rowsOf, type Job } from '../feed.ts';
import { flowOf, kindOf, kindsOf, movementOf, post, type Reading } from '../readings.ts';
import type { Row } from '../rows.ts';
import { parseInstant, parseLosslessJson, parseRow, parseSize, parseText, shape } from '../rows.ts';
import type { Running } from '../running.ts';

/** Of the main and the former trade account, and of the trade account since its upgrade. */
export const LEDGER = 'privateGetAccountsLedgers';
export const TRADE_LEDGER = 'privateGetHfAccountsLedgers';
/** The two legs of a transfer are booked a moment apart. */
export const LEG_SLACK_MS = 1_000;

/** Accounts of the perimeter, and those beyond it. */
const INSIDE = new Set(['MAIN', 'TRADE', 'TRADE_HF']);
const OUTSIDE = new Set(['MARGIN', 'ISOLATED', 'MARGIN_V2', 'ISOLATED_V2', 'CONTRACT']);

/** In capitals, blanks as underscores. */
const KINDS = kindsOf({
  fill: 'TRADE_EXCHANGE EXCHANGE',
  conversion: 'INSTANT_EXCHANGE CONVERT_TO_KCS',
  // Deducted in KCS, and then given back in what had been charged.
  fee: 'DEDUCTION_FEES RETURNED_FEES KCS_PAY_FEES REFUNDED_FEES',
  rebate: 'FEE_REBATE REFERRAL_BONUS',
  interest: 'STAKING_PROFITS SOFT_STAKING_PROFITS VOTING_EARNINGS',
  airdrop: 'AIRDROP/FORK DISTRIBUTION',
  reward: 'KUCOIN_BONUS REWARDS OTHER_REWARDS',
  transfer: 'TRANSFER',
  // With the principal that enters or leaves earn and lending products.
  flow: `DEPOSIT WITHDRAWAL WITHDRAW SUB-ACCOUNT_TRANSFER SUB_TRANSFER SUB_TO_SUB_TRANSFER
    BUY_CRYPTO SELL_CRYPTO SEND_RED_ENVELOPE OPEN_RED_ENVELOPE STAKING REDEMPTION VOTING
    REDEMPTION_OF_VOTING LENDINGS LOANS_REPAID`.replaceAll(/\s+/g, ' '),
});

export function readRunning(row: Row): Running {
  const [amount, direction] = [parseSize(row, 'amount'), parseText(row, 'direction')];
  if (direction !== 'in' && direction !== 'out') throw shape('direction');
  return {
    id: parseText(row, 'id'),
    at: parseInstant(row, 'createdAt'),
    asset: `${parseText(row, 'accountType')} ${parseText(row, 'currency')}`,
    change: direction === 'in' ? amount : negate(amount),
    after: parseSize(row, 'balance'),
  };
}

/** `/api/v1/accounts/ledgers` and `/api/v1/hf/accounts/ledgers`. */
export function readEntry(row: Row): readonly Reading[] {
  if (!isInside(row, 'accountType')) return [];
  const type = typeOf(row);
  const kind = kindOf({ bizType: type }, 'bizType', KINDS);
  const { at, change } = readRunning(row);
  const [id, asset] = [idOf(row), parseText(row, 'currency')];
  if (sign(change) === 0) return [{ id, at, reason: 'moves nothing' }];
  // A withdrawal that comes back brings its fee with it.
  const isBack = type.startsWith('WITHDRAW') && sign(change) > 0;
  const size = parseSize(row, 'fee');
  const fee = isBack ? size : negate(size);
  const own = subtract(change, fee);
  if (kind === 'flow') return flowOf(id, at, asset, own, fee);
  if (kind !== 'fill') return [movementOf(id, at, kind, asset, change)];
  return [
    { id: tradeOf(row), at, kind, postings: [...post(asset, own), ...post(asset, fee, 'fee')] },
  ];
}

/** `/api/v1/accounts`: what is held on orders is part of `balance`. */
export function readAccount(row: Row) {
  if (!isInside(row, 'type')) return [];
  return [[parseText(row, 'currency'), parseSize(row, 'balance')] as const];
}

/** A transfer whose other leg neither ledger tells went to, or came from, an account beyond. */
export function finish(job: Job): Row {
  const open: Row[] = [];
  for (const row of [LEDGER, TRADE_LEDGER].flatMap((method) => rowsOf(job, method))) {
    if (!isInside(row, 'accountType') || KINDS.get(typeOf(row)) !== 'transfer') continue;
    const other = open.findIndex((each) => isOtherLeg(each, row));
    if (other < 0) open.push(row);
    else open.splice(other, 1);
  }
  const beyond = new Map(open.map((row) => [idOf(row), row]));
  for (const [index, { id, at }] of job.readings.entries()) {
    const row = beyond.get(id);
    if (row === undefined) continue;
    const asset = parseText(row, 'currency');
    job.readings[index] = movementOf(id, at, 'flow', asset, readRunning(row).change);
  }
  return {};
}

function isOtherLeg(one: Row, other: Row): boolean {
  const [left, right] = [readRunning(one), readRunning(other)];
  return (
    one['currency'] === other['currency'] &&
    one['accountType'] !== other['accountType'] &&
    sign(add(left.change, right.change)) === 0 &&
    Math.abs(left.at - right.at) <= LEG_SLACK_MS
  );
}

/** An account that is not known might be part of what is owned, so it stops everything. */
function isInside(row: Row, field: string): boolean {
  const account = parseText(row, field).toUpperCase();
  if (!INSIDE.has(account) && !OUTSIDE.has(account)) throw shape(field);
  return INSIDE.has(account);
}

function typeOf(row: Row): string {
  return parseText(row, 'bizType').toUpperCase().replaceAll(' ', '_');
}

function idOf(row: Row): string {
  return `${parseText(row, 'accountType')}.${parseText(row, 'id')}`;
}

/** Both legs name the order and the trade; who trades with himself has two orders in one trade. */
function tradeOf(row: Row): string {
  // Older rows quote with apostrophes.
  const context = String(row['context']).replaceAll("'", '"');
  const trade = parseRow(parseLosslessJson(context), 'context');
  return `trade.${parseText(trade, 'orderId')}.${parseText(trade, 'tradeId')}`;
}
