// What Alpaca's symbols name. Shares and options are positions under their own symbol; a coin is a
// balance, so that its fee can be paid in it. The form of a symbol alone says which. Untrusted.

import { ONE, parseDecimal, type Instrument } from '@track-record/ledger';
import { shape } from '../ccxt/rows.ts';

export const CURRENCY = 'USD';
/**
 * Root, expiry, right and strike. A root with a digit is a contract that was adjusted or a mini,
 * whose multiplier no activity tells: it is refused.
 */
const OPTION = /^(?<base>[A-Z]{1,6})[0-9]{6}[CP][0-9]{8}$/;
const OPTION_MULTIPLIER = parseDecimal('100');
/** `BTC/USD` in fills; `BTCUSD` in positions and fees, longer than any share's ticker. */
const PAIR = /^(?=.{6})(?<base>[A-Z0-9]{2,9}?)\/?(?<quote>USDT|USDC|USD|BTC)$/;
const SHARE = /^[A-Z0-9]{1,12}(?:\.[A-Z]{1,3})*$/;

/** The pair that a symbol is, of coins or a coin and dollars; null for a share or an option. */
export function pairOf(symbol: string): { readonly base: string; readonly quote: string } | null {
  const { base, quote } = PAIR.exec(symbol)?.groups ?? {};
  if (base !== undefined && quote !== undefined) return { base, quote };
  if (!OPTION.test(symbol) && !SHARE.test(symbol)) throw shape('symbol');
  return null;
}

/** Of a symbol that is no pair. */
export function instrumentOf(symbol: string): Instrument {
  const base = OPTION.exec(symbol)?.groups?.['base'];
  const money = { quote: CURRENCY, settle: CURRENCY, contractSize: ONE } as const;
  return base === undefined
    ? { kind: 'equity', base: symbol, ...money, realised: 'derived' }
    : { kind: 'option', base, multiplier: OPTION_MULTIPLIER, ...money, realised: 'derived' };
}
