// Hyperliquid's fills, fundings and ledger updates as ledger entries. A fill says what the position
// was before it, so that fills of a coin must link. Fields and types: hyperliquid.gitbook.io, "Info
// endpoint". Nothing of this was seen recorded. Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { add, multiply, negate, sign, ZERO, type Decimal } from '@track-record/ledger';
import { rowsOf, type Job } from '../feed.ts';
import type { Markets } from '../markets.ts';
import { contractFill, flowOf, movementOf, post, type Reading } from '../readings.ts';
import { parseAmount, parseFlag, parseInstant, parseRow, parseSize, parseText } from '../rows.ts';
import { shape, type Row } from '../rows.ts';
import { checkRunning, distinctRows, type Running } from '../running.ts';
import { checkWhole } from '../whole.ts';

export const INFO = 'publicPostInfo';
/** The venue keeps no more fills of a wallet. */
const FILLS_KEPT = 10_000;
/** A cent: each fill and hour of funding may have been cut at the sixth digit. */
const ROUNDING: Decimal = { mantissa: 1n, scale: 2 };
/** The finest step of a token's balance. */
const STEP: Decimal = { mantissa: 1n, scale: 8 };
const USDC = 'USDC';
/** Of the wallet's parts, those that are recorded: the main exchange and the spot balances. */
const INSIDE = new Set(['', 'spot']);

/** `B` buys and `A` sells. */
function tradedIn(row: Row): Decimal {
  const [side, size] = [parseText(row, 'side'), parseSize(row, 'sz')];
  if (side !== 'A' && side !== 'B') throw shape('side');
  return side === 'B' ? size : negate(size);
}

/** `userFillsByTime`; the fee includes what a builder gets of it. */
export function readFill(row: Row, { pairs, contracts }: Markets): readonly Reading[] {
  const coin = parseText(row, 'coin');
  const [at, price, traded] = [parseInstant(row, 'time'), parseSize(row, 'px'), tradedIn(row)];
  const key = `${parseText(row, 'oid')}.${parseText(row, 'tid')}`;
  const fees = post(parseText(row, 'feeToken'), negate(parseAmount(row, 'fee')), 'fee');
  const contract = contracts.get(coin);
  if (contract !== undefined) {
    const position = { instrument: contract.symbol, contracts: traded, price };
    const profit = post(USDC, parseAmount(row, 'closedPnl'));
    return contractFill(['perp', key], at, position, profit, fees);
  }
  const pair = pairs.get(coin);
  if (pair === undefined) throw shape('coin');
  const cost = post(pair.quote, negate(multiply(traded, price)));
  const postings = [...post(pair.base, traded), ...cost, ...fees];
  return [{ id: `spot-trade.${key}`, at, kind: 'fill', postings }];
}

/** `userFunding`: its hash is empty, and its coin is paid once an hour. */
export function readFunding(row: Row): readonly Reading[] {
  const delta = parseRow(row['delta'], 'delta');
  const at = parseInstant(row, 'time');
  const id = `funding.${parseText(delta, 'coin')}.${at}`;
  const amount = parseAmount(delta, 'usdc');
  if (sign(amount) === 0) return [{ id, at, reason: 'moves nothing' }];
  return [movementOf(id, at, 'funding', USDC, amount)];
}

