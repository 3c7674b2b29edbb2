// A week of one account at Interactive Brokers whose base currency is the euro, told in cents: what
// every event moves, and beside it the rows that a Flex statement has of it. Balances, positions
// and net asset value follow from the movements alone; no reader of statements has a part in them.

/** Cents, or hundredths of a euro for a dollar's rate with five digits. */
type Cents = bigint;
type Row = Readonly<Record<string, string>>;

export interface Event {
  readonly day: number;
  /** When it counts: what has a day alone counts in the last millisecond of it. */
  readonly at: number;
  readonly cash: readonly (readonly [line: string, currency: string, amount: Cents])[];
  readonly shares: readonly (readonly [conid: string, quantity: bigint])[];
  readonly rows: readonly (readonly [section: string, element: string, row: Row])[];
}

export interface Truth {
  readonly balances: ReadonlyMap<string, string>;
  readonly positions: ReadonlyMap<string, string>;
}

export interface Story {
  readonly truthAt: (day: number) => Truth;
  /** The statement from the first day to this one, as the service would send it. */
  readonly statementUntil: (day: number) => string;
  readonly events: readonly Event[];
  readonly days: readonly string[];
}

/** Across both changes of the clocks, which are on Sundays. */
const SPRING = ['2026-03-05', '2026-03-06', '2026-03-09', '2026-03-10', '2026-03-11'];
const AUTUMN = ['2026-10-29', '2026-10-30', '2026-11-02', '2026-11-03', '2026-11-04'];
export const WEEKS = {
  spring: [...SPRING, '2026-03-12', '2026-03-13'],
  autumn: [...AUTUMN, '2026-11-05', '2026-11-06'],
};

const ACCOUNT = 'U7654321';
/** A dollar in euros, by day. */
export const RATES = [90000n, 90100n, 89500n, 89900n, 90250n, 90500n, 90010n];
const LISTED: Readonly<Record<string, Row>> = {
  '1001': { symbol: 'ACME', assetCategory: 'STK', multiplier: '1', underlyingSymbol: '' },
  '1002': { symbol: 'GLBX', assetCategory: 'STK', multiplier: '1', underlyingSymbol: '' },
  '1003': { symbol: 'INIT', assetCategory: 'STK', multiplier: '1', underlyingSymbol: '' },
  '1004': { symbol: 'SPUN', assetCategory: 'STK', multiplier: '1', underlyingSymbol: '' },
  '2001': {
    symbol: 'ACME P190',
    assetCategory: 'OPT',
    multiplier: '100',
    underlyingSymbol: 'ACME',
  },
  '2002': {
    symbol: 'ACME C220',
    assetCategory: 'OPT',
    multiplier: '100',
    underlyingSymbol: 'ACME',
  },
  '9001': { symbol: 'EUR.USD', assetCategory: 'CASH', multiplier: '1', underlyingSymbol: '' },
};
/** Closing prices in cents, by day. */
export const CLOSES: Readonly<Record<string, readonly Cents[]>> = {
  '1001': [20100n, 20250n, 20000n, 18800n, 9450n, 9500n, 9300n],
  '1002': [8010n, 7900n, 7850n, 7700n, 7600n, 7500n, 7500n],
  '1003': [5000n, 5000n, 5000n, 5000n, 5000n, 5000n, 5125n],
  '1004': [0n, 0n, 0n, 0n, 0n, 0n, 410n],
  '2001': [0n, 210n, 300n, 0n, 0n, 0n, 0n],
  '2002': [0n, 90n, 40n, 0n, 0n, 0n, 0n],
};

/** `days`: seven days of business as `2026-03-05`. */
export function tellStory(days: readonly string[]): Story {
  const events = eventsOf(days);
  const until = (day: number): readonly Event[] => events.filter((event) => event.day <= day);
  return {
    truthAt: (day) => ({
      balances: new Map([...cashOf(until(day))].map(([name, cents]) => [name, decimal(cents)])),
      positions: new Map([...sharesOf(until(day))].map(([name, held]) => [name, String(held)])),
    }),
    statementUntil: (day) => statementOf(days, until(day), day),
    events,
    days,
  };
}

/** What every row has: a day, a time of it, and an id of its own. */
interface Stamp {
  readonly row: (day: number, time: string) => Row;
  readonly at: (day: number, time: string) => number;
}

