// Random complete ledgers over every kind of instrument, for the oracle: whatever happens in them,
// everything has a price at every full hour and at every flow. Amounts are decimal strings made of
// integers; instants fall on few milliseconds, so that many things happen in the same one.

import fc from 'fast-check';
import type { EntryJson, InstrumentJson, LedgerJson } from './ledger-json.ts';

const START = Date.UTC(2026, 0, 5);
const HOURS = 4;
const HOUR_MS = 3_600_000;

/** Twelve instants an hour. */
const SLOT_MS = 300_000;

const INSTRUMENTS: Readonly<Record<string, InstrumentJson>> = {
  LINEAR: perpetual('linear', 'ETH', 'USDT', 'USDT', '0.01', 'derived'),
  POSTED: perpetual('linear', 'BTC', 'USDT', 'USDT', '0.001', 'posted'),
  INVERSE: perpetual('inverse', 'BTC', 'USD', 'BTC', '10', 'derived'),
  COINDATED: perpetual('future', 'BTC', 'USD', 'BTC', '1', 'derived'),
  INDEX: { kind: 'future', base: 'SPX', quote: 'USD', settle: 'USD', multiplier: '5' },
  CALL: { kind: 'option', base: 'ACME', quote: 'USD', settle: 'USD', multiplier: '100' },
  ACME: { kind: 'equity', base: 'ACME', quote: 'USD', settle: 'USD' },
  EURUSD: { kind: 'fx', base: 'EUR', quote: 'USD', settle: 'USD' },
  BTCUSDT: { kind: 'spot', base: 'BTC', quote: 'USDT', settle: 'USDT' },
};

/** What has positions: a spot trade is two postings. */
const HELD = Object.keys(INSTRUMENTS).filter((name) => INSTRUMENTS[name]?.kind !== 'spot');

/** For a currency that the venue does not know: what leads to it from what it does know. */
const REFERENCES = [
  { asset: 'USDT', currency: 'CHF', source: 'kraken' },
  { asset: 'USD', currency: 'CHF', source: 'bank' },
];

/** Assets, and what each is quoted in; DOT is reached over USDT, BNB over BTC. */
const QUOTED_IN: Readonly<Record<string, string>> = {
  BTC: 'CASH',
  ETH: 'CASH',
  DOT: 'USDT',
  BNB: 'BTC',
  USDT: 'CASH',
};

const ASSETS = ['BTC', 'ETH', 'DOT', 'BNB', 'USDT', 'USD', 'EUR'];

const CASH_KINDS = [
  'fee',
  'rebate',
  'funding',
  'interest',
  'dividend',
  'withholding',
  'reward',
  'airdrop',
  'realised',
  'conversion',
  'settlement',
  'adjustment',
];

interface Event {
  readonly what: 'trade' | 'cash' | 'flow' | 'shares' | 'fill' | 'transfer' | 'split';
  readonly slot: number;
  readonly pick: number;
  readonly other: number;
  /** In units of 1e-4, not zero. */
  readonly amount: number;
  readonly hasFee: boolean;
}

export interface RandomLedger {
  readonly ledger: LedgerJson;
  /** True when the last anchor is to fix the opening, and the first one to be met. */
  readonly backwards: boolean;
}

/** The document has its opening anchor only. */
export const randomLedgers: fc.Arbitrary<RandomLedger> = fc
  .record({
    currency: fc.constantFrom('USD', 'EUR', 'CHF'),
    /** Nothing, dust, or enough. */
    wealth: fc.constantFrom(0, 1, 1_000, 1_000_000),
    holdings: fc.array(fc.integer({ min: -200, max: 200 }), { minLength: 8, maxLength: 8 }),
    events: fc.array(
      fc.record<Event>({
        what: fc.constantFrom(
          'trade',
          'cash',
          'flow',
          'shares',
          'fill',
          'fill',
          'transfer',
          'split',
        ),
        slot: fc.nat(HOURS * 12 - 1),
        pick: fc.nat(20),
        other: fc.nat(20),
        amount: fc.integer({ min: -300_000, max: 300_000 }).filter((amount) => amount !== 0),
        hasFee: fc.boolean(),
      }),
      { maxLength: 30, size: 'max' },
    ),
    prices: fc.array(fc.integer({ min: 50, max: 2_000 }), { minLength: 97, maxLength: 97 }),
    backwards: fc.boolean(),
  })
  .map(({ currency, wealth, holdings, events, prices, backwards }) => {
    const entries = events.flatMap(entriesOf);
    const instants = [
      ...Array.from({ length: HOURS + 1 }, (_, hour) => START + hour * HOUR_MS),
      ...entries.filter(({ kind }) => kind === 'flow').map((entry) => Date.parse(entry.at)),
    ];
    const ledger: LedgerJson = {
      format: 'track-record-ledger/1',
      account: {
        id: 'a',
        venue: 'v',
        reportingCurrency: currency,
        ...(currency === 'CHF' ? { references: REFERENCES } : {}),
      },
      window: { from: iso(START), to: iso(START + HOURS * HOUR_MS) },
      instruments: INSTRUMENTS,
      anchors: [openingOf(wealth, holdings)],
      entries,
      ...quotesOf([...new Set(instants)], prices, currency),
    };
    return { ledger, backwards };
  });