/** `userNonFundingLedgerUpdates`, from the view of the wallet, which only the session knows. */
function readUpdate(row: Row, isOurs: (name: string) => boolean): readonly Reading[] {
  const delta = parseRow(row['delta'], 'delta');
  const [at, type] = [parseInstant(row, 'time'), parseText(delta, 'type')];
  const id = `update.${parseText(row, 'hash')}.${type}`;
  const paid = (field: string): Decimal =>
    delta[field] === undefined ? ZERO : negate(parseSize(delta, field));
  const isIn = (field: string): boolean => isOurs(parseText(delta, field).toLowerCase());
  /** To and from other wallets; who sends bears the fee. */
  const sent = (asset: string, field: string): readonly Reading[] => {
    if (isIn('user') === isIn('destination')) return [];
    const amount = parseSize(delta, field);
    if (isIn('destination')) return flowOf(id, at, asset, amount, ZERO);
    return flowOf(id, at, asset, negate(amount), paid('fee'));
  };
  switch (type) {
    case 'deposit':
    case 'vaultDistribution':
      return flowOf(id, at, USDC, parseSize(delta, 'usdc'), ZERO);
    case 'withdraw':
    case 'vaultDeposit':
    case 'vaultCreate':
      return flowOf(id, at, USDC, paid('usdc'), paid('fee'));
    case 'vaultWithdraw':
      return flowOf(id, at, USDC, parseSize(delta, 'netWithdrawnUsd'), ZERO);
    case 'internalTransfer':
    case 'subAccountTransfer':
      return sent(USDC, 'usdc');
    case 'spotTransfer':
      return sent(parseText(delta, 'token'), 'amount');
    case 'send':
      return readSend(delta, isIn, { id, at });
    case 'cStakingTransfer': {
      const amount = paid('amount');
      const change = parseFlag(delta, 'isDeposit') ? amount : negate(amount);
      return flowOf(id, at, parseText(delta, 'token'), change, ZERO);
    }
    case 'spotGenesis':
    case 'rewardsClaim': {
      const kind = type === 'spotGenesis' ? 'airdrop' : 'reward';
      const asset = delta['token'] === undefined ? USDC : parseText(delta, 'token');
      return [movementOf(id, at, kind, asset, parseSize(delta, 'amount'))];
    }
    case 'accountActivationGas':
      return [movementOf(id, at, 'fee', parseText(delta, 'token'), paid('amount'))];
    // Between the wallet's own parts; and what fills tell.
    case 'accountClassTransfer':
    case 'liquidation':
      return [];
    default:
      throw shape('type');
  }
}

/** Between wallets, or exchanges of one wallet, of which two are recorded. */
function readSend(
  delta: Row,
  isIn: (field: string) => boolean,
  { id, at }: { readonly id: string; readonly at: number },
): readonly Reading[] {
  const [asset, amount] = [parseText(delta, 'token'), parseSize(delta, 'amount')];
  const isFrom = isIn('user') && INSIDE.has(String(delta['sourceDex']));
  const isTo = isIn('destination') && INSIDE.has(String(delta['destinationDex']));
  const fee = isFrom ? negate(parseSize(delta, 'fee')) : ZERO;
  // A fee of another token is not known to be anybody's.
  if (sign(fee) !== 0 && delta['feeToken'] !== asset) throw shape('feeToken');
  if (isFrom === isTo)
    return post(asset, fee).length === 0 ? [] : [movementOf(id, at, 'fee', asset, fee)];
  return flowOf(id, at, asset, isTo ? amount : negate(amount), fee);
}

/** Of a position in contracts. */
function runningOf(row: Row): Running {
  const change = tradedIn(row);
  return {
    id: `${parseText(row, 'oid')}.${parseText(row, 'tid')}`,
    at: parseInstant(row, 'time'),
    asset: parseText(row, 'coin'),
    change,
    after: add(parseAmount(row, 'startPosition'), change),
  };
}

/** Tells the updates, and proves that fills of every contract link, and the first fetch. */
export async function finish(job: Job): Promise<Row> {
  const rows = rowsOf(job, INFO);
  const fills = distinctRows(
    rows.filter((row) => row['tid'] !== undefined),
    runningOf,
  );
  const isWhole = fills.length < FILLS_KEPT;
  const first = Math.min(...fills.map((row) => parseInstant(row, 'time')));
  if (!isWhole && first >= job.window.from) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'fills' });
  }
  const inContracts = fills.filter((row) => job.markets.contracts.has(parseText(row, 'coin')));
  checkRunning(inContracts.map(runningOf));
  for (const row of rows) {
    if (row['tid'] !== undefined || isFunding(row)) continue;
    job.readings.push(...readUpdate(row, job.client.isOurs));
  }
  if (isWhole) await checkWhole(job, (asset) => (asset === USDC ? ROUNDING : STEP));
  return {};
}

function isFunding(row: Row): boolean {
  return parseRow(row['delta'], 'delta')['type'] === 'funding';
}