function stampOf(days: readonly string[]): Stamp {
  let id = 5_000;
  const row: Stamp['row'] = (day, time) => {
    const reportDate = compact(days[day]);
    id += 1;
    return { reportDate, dateTime: `${reportDate};${time}`, transactionID: String(id) };
  };
  return { row, at: (day, time) => inNewYork(days[day] ?? '', time) };
}

/** `093105` of a day in New York, in milliseconds UTC. */
export function inNewYork(day: string, time: string): number {
  const clock = time.replace(/(..)(..)(..)/, '$1:$2:$3');
  const offsets = ['-05:00', '-04:00'].map((offset) => Date.parse(`${day}T${clock}${offset}`));
  const told = (at: number): string =>
    new Date(at).toLocaleString('sv-SE', { timeZone: 'America/New_York' });
  return offsets.find((at) => told(at) === `${day} ${clock}`) ?? Number.NaN;
}

function eventsOf(days: readonly string[]): readonly Event[] {
  const stamp = stampOf(days);
  const assigned = { transactionType: 'BookTrade', notes: 'A' };
  const expired = { transactionType: 'BookTrade', notes: 'Ep' };
  const booked = { transactionType: 'BookTrade' };
  const evening = (day: number): string => `${compact(days[day - 1])};202500`;
  return [
    cash(stamp, 0, 'Deposits/Withdrawals', 'depositsWithdrawals', 'EUR', 10_000_000n, '090000'),
    trade(stamp, 0, '9001', -50_000n, 110n, 180n),
    trade(stamp, 0, '1001', 100n, 20_000n, 100n),
    trade(stamp, 0, '1002', -50n, 8_000n, 100n),
    trade(stamp, 1, '2001', -1n, 250n, 70n),
    trade(stamp, 1, '2002', 2n, 100n, 140n),
    cash(stamp, 2, 'Dividends', 'dividends', 'USD', 5_000n),
    cash(stamp, 2, 'Withholding Tax', 'withholdingTax', 'USD', -750n),
    // For the shares that are sold short.
    cash(stamp, 2, 'Broker Interest Paid', 'interest', 'USD', -321n),
    cash(stamp, 2, 'Payment In Lieu Of Dividends', 'dividends', 'USD', -1_250n),
    trade(stamp, 3, '2002', -2n, 0n, 0n, expired),
    trade(stamp, 3, '2001', 1n, 0n, 0n, assigned),
    trade(stamp, 3, '1001', 100n, 19_000n, 0n, booked),
    action(stamp, 4, '1001', 'FS', 200n, evening(4)),
    trade(stamp, 5, '1002', 50n, 7_500n, 100n),
    cash(stamp, 5, 'Other Fees', 'otherFees', 'EUR', -450n),
    cash(stamp, 5, 'STAX', 'salesTax', 'EUR', -95n),
    action(stamp, 6, '1004', 'SO', 40n, evening(6)),
    transferIn(stamp, RATES[6] ?? 0n),
    cash(stamp, 6, 'Deposits/Withdrawals', 'depositsWithdrawals', 'EUR', -100_000n),
  ];
}

function trade(
  stamp: Stamp,
  day: number,
  conid: string,
  quantity: bigint,
  price: Cents,
  fee: Cents,
  more: Row = {},
): Event {
  const listed = LISTED[conid] ?? {};
  const proceeds = -quantity * price * BigInt(listed['multiplier'] ?? 1);
  const isPair = listed['assetCategory'] === 'CASH';
  const feeCurrency = isPair ? 'EUR' : 'USD';
  const stamped = stamp.row(day, '103105');
  const tradeID = `7${stamped['transactionID']}`;
  const row = {
    ...stamped,
    ...listed,
    conid,
    currency: 'USD',
    tradeID,
    transactionType: 'ExchTrade',
    quantity: String(quantity),
    tradePrice: decimal(price),
    proceeds: decimal(proceeds),
    taxes: '0',
    ibCommission: decimal(-fee),
    ibCommissionCurrency: feeCurrency,
    ...more,
  };
  const euros: Event['cash'] = isPair ? [['', 'EUR', quantity * 100n]] : [];
  const ends: Event['rows'] = [['OptionEAE', 'OptionEAE', { tradeID }]];
  return {
    day,
    at: stamp.at(day, '103105'),
    cash: [['', 'USD', proceeds], ['commissions', feeCurrency, -fee], ...euros],
    shares: isPair ? [] : [[conid, quantity]],
    rows: [
      ['Trades', 'Order', { ...row, levelOfDetail: 'ORDER' }],
      ['Trades', 'Trade', { ...row, levelOfDetail: 'EXECUTION' }],
      ['Trades', 'SymbolSummary', { ...row, tradeID: '', levelOfDetail: 'SYMBOL_SUMMARY' }],
      ...(more['notes'] === undefined ? [] : ends),
    ],
  };
}

