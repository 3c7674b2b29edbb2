// What an account holds now: the wallets of the perimeter summed per asset, and the open positions.
// Wallet balances are taken without what is unrealised: that follows from positions and marks, and
// counting both would count it twice.

import { RecordError } from '@track-record/errors';
import { add, sign, type AnchorPosition, type Decimal } from '@track-record/ledger';
import type { CcxtClient } from './client.ts';
import type { Contract, Markets } from './markets.ts';
import type { Parameters } from './pagers.ts';
import { parseAmount, parseText, rowsAt, shape, type Path, type Row } from './rows.ts';

type Held = readonly [asset: string, amount: Decimal];

export interface Holdings {
  readonly balances: ReadonlyMap<string, Decimal>;
  readonly positions: readonly AnchorPosition[];
}

/** One list that a venue answers, where its rows stand, and what one of them holds. */
export interface Listing<T> {
  readonly method: string;
  readonly rowsIn: Path;
  /** What it is asked with. */
  readonly asked?: Parameters;
  /** The venue's page limit: a list of so many rows may have been cut. */
  readonly rowsMax?: number;
  readonly read: (row: Row, markets: Markets) => readonly T[];
}

export type Wallet = Listing<Held>;
export type PositionList = Listing<AnchorPosition>;

/** A wallet whose `parts` together are what the account owns of an asset. */
export function wallet(method: string, rowsIn: Path, asset: string, parts: string): Wallet {
  const read = (row: Row): readonly Held[] =>
    parts.split(' ').map((part) => [parseText(row, asset), parseAmount(row, part)] as const);
  return { method, rowsIn, read };
}

/** Positions in listed contracts; a row whose size is zero is none. */
export function positionList(
  method: string,
  rowsIn: Path,
  [market, size]: readonly [market: string, size: string],
  read: (row: Row, contract: Contract, contracts: Decimal) => AnchorPosition,
): PositionList {
  return {
    method,
    rowsIn,
    read: (row, { contracts }) => {
      const held = parseAmount(row, size);
      if (sign(held) === 0) return [];
      const contract = contracts.get(parseText(row, market));
      if (contract === undefined) throw shape(market);
      return [read(row, contract, held)];
    },
  };
}

/** The first wallet proves the key, so that a later refusal is about its scope. */
export async function fetchHoldings(
  client: CcxtClient,
  wallets: readonly Wallet[],
  lists: readonly PositionList[],
  markets: Markets,
): Promise<Holdings> {
  const fetchAll = async <T>(listings: readonly Listing<T>[]): Promise<readonly T[]> => {
    const found: T[] = [];
    for (const { method, rowsIn, asked, rowsMax = Infinity, read } of listings) {
      const rows = rowsAt(await client.call(method, asked), rowsIn);
      if (rows.length >= rowsMax) throw new RecordError('VENUE_INCOMPLETE', { place: 'holdings' });
      found.push(...rows.flatMap((row) => read(row, markets)));
    }
    return found;
  };
  const balances = sumBalances(await fetchAll(wallets));
  return { balances, positions: await fetchAll(lists) };
}

/** Without the assets of which there is nothing. */
export function sumBalances(held: readonly Held[]): ReadonlyMap<string, Decimal> {
  const total = new Map<string, Decimal>();
  for (const [asset, amount] of held) {
    const known = total.get(asset);
    total.set(asset, known === undefined ? amount : add(known, amount));
  }
  return new Map([...total].filter(([, amount]) => sign(amount) !== 0));
}
