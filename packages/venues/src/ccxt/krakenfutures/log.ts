// The account log of Kraken's futures as ledger entries. Every row says what a balance or a
// position was before and after; a trade has one of each, under one execution. Kinds of rows:
// docs.kraken.com, "Get account log". Rows are untrusted.

import { ONE, sign, subtract, ZERO, type Decimal } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import type { Contract } from '../markets.ts';
import { kindOf, kindsOf, movementOf, post, type Reading } from '../readings.ts';
import { parseAmount, parseIso, parseRow, parseText, shape } from '../rows.ts';
import { valueAt, type Row } from '../rows.ts';
import type { Running } from '../running.ts';

/** By their names, spaces written as `_`. What is not here stops the account. */
const KINDS = kindsOf({
  fill:
    'futures_trade futures_liquidation futures_partial_liquidation futures_assignor ' +
    'futures_assignee futures_unwind_counterparty futures_unwind_bankrupt',
  settlement: 'settlement',
  funding: 'funding_rate_change',
  interest: 'interest_payment',
  conversion: 'conversion',
  transfer: 'transfer',
  // Kraken's spot wallets and sub-accounts are outside.
  flow: 'cross-exchange_transfer subaccount_transfer admin_transfer',
  fee: 'kfee_applied',
  withholding: 'tax_withheld tax_refund',
});
/** Inverse and linear, perpetual and of a date. */
const NAME = /^([PF][IF])_([A-Z0-9]+)USD(?:_([0-9]{6}))?$/;

export function assetOf(code: string): string {
  const name = code.toUpperCase();
  return name === 'XBT' ? 'BTC' : name;
}

/** A contract by its name, also when it is no longer listed; null: not one that we know. */
export function contractOf(id: string): Contract | null {
  const [, type = '', code, expiry] = NAME.exec(id) ?? [];
  if (code === undefined) return null;
  const [base, quote] = [assetOf(code), 'USD'];
  const kind = type.endsWith('I') ? 'inverse' : 'linear';
  const settle = kind === 'inverse' ? base : quote;
  const symbol = `${base}/${quote}:${settle}${expiry === undefined ? '' : `-${expiry}`}`;
  const instrument = { kind, base, quote, settle, contractSize: ONE, realised: 'posted' } as const;
  return { id, symbol, instrument };
}

export function readRunning(row: Row): Running {
  const after = parseAmount(row, 'new_balance');
  return {
    id: parseText(row, 'id'),
    at: parseIso(row, 'date'),
    asset: `${parseText(row, 'margin_account')} ${parseText(row, 'asset')}`,
    change: subtract(after, parseAmount(row, 'old_balance')),
    after,
  };
}

export function readLog(row: Row): readonly Reading[] {
  const info = parseText(row, 'info').replaceAll(' ', '_');
  const kind = kindOf({ info }, 'info', KINDS);
  const { id: own, at, change } = readRunning(row);
  const asset = assetOf(parseText(row, 'asset'));
  const isTrade = kind === 'fill' || kind === 'settlement';
  const execution = row['execution'] ?? '';
  const id = isTrade && execution !== '' ? `trade.${parseText(row, 'execution')}` : `log.${own}`;
  if (asset === 'KFEE') return [{ id, at, reason: 'fee credits' }];
  if (sign(change) === 0) return [{ id: `log.${own}`, at, reason: 'moves nothing' }];
  if (!isTrade) return [movementOf(id, at, kind, asset, change)];
  if (asset.includes('_')) {
    const instrument = contractOf(asset)?.symbol;
    if (instrument === undefined) throw shape('contract');
    const position = { instrument, contracts: change, price: parseAmount(row, 'trade_price') };
    return [{ id, at, kind, position, postings: [] }];
  }
  const [profit, funding] = [partOf(row, 'realized_pnl'), partOf(row, 'realized_funding')];
  // What is left of the change are fees, those of a liquidation too.
  const fees = post(asset, subtract(subtract(change, profit), funding), 'fee');
  return [
    ...(fees.length === 0 ? [] : [{ id, at, kind, postings: fees }]),
    ...(sign(profit) === 0 ? [] : [movementOf(`${id}.profit`, at, 'realised', asset, profit)]),
    ...(sign(funding) === 0 ? [] : [movementOf(`${id}.funding`, at, 'funding', asset, funding)]),
  ];
}

/** null where a row has no such part. */
function partOf(row: Row, field: string): Decimal {
  return row[field] === null ? ZERO : parseAmount(row, field);
}

/** Contracts that have expired are not listed any more. */
export function addUnlisted({ rows, contracts }: Job): Row {
  for (const row of rows.get('historyGetAccountLog') ?? []) {
    const contract = contractOf(parseText(row, 'asset').toUpperCase());
    if (contract !== null && !contracts.has(contract.id)) contracts.set(contract.id, contract);
  }
  return {};
}

/** What every wallet holds; a name with `_` is a position, which another list tells. */
export function balancesIn(answer: unknown): unknown {
  const wallets = Object.values(parseRow(valueAt(answer, 'accounts'), 'accounts'));
  return wallets.flatMap((wallet) => {
    const held = parseRow(valueAt(wallet, 'balances') ?? valueAt(wallet, 'currencies'), 'balances');
    return Object.entries(held)
      .filter(([name]) => !name.includes('_'))
      .map(([name, told]) => ({
        asset: assetOf(name),
        balance: valueAt(told, 'quantity') ?? told,
      }));
  });
}
