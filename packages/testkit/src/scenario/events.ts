// What can happen to the simulated account, told without any venue's words. `at` is the instant
// when the balances change; `id` ascends over the whole account and passes 2^53 on the way.

import type { Units } from './units.ts';

export type Wallet = 'spot' | 'funding' | 'futures';
export type Side = 'buy' | 'sell';

interface Happening {
  readonly id: bigint;
  readonly at: number;
}

interface Execution extends Happening {
  readonly market: string;
  readonly tradeId: bigint;
  readonly orderId: bigint;
  readonly side: Side;
  readonly price: Units;
  readonly quantity: Units;
  /** Price x quantity cut to eight digits: what the balance moves by on spot. */
  readonly quote: Units;
  readonly fee: Units;
  readonly feeAsset: string;
  readonly maker: boolean;
}

export interface SpotFill extends Execution {
  readonly kind: 'spot-fill';
}

export interface FuturesFill extends Execution {
  readonly kind: 'futures-fill';
  /** Posted by the venue in the settle asset; zero when the fill only opens. */
  readonly realised: Units;
}

export interface Funding extends Happening {
  readonly kind: 'funding';
  readonly market: string;
  readonly asset: string;
  readonly amount: Units;
}

export interface Deposit extends Happening {
  readonly kind: 'deposit';
  readonly asset: string;
  readonly amount: Units;
  readonly txId: string;
  /** The venue lists the deposit from here on; `at` is the credit. */
  readonly seenAt: number;
  /** Credited but not withdrawable until here. */
  readonly unlockedAt: number;
  /** False for the deposit that never settles: it is seen and never credited. */
  readonly credited: boolean;
}

export interface Withdrawal extends Happening {
  readonly kind: 'withdrawal';
  readonly asset: string;
  /** What arrives outside; the network fee leaves on top of it. */
  readonly amount: Units;
  readonly networkFee: Units;
  readonly txId: string;
  readonly completedAt: number;
  /** A cancelled withdrawal is listed and moves nothing. */
  readonly cancelled: boolean;
}

export interface Transfer extends Happening {
  readonly kind: 'transfer';
  readonly from: Wallet;
  readonly to: Wallet;
  readonly asset: string;
  readonly amount: Units;
}

export interface Reward extends Happening {
  readonly kind: 'reward';
  readonly cause: 'interest' | 'airdrop' | 'rebate';
  readonly wallet: 'spot' | 'futures';
  readonly asset: string;
  readonly amount: Units;
  readonly note: string;
}

export interface Dust extends Happening {
  readonly kind: 'dust';
  readonly toAsset: string;
  readonly parts: readonly DustPart[];
}

export interface DustPart {
  readonly asset: string;
  readonly amount: Units;
  /** Net of the service charge. */
  readonly received: Units;
  readonly charge: Units;
}

export interface Conversion extends Happening {
  readonly kind: 'conversion';
  readonly fromAsset: string;
  readonly fromAmount: Units;
  readonly toAsset: string;
  readonly toAmount: Units;
  readonly quoteId: string;
  readonly orderId: bigint;
}

export type ScenarioEvent =
  | SpotFill
  | FuturesFill
  | Funding
  | Deposit
  | Withdrawal
  | Transfer
  | Reward
  | Dust
  | Conversion;

/**
 * What crosses the account's border, in is plus; a withdrawal's network fee is a cost and not a
 * flow.
 */
export function flowOf(event: ScenarioEvent): { asset: string; amount: Units } | null {
  if (event.kind === 'deposit' && event.credited)
    return { asset: event.asset, amount: event.amount };
  if (event.kind === 'withdrawal' && !event.cancelled) {
    return { asset: event.asset, amount: -event.amount };
  }
  return null;
}
