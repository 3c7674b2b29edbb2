// What an account holds now: the wallets of the perimeter summed per asset, and the USD-M
// positions. The wallet balance of USD-M is taken, not the margin balance: what is unrealised
// follows from positions and marks, and counting both would count it twice.

import { RecordError } from '@track-record/errors';
import { add, sign, type AnchorPosition, type Decimal } from '@track-record/ledger';
import type { Permissions, VenueIdentity } from '../../contract.ts';
import type { CcxtClient } from '../client.ts';
import type { Markets } from '../markets.ts';
import {
  parseAmount,
  parseFlag,
  parseInstant,
  parseRow,
  parseRows,
  parseSize,
  parseText,
  shape,
  type Row,
} from '../rows.ts';
import { instrumentOf } from './entries.ts';

export type Balances = ReadonlyMap<string, Decimal>;

export interface Holdings {
  readonly balances: Balances;
  readonly positions: readonly AnchorPosition[];
  /** Binance's ids of the contracts with an open position. */
  readonly openContracts: readonly string[];
}

/** Permissions that only read; any other that is set lets the key act. */
const READING: ReadonlySet<string> = new Set([
  'ipRestrict',
  'enableReading',
  'enableFixReadOnly',
  'tradingAuthorityExpirationTime',
]);
/** Each of these can take money out of the account. */
const WITHDRAWING: readonly string[] = [
  'enableWithdrawals',
  'enableInternalTransfer',
  'permitsUniversalTransfer',
];

export async function fetchIdentity(client: CcxtClient): Promise<VenueIdentity> {
  const account = parseRow(await client.call('privateGetAccount'), 'account');
  const restrictions = await client.call('sapiGetAccountApiRestrictions');
  return {
    venueAccountId: parseText(account, 'uid'),
    paper: false,
    permissions: readPermissions(restrictions),
  };
}

export async function fetchHoldings(client: CcxtClient, markets: Markets): Promise<Holdings> {
  // The spot account first: it proves the key, so that a later refusal is about its scope.
  const spot = await client.call('privateGetAccount');
  const funding = await client.call('sapiPostAssetGetFundingAsset');
  const futures = await callFutures(client, 'fapiPrivateV3GetAccount');
  const rows = parseRows(await callFutures(client, 'fapiPrivateV3GetPositionRisk'), 'positions');
  const open = rows.filter((row) => sign(parseAmount(row, 'positionAmt')) !== 0);
  return {
    balances: sumBalances([spot, funding, futures].map(readBalances)),
    positions: readPositions(rows, markets),
    openContracts: open.map((row) => parseText(row, 'symbol')),
  };
}

/** The earliest and the latest of the two clocks that stamp an account's rows. */
export async function fetchServerTimes(client: CcxtClient): Promise<readonly [number, number]> {
  const spot = readServerTime(await client.call('publicGetTime'));
  const futures = readServerTime(await client.call('fapiPublicGetTime'));
  return [Math.min(spot, futures), Math.max(spot, futures)];
}

/**
 * A futures call after a spot call succeeded: the key is known, so a refusal means its permissions.
 */
export async function callFutures(
  client: CcxtClient,
  method: string,
  parameters?: Readonly<Record<string, string | number>>,
): Promise<unknown> {
  try {
    return await client.call(method, parameters);
  } catch (error) {
    const isRejected = error instanceof RecordError && error.code === 'VENUE_KEY_REJECTED';
    throw isRejected ? new RecordError('VENUE_SCOPE_MISSING', { place: 'futures' }) : error;
  }
}

export function readServerTime(answer: unknown): number {
  return parseInstant(parseRow(answer, 'time'), 'serverTime');
}

/** `/sapi/v1/account/apiRestrictions`. A permission we do not know counts as one to trade. */
export function readPermissions(answer: unknown): Permissions {
  const row = parseRow(answer, 'permissions');
  const set = Object.keys(row).filter((name) => row[name] === true && !READING.has(name));
  return {
    read: parseFlag(row, 'enableReading'),
    trade: set.some((name) => !WITHDRAWING.includes(name)),
    withdraw: parseFlag(row, 'enableWithdrawals') || set.some((name) => WITHDRAWING.includes(name)),
    ipRestricted: parseFlag(row, 'ipRestrict'),
  };
}

/**
 * One wallet's non-zero balances: spot `/api/v3/account`, USD-M `/fapi/v3/account`, or the funding
 * list.
 */
export function readBalances(answer: unknown): Balances {
  const wallet = Array.isArray(answer) ? null : parseRow(answer, 'account');
  if (wallet === null) {
    const parts = ['free', 'locked', 'freeze', 'withdrawing'];
    return readWallet(parseRows(answer, 'funding'), parts);
  }
  if (wallet['assets'] !== undefined) {
    return readWallet(parseRows(wallet['assets'], 'assets'), ['walletBalance']);
  }
  return readWallet(parseRows(wallet['balances'], 'balances'), ['free', 'locked']);
}

/** `/fapi/v3/positionRisk`; one row per side in hedge mode. */
export function readPositions(rows: readonly Row[], markets: Markets): readonly AnchorPosition[] {
  return rows.flatMap((row) => {
    const contracts = parseAmount(row, 'positionAmt');
    if (sign(contracts) === 0) return [];
    const contract = markets.contracts.get(parseText(row, 'symbol'));
    if (contract === undefined) throw shape('symbol');
    const instrument = instrumentOf(contract.symbol, parseText(row, 'positionSide'));
    return [{ instrument, contracts, entryPrice: parseSize(row, 'entryPrice') }];
  });
}

function readWallet(rows: readonly Row[], parts: readonly string[]): Balances {
  return sumBalances(
    rows.flatMap((row) => {
      const asset = parseText(row, 'asset');
      return parts.map((part) => new Map([[asset, parseAmount(row, part)]]));
    }),
  );
}

function sumBalances(wallets: readonly Balances[]): Balances {
  const total = new Map<string, Decimal>();
  for (const [asset, amount] of wallets.flatMap((wallet) => [...wallet])) {
    const known = total.get(asset);
    total.set(asset, known === undefined ? amount : add(known, amount));
  }
  return new Map([...total].filter(([, amount]) => sign(amount) !== 0));
}