function openingOf(wealth: number, holdings: readonly number[]): LedgerJson['anchors'][number] {
  return {
    asOf: iso(START),
    balances: Object.fromEntries(
      ASSETS.map((asset, index) => [asset, units(wealth * (index + 1))]),
    ),
    positions: HELD.map((instrument, index) => ({
      instrument,
      contracts: String(wealth < 1_000 ? 0 : (holdings[index] ?? 0)),
      entryPrice: units(1_000_000 + 7_919 * index),
    })).filter(({ contracts }) => contracts !== '0'),
  };
}

function entriesOf(event: Event, index: number): EntryJson[] {
  const { what, slot, pick, other, amount, hasFee } = event;
  const entry = (kind: string, rest: Partial<EntryJson>, suffix = ''): EntryJson => ({
    id: `e${String(index).padStart(2, '0')}${suffix}`,
    at: iso(START + slot * SLOT_MS),
    kind,
    postings: [],
    ...rest,
  });
  const asset = ASSETS[pick % ASSETS.length] ?? '';
  const paid = ASSETS[(pick + 1 + (other % (ASSETS.length - 1))) % ASSETS.length] ?? '';
  const fees = hasFee ? [{ asset: 'BNB', amount: '-0.0123', role: 'fee' as const }] : [];
  switch (what) {
    case 'trade': {
      const legs = [
        { asset, amount: units(amount) },
        { asset: paid, amount: units(-amount * 3) },
      ];
      return [entry('fill', { postings: [...legs, ...fees] })];
    }
    case 'cash': {
      const kind = CASH_KINDS[other % CASH_KINDS.length] ?? '';
      return [entry(kind, { postings: [{ asset, amount: units(amount) }] })];
    }
    case 'flow':
      return [entry('flow', { postings: [{ asset, amount: units(amount) }, ...fees] })];
    case 'shares':
      return [
        entry('flow', { position: { instrument: 'ACME', contracts: units(amount), price: '1' } }),
      ];
    case 'split':
      return [entry('split', { split: { instrument: 'ACME', ratio: hasFee ? '2' : '0.5' } })];
    case 'transfer': {
      const size = Math.abs(amount);
      const arrives = iso(START + Math.min(HOURS * 12 - 1, slot + (other % 15)) * SLOT_MS);
      const kept = hasFee ? size - Math.floor(size / 20) : size;
      return [
        entry('transfer', { postings: [{ asset, amount: units(-size) }], txid: `t${index}` }, 'o'),
        {
          ...entry(
            'transfer',
            { postings: [{ asset, amount: units(kept) }], txid: `t${index}` },
            'i',
          ),
          at: arrives,
        },
      ];
    }
    case 'fill': {
      const instrument = HELD[pick % HELD.length] ?? '';
      const position = {
        instrument,
        contracts: units(amount),
        price: units(500_000 + other * 70_001),
      };
      const { kind } = INSTRUMENTS[instrument] ?? perpetual('linear', '', '', '', '1', 'derived');
      // Shares and options are paid for; how well does not matter to the bookkeeping.
      const cash =
        kind === 'equity' || kind === 'option' ? [{ asset: 'USD', amount: units(-amount) }] : [];
      return [entry('fill', { postings: [...cash, ...fees], position })];
    }
  }
}

/** Everything at every instant, the numbers taken in turn from the random ones. */
function quotesOf(
  instants: readonly number[],
  random: readonly number[],
  currency: string,
): Pick<LedgerJson, 'prices' | 'marks'> {
  let next = 0;
  const price = (): string => {
    next += 1;
    return units((random[(next * next + next) % random.length] ?? 100) * 1_000 + next);
  };
  const rate = (): string => units(10_000 + (random[(next += 1) % random.length] ?? 0));
  const isForeign = currency === 'CHF';
  const quoted = Object.entries(QUOTED_IN).filter(([asset]) => !isForeign || asset !== 'USDT');
  return {
    prices: instants.flatMap((at) => [
      ...quoted.map(([asset, quote]) => ({
        asset,
        currency: quote !== 'CASH' ? quote : isForeign ? 'USDT' : currency,
        at: iso(at),
        price: price(),
      })),
      // The pair that exists is the euro in dollars, whichever of them is reported.
      { asset: 'EUR', currency: 'USD', at: iso(at), price: rate() },
      ...(isForeign ? REFERENCES : []).map((pair) => ({ ...pair, at: iso(at), price: rate() })),
    ]),
    marks: instants.flatMap((at) =>
      HELD.map((instrument) => ({ instrument, at: iso(at), price: price() })),
    ),
  };
}

/** An integer number of ten-thousandths. */
function units(value: number): string {
  const digits = String(Math.abs(value)).padStart(5, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function perpetual(
  kind: string,
  base: string,
  quote: string,
  settle: string,
  contractSize: string,
  realised: 'posted' | 'derived',
): InstrumentJson {
  return { kind, base, quote, settle, contractSize, realised };
}
