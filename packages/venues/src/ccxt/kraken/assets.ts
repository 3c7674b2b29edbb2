// Kraken's many names of one asset: legacy codes (`XXBT`, `ZUSD`), and suffixes where it is staked
// or on hold. What is staked is worth what it is staked of. A code that is not known here is an
// asset of its own. support.kraken.com, "Asset codes" and "What is Asset.S and Asset.M".

import { parseText, type Row } from '../rows.ts';

const CRYPTO = /^X(?=(?:XBT|XDG|ETC|ETH|LTC|MLN|REP|XLM|XMR|XRP|ZEC|ICN|NMC|XVN|DAO)$)/;
const MONEY = /^Z(?=(?:USD|EUR|GBP|CAD|JPY|KRW|AUD)$)/;
/** Staked, bonded for days, opted in, earning, on hold; not `.T`, which is a token of a stock. */
const SUFFIX = /(?:(?:03|04|07|14|21|28)?\.S|\.[MFBP]|\.HOLD)$/;
const NAMES = new Map(Object.entries({ XBT: 'BTC', XDG: 'DOGE', ETH2: 'ETH', FEE: 'KFEE' }));

/** `XXBT`, `XBT.M` and `BTC` are `BTC`. */
export function assetOf(code: string): string {
  const bare = code.replace(SUFFIX, '').replace(CRYPTO, '').replace(MONEY, '');
  return NAMES.get(bare) ?? bare;
}

/** The balance that a row of the ledger moves: a token of a stock may be named like a coin. */
export function balanceOf(row: Row): string {
  const code = parseText(row, 'asset');
  const isToken = row['aclass'] === 'tokenized_asset' && !code.endsWith('.T');
  return isToken ? `${code}.T` : code;
}
