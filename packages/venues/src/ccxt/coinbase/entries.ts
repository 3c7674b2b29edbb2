// Coinbase's fills and transactions as ledger entries. A fill tells a trade to the millisecond and
// with its commission; a transaction tells everything else that moved a wallet, to the second.
// Types and states: docs.cdp.coinbase.com, "Transactions" and "List fills". Nothing of this was
// seen recorded. Rows are untrusted.

import { add, divide, multiply, negate, sign } from '@track-record/ledger';
import { ZERO, type Decimal, type Entry } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import { flowOf, isEntry, kindOf, kindsOf, movementOf, post, settle } from '../readings.ts';
import { states, type Reading } from '../readings.ts';
import { parseAmount, parseIso, parseRow, parseSize, parseText, shape, type Row } from '../rows.ts';
import { checkWhole } from '../whole.ts';

/** What is not here stops the account, `tx` too: it says nothing of what it is. */
const KINDS = kindsOf({
  // Vaults, staking, portfolios and derivatives are wallets of their own: what moves there leaves.
  flow: `send receive request transfer fiat_deposit fiat_withdrawal exchange_deposit
    exchange_withdrawal pro_deposit pro_withdrawal vault_withdrawal intx_deposit intx_withdrawal
    derivatives_settlement staking_transfer unstaking_transfer buy sell`.replaceAll(/\s+/g, ' '),
  conversion: 'trade retail_simple_dust wrap_asset unwrap_asset',
  interest: 'interest',
  reward: 'staking_reward inflation_reward earn_payout incentives_rewards_payout',
  rebate: 'subscription_rebate',
  fee: 'subscription',
  adjustment: 'clawback incentives_shared_clawback',
});
const PENDING = 'pending waiting_for_clearing waiting_for_signature'.split(' ');
const STATES = states(['completed'], PENDING, {
  failed: 'failed',
  expired: 'expired',
  canceled: 'cancelled',
});
/** The finest step of a wallet; a size that is told in the quote leaves less than one. */
const STEP: Decimal = { mantissa: 1n, scale: 8 };
const SIZE_SCALE = 18;

/** `/api/v3/brokerage/orders/historical/fills`; the commission is charged in the quote. */
export function readFill(row: Row): readonly Reading[] {
  const [base, quote, ...more] = parseText(row, 'product_id').split('-');
  const side = parseText(row, 'side');
  if (base === undefined || quote === undefined || more.length > 0) throw shape('product_id');
  if (parseText(row, 'trade_type') !== 'FILL') throw shape('trade_type');
  if (side !== 'BUY' && side !== 'SELL') throw shape('side');
  const [size, price] = [parseSize(row, 'size'), parseSize(row, 'price')];
  const isInQuote = row['size_in_quote'] === true;
  const quantity = isInQuote ? divide(size, price, SIZE_SCALE) : size;
  const cost = isInQuote ? size : multiply(size, price);
  const postings = [
    ...post(base, side === 'BUY' ? quantity : negate(quantity)),
    ...post(quote, side === 'BUY' ? negate(cost) : cost),
    ...post(quote, negate(parseAmount(row, 'commission')), 'fee'),
  ];
  const id = `fill.${parseText(row, 'entry_id')}`;
  return [{ id, at: parseIso(row, 'trade_time'), kind: 'fill', postings }];
}

export function isFill(row: Row): boolean {
  return row['type'] === 'advanced_trade_fill';
}

/** `/v2/accounts/{id}/transactions`; a network's fee is part of what leaves. */
export function readTransaction(row: Row): readonly Reading[] {
  const kind = kindOf(row, 'type', KINDS);
  const [type, at] = [parseText(row, 'type'), parseIso(row, 'created_at')];
  const money = parseRow(row['amount'], 'amount');
  const [asset, amount] = [parseText(money, 'currency'), parseAmount(money, 'amount')];
  // Both wallets of a purchase name it; `finish` looks for the other one.
  const isPurchase = type === 'buy' || type === 'sell';
  const told = isPurchase ? `${parseText(parseRow(row[type], type), 'id')}.${asset}` : row['id'];
  const id = `${isPurchase ? type : 'transaction'}.${String(told)}`;
  if (sign(amount) === 0) return [{ id, at, reason: 'moves nothing' }];
  const fee = kind === 'flow' && sign(amount) < 0 ? networkFee(row, asset) : ZERO;
  const entries: readonly Entry[] =
    kind === 'flow'
      ? flowOf(id, at, asset, add(amount, fee), negate(fee))
      : [movementOf(id, at, kind, asset, amount)];
  return settle(row, 'status', STATES, entries);
}

function networkFee(row: Row, asset: string): Decimal {
  if (row['network'] === undefined || row['network'] === null) return ZERO;
  const { transaction_fee: told } = parseRow(row['network'], 'network');
  if (told === undefined || told === null) return ZERO;
  const fee = parseRow(told, 'transaction_fee');
  if (parseText(fee, 'currency') !== asset) throw shape('transaction_fee');
  return parseSize(fee, 'amount');
}

/** `/api/v3/brokerage/accounts`. */
export function readAccount(row: Row): readonly (readonly [string, Decimal])[] {
  const parts = ['available_balance', 'hold'].map((part) => parseRow(row[part], part));
  return parts.map((part) => [parseText(part, 'currency'), parseAmount(part, 'value')] as const);
}

/** What both wallets of one purchase have in common. */
function purchaseOf({ id }: Reading): string {
  return /^(buy|sell)\.[^.]+/.exec(id)?.[0] ?? id;
}

/** Pairs purchases from one wallet to another, and proves a first fetch. */
export async function finish(job: Job): Promise<Row> {
  const told = new Map(job.readings.map((each) => [each.id, each]));
  const purchases = Map.groupBy(told.values(), purchaseOf);
  for (const [index, each] of job.readings.entries()) {
    const isPaired = (purchases.get(purchaseOf(each)) ?? []).length > 1;
    if (isPaired && isEntry(each)) job.readings[index] = { ...each, kind: 'conversion' };
  }
  await checkWhole(job, () => STEP);
  return {};
}
