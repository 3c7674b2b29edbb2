// What a simulated Bybit booked for the scenario: the rows of its two ledgers, oldest first, with
// the balance after each.

import type { Scenario } from '../scenario/build-scenario.ts';
import type { Reward, ScenarioEvent } from '../scenario/events.ts';
import { plainText, type Units } from '../scenario/units.ts';
import type { Json } from '../simulator/json.ts';

export interface LedgerRow {
  /** What a cursor names it by. */
  readonly id: string;
  readonly at: number;
  readonly json: Json;
}

export interface Ledgers {
  readonly log: readonly LedgerRow[];
  readonly funding: readonly LedgerRow[];
}

type Fields = Readonly<Record<string, string>>;
type BookLog = (at: number, asset: string, change: Units, type: string, more?: Fields) => void;
type BookFunding = (at: number, asset: string, change: Units, key: string, group: string) => void;
/** From the funding account to the unified one, or back where the amount is below zero. */
type Move = (at: number, asset: string, amount: Units) => void;

/** The key of the reward and of its type of business, where the funding account receives it. */
const REWARDS: Readonly<Record<Reward['cause'], readonly [key: string, group: string] | null>> = {
  interest: ['FlexSavingInterestDistribution', 'Earn'],
  airdrop: ['AirdropBonus', 'Airdrop'],
  rebate: null,
};

export function ledgersOf({ events }: Scenario): Ledgers {
  const log: LedgerRow[] = [];
  const funding: LedgerRow[] = [];
  const [unifiedBalances, fundingBalances] = [new Map<string, Units>(), new Map<string, Units>()];
  const sizes = new Map<string, Units>();
  const bookLog: BookLog = (at, asset, change, type, more = {}) => {
    const after = (unifiedBalances.get(asset) ?? 0n) + change;
    unifiedBalances.set(asset, after);
    const row = logRow(at, asset, change, type, more);
    // Several rows of one instant share an id, as Bybit's do.
    const id = `24617703_${more['symbol'] ?? asset}_${at}`;
    log.push({ id: `${log.length}:1`, at, json: { ...row, id, cashBalance: plainText(after) } });
  };
  const bookFunding: BookFunding = (at, asset, change, key, group) => {
    const after = (fundingBalances.get(asset) ?? 0n) + change;
    fundingBalances.set(asset, after);
    funding.push({
      id: Buffer.from(`${9_000_000 + funding.length}`).toString('base64'),
      at,
      json: {
        memberId: '24617703',
        currency: asset,
        ioDirection: change > 0n ? 'I' : 'O',
        txnAmt: plainText(change > 0n ? change : -change),
        afterAmt: plainText(after),
        createTime: String(Math.floor(at / 1000)),
        showBusiType: `fundingAccountRecord${group}`,
        showBusiTypeEn: group,
        description: `fundingAccountRecord${key}`,
        descriptionEn: key,
      },
    });
  };
  const move: Move = (at, asset, amount) => {
    const [type, key, group] =
      amount > 0n
        ? (['TRANSFER_IN', 'Transfer2TradingAccount', 'TransferOut'] as const)
        : (['TRANSFER_OUT', 'TransferFromTradingAccount', 'TransferIn'] as const);
    bookFunding(at, asset, -amount, key, group);
    bookLog(at, asset, amount, type, { cashFlow: plainText(amount) });
  };
  for (const event of events) {
    if (event.kind === 'spot-fill') bookSpot(event, bookLog);
    else if (event.kind === 'futures-fill') bookLinear(event, bookLog, sizes);
    else bookMoney(event, bookLog, bookFunding, move);
  }
  return { log, funding };
}

type Fill<Kind extends string> = Extract<ScenarioEvent, { kind: Kind }>;

/** One row per asset of the pair, and one for a fee in another coin. */
function bookSpot(event: Fill<'spot-fill'>, book: BookLog): void {
  const { at, market, side, quantity, quote: cost, fee, feeAsset } = event;
  const direction = side === 'buy' ? 1n : -1n;
  const [base = '', quote = ''] = market.split('/');
  const legs: [string, Units][] = [
    [base, direction * quantity],
    [quote, -direction * cost],
  ];
  if (!legs.some(([asset]) => asset === feeAsset)) legs.push([feeAsset, 0n]);
  for (const [asset, amount] of legs) {
    const own = asset === feeAsset ? fee : 0n;
    book(at, asset, amount - own, 'TRADE', {
      ...tradeOf(event),
      category: 'spot',
      qty: plainText(amount),
      fee: plainText(own),
      cashFlow: plainText(amount),
    });
  }
}