function cash(
  stamp: Stamp,
  day: number,
  type: string,
  line: string,
  currency: string,
  amount: Cents,
  time = '202000',
): Event {
  const row = { ...stamp.row(day, time), type, currency, amount: decimal(amount) };
  const levels = ['DETAIL', 'SUMMARY'].map(
    (levelOfDetail) => ['CashTransactions', 'CashTransaction', { ...row, levelOfDetail }] as const,
  );
  // A tax on a fee stands in the statement of funds and nowhere else.
  const isTax = type === 'STAX';
  const at = isTax ? stamp.at(day, '235959') + 999 : stamp.at(day, time);
  const rows = [...(isTax ? [] : levels), fund(row)];
  return { day, at, cash: [[line, currency, amount]], shares: [], rows };
}

/** Booked in the evening before the day in whose report it stands. */
function action(
  stamp: Stamp,
  day: number,
  conid: string,
  type: string,
  quantity: bigint,
  dateTime: string,
): Event {
  const moved = { type, quantity: String(quantity), proceeds: '0', currency: 'USD', conid };
  const row = { ...stamp.row(day, ''), ...LISTED[conid], ...moved, dateTime };
  const rows = [['CorporateActions', 'CorporateAction', row] as const];
  return { day, at: stamp.at(day, '000000'), cash: [], shares: [[conid, quantity]], rows };
}

/** Ten shares that come from another broker, at their closing price. */
function transferIn(stamp: Stamp, rate: bigint): Event {
  const row = stamp.row(6, '120000');
  const conid = '1003';
  const worth = 10n * 5_125n * rate;
  const moved = {
    type: 'ACATS',
    direction: 'IN',
    quantity: '10',
    cashTransfer: '0',
    currency: 'USD',
  };
  const priced = { transferPrice: '0', positionAmountInBase: decimal(worth, 7) };
  const date = row['reportDate'] ?? '';
  const told = { ...row, ...LISTED[conid], ...moved, ...priced, conid, date };
  const at = stamp.at(6, '120000');
  return { day: 6, at, cash: [], shares: [[conid, 10n]], rows: [['Transfers', 'Transfer', told]] };
}

const ACTIVITIES: Readonly<Record<string, string>> = {
  'Deposits/Withdrawals': 'DEP',
  Dividends: 'DIV',
  'Withholding Tax': 'FRTAX',
  'Broker Interest Paid': 'DINT',
  'Payment In Lieu Of Dividends': 'PIL',
  'Other Fees': 'OFEE',
};

function fund(row: Row): readonly [string, string, Row] {
  const { dateTime: _dateTime, type = '', ...told } = row;
  const activityCode = ACTIVITIES[type] ?? type;
  const date = told['reportDate'] ?? '';
  const line = { ...told, date, activityCode, levelOfDetail: 'Currency' };
  return ['StmtFunds', 'StatementOfFundsLine', line];
}

function cashOf(events: readonly Event[]): Map<string, Cents> {
  const sums = new Map<string, Cents>();
  for (const [, currency, amount] of events.flatMap((event) => event.cash)) {
    sums.set(currency, (sums.get(currency) ?? 0n) + amount);
  }
  return sums;
}

function sharesOf(events: readonly Event[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const [conid, quantity] of events.flatMap((event) => event.shares)) {
    sums.set(conid, (sums.get(conid) ?? 0n) + quantity);
  }
  return new Map([...sums].filter(([, held]) => held !== 0n));
}

/** Euros with seven digits: cents times a rate of five. */
function inEuros(currency: string, amount: Cents, day: number): bigint {
  return amount * (currency === 'EUR' ? 100_000n : (RATES[day] ?? 0n));
}

function positionValue(conid: string, held: bigint, day: number): Cents {
  const multiplier = BigInt(LISTED[conid]?.['multiplier'] ?? 1);
  return held * multiplier * (CLOSES[conid]?.[day] ?? 0n);
}

