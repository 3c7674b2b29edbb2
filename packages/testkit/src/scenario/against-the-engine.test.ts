// The scenario's truth beside the real ledger and returns engine, without any venue between them:
// two bookkeepings that share no code and must agree in every digit of every hour.

import { describe, expect, test } from '@jest/globals';
import { priceRequests } from '@track-record/ledger';
import type { Entry, EntryKind, Instrument, LedgerDocument, Posting } from '@track-record/ledger';
import { computeHours } from '@track-record/returns';

import { buildScenario } from './build-scenario.ts';
import type { Scenario } from './build-scenario.ts';
import type { ScenarioEvent } from './events.ts';
import { markSeries } from './markets.ts';
import type { Exact, Units } from './units.ts';

const REWARD_KINDS = { interest: 'interest', rebate: 'rebate', airdrop: 'airdrop' } as const;

function exact(amount: Units): Exact {
  return { mantissa: amount, scale: 8 };
}

function posting(asset: string, amount: Units): Posting {
  return { asset, amount: exact(amount) };
}

function feePostings(asset: string, fee: Units): Posting[] {
  return fee === 0n ? [] : [{ asset, amount: exact(-fee), role: 'fee' }];
}

function entriesOf(event: ScenarioEvent): Entry[] {
  const entry = (kind: EntryKind, postings: readonly Posting[], suffix = ''): Entry => ({
    id: `${event.id}${suffix}`,
    at: event.at,
    kind,
    postings,
  });
  switch (event.kind) {
    case 'spot-fill': {
      const [base = '', quote = ''] = event.market.split('/');
      const direction = event.side === 'buy' ? 1n : -1n;
      const legs = [
        posting(base, direction * event.quantity),
        posting(quote, -direction * event.quote),
      ];
      return [entry('fill', [...legs, ...feePostings(event.feeAsset, event.fee)])];
    }
    case 'futures-fill': {
      const contracts = exact(event.side === 'buy' ? event.quantity : -event.quantity);
      const position = { instrument: event.market, contracts, price: exact(event.price) };
      const fill = { ...entry('fill', feePostings(event.feeAsset, event.fee)), position };
      if (event.realised === 0n) return [fill];
      return [fill, entry('realised', [posting('USDT', event.realised)], '-profit')];
    }
    case 'funding':
      return [entry('funding', [posting(event.asset, event.amount)])];
    case 'deposit':
      return event.credited ? [entry('flow', [posting(event.asset, event.amount)])] : [];
    case 'withdrawal': {
      if (event.cancelled) return [];
      const cost = entry('fee', feePostings(event.asset, event.networkFee), '-network');
      return [cost, entry('flow', [posting(event.asset, -event.amount)])];
    }
    case 'transfer':
      return [];
    case 'reward':
      return [entry(REWARD_KINDS[event.cause], [posting(event.asset, event.amount)])];
    case 'dust': {
      const legs = event.parts.flatMap((part) => [
        posting(part.asset, -part.amount),
        posting(event.toAsset, part.received),
      ]);
      return [entry('conversion', legs)];
    }
    case 'conversion': {
      const legs = [
        posting(event.fromAsset, -event.fromAmount),
        posting(event.toAsset, event.toAmount),
      ];
      return [entry('conversion', legs)];
    }
  }
}

function ledgerOf(scenario: Scenario): LedgerDocument {
  const { prices, markets, reporting } = scenario;
  const book = scenario.readBook()(scenario.end - 1);
  const totals = new Map<string, Units>();
  for (const wallet of Object.values(book.wallets)) {
    for (const [asset, amount] of wallet) totals.set(asset, (totals.get(asset) ?? 0n) + amount);
  }
  const instruments = new Map(
    markets
      .filter(({ perpetual }) => perpetual)
      .map(({ symbol, base, quote }): [string, Instrument] => {
        const contractSize = { mantissa: 1n, scale: 0 };
        const realised = 'posted';
        return [symbol, { kind: 'linear', base, quote, settle: quote, contractSize, realised }];
      }),
  );
  const held = [...book.positions].filter(([, { contracts }]) => contracts !== 0n);
  const document: LedgerDocument = {
    account: { id: 'a1', venue: 'binance', reportingCurrency: reporting },
    window: { from: scenario.start, to: scenario.end },
    instruments,
    anchors: [
      {
        asOf: scenario.end,
        balances: new Map([...totals].map(([asset, amount]) => [asset, exact(amount)])),
        positions: held.map(([instrument, { contracts, cost }]) => ({
          instrument,
          contracts: exact(contracts),
          entryPrice: { mantissa: cost / contracts, scale: 8 },
        })),
      },
    ],
    entries: scenario.events.flatMap(entriesOf),
    prices: [],
    marks: [],
  };
  const needs = priceRequests(document);
  return {
    ...document,
    prices: needs
      .filter(({ kind }) => kind === 'asset')
      .map(({ name, at }) => {
        const price = { mantissa: prices.value(name, at), scale: 16 };
        return { asset: name, currency: reporting, at, price };
      }),
    marks: needs
      .filter(({ kind }) => kind === 'mark')
      .map(({ name, at }) => ({
        instrument: name,
        at,
        price: exact(prices.at(markSeries(name), at)),
      })),
  };
}

describe('holds', () => {
  test.each([1, 7])('every hour of seed %i, to the last digit', (seed) => {
    const scenario = buildScenario({
      seed,
      start: Date.UTC(2026, 7, 1),
      hours: 45 * 24,
      fills: 4_000,
    });
    const truth = scenario.truth();
    const { hours } = computeHours(ledgerOf(scenario));
    expect(hours).toHaveLength(truth.length);
    const shown = (value: Exact | null): string | null =>
      value === null ? null : `${value.mantissa}e-${value.scale}`;
    expect(hours.map((hour) => shown(hour.return))).toEqual(
      truth.map((hour) => shown(hour.return)),
    );
  });
});
