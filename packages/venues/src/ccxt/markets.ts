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

export function marketsOf(dictionary: Readonly<Record<string, Market>>): Markets {
  const pairs = new Map<string, Pair>();
  const contracts = new Map<string, Contract>();
  for (const market of Object.values(dictionary)) {
    if (market?.id === undefined) continue;
    const { id, baseId: base, quoteId: quote, settleId: settle, symbol } = market;
    if (base === undefined || quote === undefined) continue;
    if (market.spot === true) pairs.set(id, { id, base, quote, isActive: market.active === true });
    if (settle === undefined || market.option === true) continue;
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
    contracts.set(id, { id, symbol, instrument });
  }
  return { pairs, contracts };
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