function navAt(events: readonly Event[], day: number): bigint {
  const cash = [...cashOf(events)].map(([currency, amount]) => inEuros(currency, amount, day));
  const held = [...sharesOf(events)].map(([conid, quantity]) =>
    inEuros('USD', positionValue(conid, quantity, day), day),
  );
  return [...cash, ...held].reduce((sum, each) => sum + each, 0n);
}

function statementOf(days: readonly string[], events: readonly Event[], day: number): string {
  const [fromDate, toDate] = [days[0] ?? '', days[day] ?? ''];
  const line = (name: string): string => {
    const own = events.flatMap((event) => event.cash.map((each) => ({ each, on: event.day })));
    const found = own.filter(({ each }) => each[0] === name);
    const sum = found.reduce((total, { each, on }) => total + inEuros(each[1], each[2], on), 0n);
    return decimal(sum, 7);
  };
  const lines = [
    'depositsWithdrawals',
    'dividends',
    'withholdingTax',
    'interest',
    'commissions',
    'otherFees',
    'salesTax',
  ];
  const moved = events.flatMap(({ rows }) => rows.filter(([section]) => section === 'Transfers'));
  const inKind = moved.map(([, , row]) => row['positionAmountInBase']).join('') || '0';
  const total = decimal(navAt(events, day), 7);
  const nav = {
    startingValue: '0',
    ...Object.fromEntries(lines.map((each) => [each, line(each)])),
  };
  const closing = { reportDate: toDate, total, dividendAccruals: '0', interestAccruals: '0' };
  const sections = [
    element('AccountInformation', { accountId: ACCOUNT, currency: 'EUR' }),
    element('ChangeInNAV', { ...nav, assetTransfers: inKind, endingValue: total }),
    sectionOf('EquitySummaryInBase', [['EquitySummaryByReportDateInBase', closing]]),
    sectionOf('CashReport', [
      [
        'CashReportCurrency',
        { currency: 'BASE_SUMMARY', endingCash: '1', levelOfDetail: 'BaseCurrency' },
      ],
      ...[...cashOf(events)].map(([currency, amount]) => {
        const row = { currency, endingCash: decimal(amount), levelOfDetail: 'Currency' };
        return ['CashReportCurrency', row] as const;
      }),
    ]),
    sectionOf('OpenPositions', openPositions(events, day, toDate)),
    sectionOf('ConversionRates', ratesOf(days.slice(0, day + 1))),
    ...[
      'Trades',
      'CashTransactions',
      'Transfers',
      'CorporateActions',
      'OptionEAE',
      'StmtFunds',
    ].map((name) => {
      const rows = events.flatMap((event) => event.rows.filter(([section]) => section === name));
      return sectionOf(
        name,
        rows.map(([, label, row]) => [label, row] as const),
      );
    }),
  ];
  const generated = compact(nextDay(toDate));
  const own = { accountId: ACCOUNT, fromDate, toDate, whenGenerated: `${generated};052500` };
  const statement = `<FlexStatement${attributes(own)}>${sections.join('')}</FlexStatement>`;
  const all = `<FlexStatements count="1">${statement}</FlexStatements>`;
  return `<FlexQueryResponse queryName="Record" type="AF">${all}</FlexQueryResponse>`;
}

function ratesOf(days: readonly string[]): readonly (readonly [string, Row])[] {
  return days.map((reportDate, day) => {
    const rate = decimal(RATES[day] ?? 0n, 5);
    return ['ConversionRate', { reportDate, fromCurrency: 'USD', toCurrency: 'EUR', rate }];
  });
}

function openPositions(
  events: readonly Event[],
  day: number,
  reportDate: string,
): readonly (readonly [string, Row])[] {
  return [...sharesOf(events)].map(([conid, held]) => {
    const worth = { positionValue: decimal(positionValue(conid, held, day)), costBasisPrice: '1' };
    const row = { ...LISTED[conid], ...worth, conid, currency: 'USD', reportDate };
    return ['OpenPosition', { ...row, position: String(held), levelOfDetail: 'SUMMARY' }];
  });
}

function sectionOf(name: string, rows: readonly (readonly [string, Row])[]): string {
  return `<${name}>${rows.map(([label, row]) => element(label, row)).join('')}</${name}>`;
}

function element(name: string, row: Row): string {
  return `<${name}${attributes(row)} />`;
}

function attributes(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

function compact(day = ''): string {
  return day.replaceAll('-', '');
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

function decimal(value: bigint, scale = 2): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
