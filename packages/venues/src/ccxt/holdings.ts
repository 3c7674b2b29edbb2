// What an account holds now: the wallets of the perimeter summed per asset, and the open positions.
// Wallet balances are taken without what is unrealised: that follows from positions and marks, and
// counting both would count it twice.

import { add, sign, type AnchorPosition, type Decimal } from '@track-record/ledger';
import type { CcxtClient } from './client.ts';
import type { Contract, Markets } from './markets.ts';
import type { Parameters } from './pagers.ts';
import { parseAmount, parseText, rowsAt, shape, type Row } from './rows.ts';

export type Balances = ReadonlyMap<string, Decimal>;

export interface Holdings {
  readonly balances: Balances;
  readonly positions: readonly AnchorPosition[];
}

/** One list that a venue answers, and where its rows stand. */
export interface Listing {
  readonly method: string;
  readonly parameters?: Parameters;
  readonly rowsIn: string;
}

export interface Wallet extends Listing {
  readonly asset: string;
  /** The fields that together are what the account owns of it. */
  readonly parts: readonly string[];
}

export interface PositionList extends Listing {
  readonly market: string;
  /** A row whose size is zero is no position. */
  readonly size: string;
  readonly read: (row: Row, contract: Contract) => AnchorPosition;
}

/** The first wallet proves the key, so that a later refusal is about its scope. */
export async function fetchHoldings(
  client: CcxtClient,
  wallets: readonly Wallet[],
  lists: readonly PositionList[],
  markets: Markets,
): Promise<Holdings> {
  const balances: Balances[] = [];
  for (const wallet of wallets) {
    const answer = await client.call(wallet.method, wallet.parameters);
    balances.push(readBalances(rowsAt(answer, wallet.rowsIn), wallet));
  }
  const positions: AnchorPosition[] = [];
  for (const list of lists) {
    const answer = await client.call(list.method, list.parameters);
    positions.push(...readPositions(rowsAt(answer, list.rowsIn), list, markets));
  }
  return { balances: sumBalances(balances), positions };
}

/** One wallet's balances that are not zero. */
export function readBalances(rows: readonly Row[], { asset, parts }: Wallet): Balances {
  return sumBalances(
    rows.flatMap((row) => {
      const name = parseText(row, asset);
      return parts.map((part) => new Map([[name, parseAmount(row, part)]]));
    }),
  );
}

export function readPositions(
  rows: readonly Row[],
  { market, size, read }: PositionList,
  { contracts }: Markets,
): readonly AnchorPosition[] {
  return rows.flatMap((row) => {
    if (sign(parseAmount(row, size)) === 0) return [];
    const contract = contracts.get(parseText(row, market));
    if (contract === undefined) throw shape(market);
    return [read(row, contract)];
  });
}

function sumBalances(wallets: readonly Balances[]): Balances {
  const total = new Map<string, Decimal>();
  for (const [asset, amount] of wallets.flatMap((wallet) => [...wallet])) {
    const known = total.get(asset);
    total.set(asset, known === undefined ? amount : add(known, amount));
  }
  return new Map([...total].filter(([, amount]) => sign(amount) !== 0));
}
