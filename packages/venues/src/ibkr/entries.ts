// The rows of one Flex statement as ledger entries, with every digit as written. Trades tell what
// was bought, exercised, assigned or expired; cash transactions, transfers and corporate actions
// tell the rest; the statement of funds tells the cash that none of them does, such as sales tax.
// OptionEAE and FxTransactions tell the same events again and make no entry. A word that no table
// here knows stops the account. A position is known by IBKR's own contract id (conid): a symbol is
// renamed, and is used for several listings.

import { RecordError } from '@track-record/errors';
import { ONE, sign, ZERO, type Entry, type Instrument } from '@track-record/ledger';
import { kindsOf, movementOf, post, type Kinds } from '../ccxt/readings.ts';
import { parseAmount, parseText, shape, type Row } from '../ccxt/rows.ts';
import { isTold, rowsOf, type SectionName, type Statement } from './statement.ts';
import { dayAt, timeAt } from './times.ts';

export interface Told {
  readonly entries: readonly Entry[];
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/** Other categories settle in ways that are not read here: futures daily, bonds with interest. */
const CATEGORIES: ReadonlyMap<string, 'equity' | 'option' | 'fx'> = new Map([
  ...['STK', 'FUND', 'WAR'].map((name) => [name, 'equity'] as const),
  ['OPT', 'option'] as const,
  ['CASH', 'fx'] as const,
]);

interface Section {
  readonly name: SectionName;
  /** Which fields tell the id, the kind, the money and, where shares move, their price. */
  readonly fields: readonly [id: string, type: string, cash: string, price?: string];
  /** By the field's words, without the spaces that some have. */
  readonly kinds: Kinds;
}

const SECTIONS: readonly Section[] = [
  {
    name: 'Trades',
    fields: ['tradeID', 'transactionType', 'proceeds', 'tradePrice'],
    // Cancelled and corrected trades are rows of their own with the sign turned.
    kinds: kindsOf({ fill: 'ExchTrade BookTrade FracShare DvpTrade TradeCancel TradeCorrect' }),
  },
  {
    name: 'Transfers',
    fields: ['transactionID', 'type', 'cashTransfer', 'transferPrice'],
    // Every one crosses the perimeter, which is the one account.
    kinds: kindsOf({ flow: 'ACATS ATON FOP INTERNAL INTERCOMPANY OTC DRS DWAC' }),
  },
  {
    name: 'CorporateActions',
    fields: ['transactionID', 'type', 'proceeds', ''],
    // All act by what they add and take away, so that none needs a ratio.
    kinds: kindsOf({ conversion: 'FS RS TC TO IC SO SD SR HI DW OR RI CD' }),
  },
  {
    name: 'CashTransactions',
    fields: ['transactionID', 'type', 'amount'],
    kinds: kindsOf({
      flow: 'Deposits/Withdrawals Deposits&Withdrawals',
      dividend: 'Dividends PaymentInLieuOfDividends',
      withholding: 'WithholdingTax 871(m)Withholding',
      interest: 'BrokerInterestPaid BrokerInterestReceived BondInterestPaid BondInterestReceived',
      fee: 'OtherFees BrokerFees AdvisorFees ClientFees CommissionAdjustments',
    }),
  },
  {
    name: 'StmtFunds',
    fields: ['transactionID', 'activityCode', 'amount'],
    kinds: kindsOf({
      flow: 'DEP WITH',
      dividend: 'DIV PIL',
      withholding: 'FRTAX',
      interest: 'CINT DINT',
      fee: 'OFEE STAX TTAX',
    }),
  },
];
/** Lines of the statement of funds that other sections tell, as the closing balances prove. */
const RETOLD = new Set(['', 'BUY', 'SELL', 'FOREX', 'ASSIGN', 'EXE', 'EXP', 'CORP']);

/** VENUE_SCOPE_MISSING names a field that the query lacks, VENUE_UNEXPECTED_SHAPE one not known. */
export function readStatement(statement: Statement): Told {
  const told = new Set<string>();
  const entries: Entry[] = [];
  for (const section of SECTIONS) {
    const [idField] = section.fields;
    for (const row of rowsOf(statement, section.name)) {
      if (section.name === 'StmtFunds' && RETOLD.has(String(row['activityCode']))) continue;
      const id = parseText(row, idField);
      if (section.name === 'StmtFunds' && told.has(`transactionID ${id}`)) continue;
      told.add(`${idField} ${id}`);
      entries.push(entryOf(section, row, `${section.name}.${id}`));
    }
  }
  // Every exercise, assignment and expiry is a trade too, or the trades are not all there.
  for (const row of rowsOf(statement, 'OptionEAE')) {
    if (!isTold(row, 'tradeID') || told.has(`tradeID ${parseText(row, 'tradeID')}`)) continue;
    throw new RecordError('VENUE_INCOMPLETE', { place: 'OptionEAE.tradeID' });
  }
  const held = (['Trades', 'CorporateActions', 'Transfers', 'OpenPositions'] as const).flatMap(
    (name) => rowsOf(statement, name),
  );
  return {
    entries: entries.filter(
      ({ postings, position }) => postings.length > 0 || position !== undefined,
    ),
    instruments: new Map(held.flatMap(instrumentOf)),
  };
}

function entryOf({ name, fields, kinds }: Section, row: Row, id: string): Entry {
  const [, typeField, cashField, priceField] = fields;
  const type = parseText(row, typeField);
  const kind = kinds.get(type.replaceAll(' ', ''));
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
  const [field = 'tradeDate'] = ['dateTime', 'date'].filter((each) => Object.hasOwn(row, each));
  const isApart = field === 'tradeDate' && Object.hasOwn(row, 'tradeTime');
  const time = isApart ? `${parseText(row, field)} ${parseText(row, 'tradeTime')}` : row[field];
  const day = dayAt(row, 'reportDate');
  return Math.min(Math.max(timeAt({ [field]: time }, field), day.from), day.to - 1);
}

function categoryOf(row: Row, section: string): 'equity' | 'option' | 'fx' {
  const category = CATEGORIES.get(parseText(row, 'assetCategory'));
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
  const common = {
    kind,
    base,
    quote,
    settle: quote,
    contractSize: ONE,
    realised: 'derived',
  } as const;
  return [[parseText(row, 'conid'), { ...common, ...sized }]];
}
