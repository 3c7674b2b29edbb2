// What can be traded at a venue, by the venue's own ids. Assets keep the venue's codes, because
// balances, fees and deposits use them; an instrument is named as ccxt names its market
// (`BTC/USDT:USDT`). The list comes from the venue and is untrusted: it only says what to ask for
// and how to name it.

import { ONE, parseDecimal, type Instrument } from '@track-record/ledger';
import type { Market } from 'ccxt';

export interface Pair {
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  readonly isActive: boolean;
}

export interface Contract {
  readonly id: string;
  /** ccxt's symbol: the instrument's id in the ledger. */
  readonly symbol: string;
  readonly instrument: Instrument;
}

export interface Markets {
  readonly pairs: ReadonlyMap<string, Pair>;
  readonly contracts: ReadonlyMap<string, Contract>;
}

/** As ccxt lists one. */
export type CcxtMarket = NonNullable<Market>;

/** What one of ccxt's markets is to us: a pair, a contract, both or neither. */
export interface Listed {
  readonly pair?: Pair;
  readonly contract?: Contract;
}

export function marketsOf(
  dictionary: Readonly<Record<string, Market>>,
  listedOf: (market: CcxtMarket) => Listed = listed,
): Markets {
  const pairs = new Map<string, Pair>();
  const contracts = new Map<string, Contract>();
  for (const market of Object.values(dictionary)) {
    const { pair, contract } = market === undefined ? {} : listedOf(market);
    if (pair !== undefined) pairs.set(pair.id, pair);
    if (contract !== undefined) contracts.set(contract.id, contract);
  }
  return { pairs, contracts };
}

function listed(market: CcxtMarket): Listed {
  if (market.id === undefined) return {};
  const { id, baseId: base, quoteId: quote, settleId: settle, symbol } = market;
  if (base === undefined || quote === undefined) return {};
  const isActive = market.active === true;
  const pair = market.spot === true ? { pair: { id, base, quote, isActive } } : {};
  if (settle === undefined || market.option === true) return pair;
  const swap = market.inverse === true ? 'inverse' : 'linear';
  const instrument: Instrument = {
    kind: market.swap === true ? swap : 'future',
    base,
    quote,
    settle,
    contractSize: parseDecimal(String(market.contractSize), 'contractSize'),
    ...(market.swap === true ? {} : { multiplier: ONE }),
    realised: 'posted',
  };
  return { ...pair, contract: { id, symbol, instrument } };
}

/** A linear perpetual that no list names any more. */
export function perpetualOf(id: string, base: string, settle: string): Contract {
  const instrument: Instrument = {
    kind: 'linear',
    base,
    quote: settle,
    settle,
    contractSize: ONE,
    realised: 'posted',
  };
  return { id, symbol: `${base}/${settle}:${settle}`, instrument };
}

/** The instruments that positions are in, by the name the ledger uses. */
export function instrumentsOf(
  contracts: Iterable<Contract>,
  names: Iterable<string>,
): ReadonlyMap<string, Instrument> {
  const bySymbol = new Map([...contracts].map(({ symbol, instrument }) => [symbol, instrument]));
  const found = new Map<string, Instrument>();
  for (const name of names) {
    // `#SHORT` marks one side of a hedged contract.
    const instrument = bySymbol.get(name.split('#')[0] ?? name);
    if (instrument !== undefined) found.set(name, instrument);
  }
  return found;
}
