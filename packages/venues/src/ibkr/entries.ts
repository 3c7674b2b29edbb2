// The rows of one Flex statement as ledger entries, with every digit as written. Trades tell what
// was bought, exercised, assigned or expired; cash transactions, transfers and corporate actions
// tell the rest; the statement of funds tells the cash that none of them does, such as sales tax.
// OptionEAE and FxTransactions tell the same events again and make no entry. A word that no table
// here knows stops the account. A position is known by IBKR's own contract id (conid): a symbol is
// renamed, and is used for several listings.

import { RecordError } from '@track-record/errors';
import { ONE, sign, ZERO, type Entry, type Instrument } from '@track-record/ledger';
import { kindsOf, movementOf, post } from '../ccxt/readings.ts';
import { parseAmount, parseText, shape, type Row } from '../ccxt/rows.ts';
import { isTold, rowsOf, type SectionName, type Statement } from './statement.ts';
import { dayAt, timeAt } from './times.ts';

export interface Told {
  readonly entries: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/** Other categories settle in ways that are not read here: futures daily, bonds with interest. */
const CATEGORIES = new Map<unknown, 'equity' | 'option' | 'fx'>([
  ['STK', 'equity'],
  ['FUND', 'equity'],
  ['WAR', 'equity'],
  ['OPT', 'option'],
  ['CASH', 'fx'],
]);

/** By the words of all sections, without the spaces that some have. */
const KINDS = kindsOf({
  // Cancelled and corrected trades are rows of their own with the sign turned.
  fill: 'ExchTrade BookTrade FracShare DvpTrade TradeCancel TradeCorrect',
  // All act by what they add and take away, so that none needs a ratio.
  conversion: 'FS RS TC TO IC SO SD SR HI DW OR RI CD',
  // Every transfer crosses the perimeter, which is the one account.
  flow:
    'ACATS ATON FOP INTERNAL INTERCOMPANY OTC DRS DWAC Deposits/Withdrawals ' +
    'Deposits&Withdrawals DEP WITH',
  dividend: 'Dividends PaymentInLieuOfDividends DIV PIL',
  withholding: 'WithholdingTax 871(m)Withholding FRTAX',
  interest:
    'BrokerInterestPaid BrokerInterestReceived BondInterestPaid BondInterestReceived CINT DINT',
  fee: 'OtherFees BrokerFees AdvisorFees ClientFees CommissionAdjustments OFEE STAX TTAX',
});

/** Which fields tell the id, the kind, the money and, where shares move, their price. */
type Section = readonly [SectionName, id: string, type: string, cash: string, price?: string];
const SECTIONS: readonly Section[] = [
  ['Trades', 'tradeID', 'transactionType', 'proceeds', 'tradePrice'],
  ['Transfers', 'transactionID', 'type', 'cashTransfer', 'transferPrice'],
  ['CorporateActions', 'transactionID', 'type', 'proceeds', ''],
  ['CashTransactions', 'transactionID', 'type', 'amount'],
  ['StmtFunds', 'transactionID', 'activityCode', 'amount'],
];
/** Sections whose rows name a contract. */
const HOLDING = ['Trades', 'CorporateActions', 'Transfers', 'OpenPositions'] as const;
/** Lines of the statement of funds that other sections tell, as the closing balances prove. */
const RETOLD = new Set(['', 'BUY', 'SELL', 'FOREX', 'ASSIGN', 'EXE', 'EXP', 'CORP']);

/** VENUE_SCOPE_MISSING names a field that the query lacks, VENUE_UNEXPECTED_SHAPE one not known. */
export function readStatement(statement: Statement): Told {
  const told = new Set<string>();
  const entries: Entry[] = [];
  for (const section of SECTIONS) {
    const [name, idField] = section;
    const isRetelling = name === 'StmtFunds';
    for (const row of rowsOf(statement, name)) {
      if (isRetelling && RETOLD.has(String(row['activityCode']))) continue;
      const id = parseText(row, idField);
      if (isRetelling && told.has(`transactionID ${id}`)) continue;
      told.add(`${idField} ${id}`);
      entries.push(entryOf(section, row, `${name}.${id}`));
    }
  }
  // Every exercise, assignment and expiry is a trade too, or the trades are not all there.
  for (const row of rowsOf(statement, 'OptionEAE')) {
    if (!isTold(row, 'tradeID') || told.has(`tradeID ${parseText(row, 'tradeID')}`)) continue;
    throw new RecordError('VENUE_INCOMPLETE', { place: 'OptionEAE.tradeID' });
  }
  const held = HOLDING.flatMap((name) => rowsOf(statement, name));
  return {
    entries: entries.filter(
      ({ postings, position }) => postings.length > 0 || position !== undefined,
    ),
    instruments: new Map(held.flatMap(instrumentOf)),
  };
}

function entryOf(section: Section, row: Row, id: string): Entry {
  const [name, , typeField, cashField, priceField] = section;
  const type = parseText(row, typeField);
  const kind = KINDS.get(type.replaceAll(' ', ''));
  if (kind === undefined) throw shape(`${name}.${typeField}`);
  const currency = parseText(row, 'currency');
  const cash = parseAmount(row, cashField);
  const at = instantOf(row);
  if (priceField === undefined) return movementOf(id, at, kind, currency, cash);
  const postings = [...post(currency, cash), ...(name === 'Trades' ? feesOf(row, currency) : [])];
  const contracts = parseAmount(row, 'quantity');
  // Cash alone is transferred under the symbol `--`.
  if (sign(contracts) === 0) return { id, at, kind, postings };
  const category = categoryOf(row, name);
  if (category === 'fx') {
    // `EUR.USD` moves euros, and dollars the other way.
    const [base = '', quote] = parseText(row, 'symbol').split('.');
    if (quote !== currency || base === currency) throw shape(`${name}.symbol`);
    return { id, at, kind, postings: [...post(base, contracts), ...postings] };
  }
  // What the exchange's book did to an option is its end: exercise, assignment or expiry.
  const isEnd = category === 'option' && type === 'BookTrade';
  const price = priceField === '' ? ZERO : parseAmount(row, priceField);
  const position = { instrument: parseText(row, 'conid'), contracts, price };
  return { id, at, kind: isEnd ? 'settlement' : kind, postings, position };
}

function feesOf(row: Row, currency: string): Entry['postings'] {
  const commission = parseAmount(row, 'ibCommission');
  const isFree = sign(commission) === 0;
  return [
    ...(isFree ? [] : post(parseText(row, 'ibCommissionCurrency'), commission, 'fee')),
    ...post(currency, parseAmount(row, 'taxes'), 'fee'),
  ];
}

/**
 * When it happened, or at an end of the day in whose report it stands: that day's balances have it.
 */
function instantOf(row: Row): number {
  const at = timeAt(row, Object.hasOwn(row, 'dateTime') ? 'dateTime' : 'date');
  const day = dayAt(row, 'reportDate');
  return Math.min(Math.max(at, day.from), day.to - 1);
}

function categoryOf(row: Row, section: string): 'equity' | 'option' | 'fx' {
  const category = CATEGORIES.get(row['assetCategory']);
  if (category === undefined) throw shape(`${section}.assetCategory`);
  return category;
}

function instrumentOf(row: Row): readonly (readonly [string, Instrument])[] {
  if (!isTold(row, 'assetCategory') || !isTold(row, 'conid')) return [];
  const kind = categoryOf(row, 'OpenPositions');
  // Neither cash nor a pair of currencies is a position.
  if (kind === 'fx') return [];
  const quote = parseText(row, 'currency');
  const isOption = kind === 'option';
  const base = parseText(row, isOption ? 'underlyingSymbol' : 'symbol');
  const sized = isOption ? { multiplier: parseAmount(row, 'multiplier') } : {};
  const common = { kind, base, quote, settle: quote, contractSize: ONE } as const;
  return [[parseText(row, 'conid'), { ...common, ...sized, realised: 'derived' }]];
}