/** One row in the coin that settles, and one for a fee in another coin. */
function bookLinear(event: Fill<'futures-fill'>, book: BookLog, sizes: Map<string, Units>): void {
  const { at, market, side, quantity, realised, fee, feeAsset } = event;
  const size = (sizes.get(market) ?? 0n) + (side === 'buy' ? quantity : -quantity);
  sizes.set(market, size);
  const settle = market.slice(market.indexOf(':') + 1);
  const own = feeAsset === settle ? fee : 0n;
  const common = { ...tradeOf(event), category: 'linear', size: plainText(size) };
  book(at, settle, realised - own, 'TRADE', {
    ...common,
    qty: plainText(quantity),
    fee: plainText(own),
    cashFlow: plainText(realised),
  });
  if (own !== fee) book(at, feeAsset, -fee, 'TRADE', { ...common, fee: plainText(fee) });
}

function bookMoney(
  event: Exclude<ScenarioEvent, { kind: 'spot-fill' | 'futures-fill' }>,
  bookLog: BookLog,
  bookFunding: BookFunding,
  move: Move,
): void {
  const { at } = event;
  switch (event.kind) {
    case 'funding': {
      const [symbol, funding] = [idOf(event.market), plainText(event.amount)];
      bookLog(at, event.asset, event.amount, 'SETTLEMENT', { category: 'linear', symbol, funding });
      break;
    }
    case 'deposit':
      if (!event.credited) break;
      bookFunding(at, event.asset, event.amount, 'TypeDeposit', 'TypeDeposit');
      move(at, event.asset, event.amount);
      break;
    case 'withdrawal': {
      if (event.cancelled) break;
      const sum = event.amount + event.networkFee;
      move(at, event.asset, -sum);
      bookFunding(at, event.asset, -sum, 'Withdraw', 'TypeWithdraw');
      break;
    }
    case 'transfer':
      if (event.from === 'funding') move(at, event.asset, event.amount);
      if (event.to === 'funding') move(at, event.asset, -event.amount);
      break;
    case 'reward': {
      const told = REWARDS[event.cause];
      if (told === null) bookLog(at, event.asset, event.amount, 'FEE_REFUND');
      else {
        bookFunding(at, event.asset, event.amount, ...told);
        move(at, event.asset, event.amount);
      }
      break;
    }
    case 'dust':
      for (const part of event.parts) {
        bookLog(at, part.asset, -part.amount, 'CURRENCY_SELL');
        bookLog(at, event.toAsset, part.received, 'CURRENCY_BUY');
      }
      break;
    case 'conversion':
      bookLog(at, event.fromAsset, -event.fromAmount, 'CURRENCY_SELL');
      bookLog(at, event.toAsset, event.toAmount, 'CURRENCY_BUY');
      break;
  }
}

/** `BTC/USDT` and `BTC/USDT:USDT` are both `BTCUSDT`. */
export function idOf(market: string): string {
  return market.replace('/', '').replace(/:.*/, '');
}

function tradeOf(event: Fill<'spot-fill' | 'futures-fill'>): Fields {
  return {
    symbol: idOf(event.market),
    side: event.side === 'buy' ? 'Buy' : 'Sell',
    tradePrice: plainText(event.price),
    tradeId: String(event.tradeId),
    orderId: String(event.orderId),
  };
}

function logRow(at: number, currency: string, change: Units, type: string, more: Fields): Fields {
  return {
    symbol: '',
    category: '',
    side: 'None',
    qty: '0',
    size: '0',
    tradePrice: '',
    funding: '',
    fee: '0',
    cashFlow: '0',
    feeRate: '',
    bonusChange: '',
    tradeId: '',
    orderId: '',
    orderLinkId: '',
    transSubType: '',
    transactionTime: String(at),
    type,
    currency,
    change: plainText(change),
    ...more,
  };
}
