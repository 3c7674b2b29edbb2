// What things cost at given instants, from a venue's own candles. An instant on a full hour takes
// the close of the hour that ends there; any other instant the close of the last complete minute. A
// close is the candle's whose end is that boundary, so an unfinished or missing candle never
// answers.

import type { Decimal, Price } from '@track-record/ledger';
import type { PriceAnswer, PriceRequest } from '../contract.ts';
import type { Markets, Pair } from './markets.ts';

const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** One run of candles of a market: their closes by the instant at which each candle ends. */
export interface CandleRun {
  readonly kind: PriceRequest['kind'];
  readonly marketId: string;
  readonly intervalMs: number;
  /** First and last end of a candle that is wanted. */
  readonly first: number;
  readonly last: number;
}

export interface CandleSource {
  readonly markets: Markets;
  /** Currencies through which an asset without a direct pair is priced, best first. */
  readonly pivots: readonly string[];
  readonly rowsMax: number;
  readonly minutesMax?: number | undefined;
  readonly fetchCloses: (run: CandleRun) => Promise<ReadonlyMap<number, Decimal>>;
}

/**
 * One market on the way, and how its close is told: a price of `asset`, or the mark of an
 * instrument.
 */
interface Leg {
  readonly kind: PriceRequest['kind'];
  readonly marketId: string;
  readonly asset: string;
  readonly currency: string;
}

interface Wanted extends Leg {
  readonly at: number;
}

export async function answerPrices(
  requests: readonly PriceRequest[],
  source: CandleSource,
): Promise<PriceAnswer> {
  const wanted = new Map<string, Wanted>();
  const series = Map.groupBy(requests, ({ kind, name, currency }) => `${kind} ${name} ${currency}`);
  for (const members of series.values()) {
    for (const leg of legsOf(members, source)) {
      for (const { at } of members) {
        wanted.set(`${leg.kind} ${leg.asset} ${leg.currency} ${at}`, { ...leg, at });
      }
    }
  }
  const prices: Price[] = [];
  const marks: PriceAnswer['marks'][number][] = [];
  for (const [run, members] of groupRuns([...wanted.values()], source)) {
    const closes = await source.fetchCloses(run);
    for (const { kind, asset, currency, at } of members) {
      const price = closes.get(boundaryOf(at));
      if (price === undefined) continue;
      if (kind === 'asset') prices.push({ asset, currency, at, price });
      else marks.push({ instrument: asset, at, price });
    }
  }
  return { prices, marks };
}

function legsOf([request]: readonly PriceRequest[], source: CandleSource): readonly Leg[] {
  const { markets, pivots } = source;
  if (request === undefined || request.name === request.currency) return [];
  const { kind, name, currency } = request;
  if (kind === 'mark') {
    // A hedge-mode side (`BTC/USDT:USDT#SHORT`) has its contract's mark.
    const [symbol] = name.split('#');
    const contract = [...markets.contracts.values()].find((each) => each.symbol === symbol);
    return contract === undefined ? [] : [{ kind, marketId: contract.id, asset: name, currency }];
  }
  const pairs = [...markets.pairs.values()];
  const active = pairs.filter((pair) => pair.isActive);
  const route = routeOf(name, currency, active, pivots) ?? routeOf(name, currency, pairs, []);
  return (route ?? []).map(({ id, base, quote }) => ({
    kind,
    marketId: id,
    asset: base,
    currency: quote,
  }));
}

/**
 * The pairs that lead from an asset to a currency: one, or two through a pivot; null when none do.
 */
function routeOf(
  asset: string,
  currency: string,
  pairs: readonly Pair[],
  pivots: readonly string[],
): readonly Pair[] | null {
  const between = (one: string, other: string): Pair | undefined =>
    pairs.find(({ base, quote }) => base === one && quote === other) ??
    pairs.find(({ base, quote }) => base === other && quote === one);
  const direct = between(asset, currency);
  if (direct !== undefined) return [direct];
  for (const pivot of pivots) {
    const [first, second] = [between(asset, pivot), between(pivot, currency)];
    if (first !== undefined && second !== undefined) return [first, second];
  }
  return null;
}

/** The candle end that prices an instant. */
function boundaryOf(at: number): number {
  return at - (at % MINUTE_MS);
}

function intervalOf(at: number): number {
  return at % HOUR_MS === 0 ? HOUR_MS : MINUTE_MS;
}

/** As few requests as the page limit allows, whatever the order and spread of the instants. */
function groupRuns(
  wanted: readonly Wanted[],
  { rowsMax, minutesMax = rowsMax }: CandleSource,
): readonly (readonly [CandleRun, readonly Wanted[]])[] {
  const runs: [CandleRun, Wanted[]][] = [];
  const seriesOf = (each: Wanted): string => `${each.kind} ${each.marketId} ${intervalOf(each.at)}`;
  for (const members of Map.groupBy(wanted, seriesOf).values()) {
    let open: [CandleRun, Wanted[]] | null = null;
    for (const each of members.toSorted((left, right) => left.at - right.at)) {
      const { kind, marketId } = each;
      const intervalMs = intervalOf(each.at);
      const max = intervalMs === HOUR_MS ? rowsMax : minutesMax;
      const last = boundaryOf(each.at);
      if (open === null || (last - open[0].first) / intervalMs >= max) {
        open = [{ kind, marketId, intervalMs, first: last, last }, []];
        runs.push(open);
      }
      open[0] = { ...open[0], last };
      open[1].push(each);
    }
  }
  return runs;
}
