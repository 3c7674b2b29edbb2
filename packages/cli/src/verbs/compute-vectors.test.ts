// The recorded tables of `vectors/returns` that are about ledgers and hours, through the public
// verb, each within the tolerance of its MANIFEST. The expected numbers come from an independent
// 60-digit calculation. What no verb answers stands in EXCEPTED, with its reason.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  absolute,
  add,
  compare,
  divide,
  formatDecimal,
  multiply,
  ONE,
  parseDecimal,
  round,
  subtract,
} from '@track-record/ledger';
import { ledgerFromText } from '../../../testkit/src/ledger-text.ts';
import { compute } from './compute.ts';

const VECTORS = join(process.env['VECTORS_DIR'] ?? '../shared/vectors', 'returns');
const present = existsSync(VECTORS) || process.env['CI'] !== undefined;
const withVectors = present ? describe : describe.skip;

/** MANIFEST: 1e-15, relative above 1. */
const TOLERANCE = parseDecimal('0.000000000000001');

const folder = mkdtempSync(join(tmpdir(), 'compute-vectors-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the verb prints, as far as it is looked at here. */
interface PrintedHour {
  status: string;
  navOpen: string;
  navClose: string;
  flow: string;
  pnl: string;
  fees: string;
  funding: string;
  return: string | null;
  derived?: Record<string, string>;
  balances: Record<string, string>;
}

interface Printed {
  opening: { balances: Record<string, string> };
  hours: PrintedHour[];
}

interface FlowCase {
  id: string;
  equity_open: string;
  events: { ms_after_hour_start: number; equity_before_flow: string; flow: string }[];
  equity_close: string;
  expected: { true_twr_linked: string; pnl: string };
}

interface ReplayTable {
  prices: Record<string, string[]>;
  postings: { hour: number; offset_ms: number; type: string; asset: string; amount: string }[];
  inverse_perp_fills: { hour: number; offset_ms: number; contracts: string; price: string }[];
  final_balances: Record<string, string>;
  expected: {
    opening_balances: Record<string, string>;
    hours: { balances: Record<string, string>; equity: string; return: string }[];
    twr: string;
  };
}

interface PortfolioTable {
  ttwror_cases: {
    name: string;
    start: string;
    end: string;
    events: [string, string, string][];
    recomputed?: { accumulated: string }[];
    expected?: { accumulated_last: string };
  }[];
  neutrality: {
    accumulated_path: string[];
    transfers_end_of_day_if_negative_start_of_day_if_positive: string[];
  };
}

withVectors('accepts, flows and replay', () => {
  test.each(present ? table<{ cases: FlowCase[] }>('hourly_flows').cases : [])(
    'hourly_flows $id: cut at every flow',
    async ({ equity_open, events, equity_close, expected }) => {
      const lines = ['USD 00:00 to 01:00', `00:00 open adjustment: USD 0`];
      let equity = parseDecimal(equity_open);
      for (const [index, event] of events.entries()) {
        const before = parseDecimal(event.equity_before_flow);
        const gain = formatDecimal(subtract(before, equity));
        lines.push(`${time(event.ms_after_hour_start - 1)} g${index} adjustment: USD ${gain}`);
        lines.push(`${time(event.ms_after_hour_start)} f${index} flow: USD ${event.flow}`);
        equity = add(before, parseDecimal(event.flow));
      }
      const rest = formatDecimal(subtract(parseDecimal(equity_close), equity));
      lines.push(`00:59:59.999 rest adjustment: USD ${rest}`, `anchor 01:00: USD ${equity_close}`);
      const [hour] = await hoursOf(lines);
      expectClose(hour?.return, expected.true_twr_linked);
      expectClose(hour?.pnl, expected.pnl);
      expect(hour?.status).toBe('measured');
    },
  );

  test('ledger_replay: opening backwards, every hour forwards', async () => {
    const replay = table<ReplayTable>('ledger_replay');
    const report = await reportOf(replayLines(replay));
    const [opening, ...closes] = replay.expected.hours;
    expectAmounts(report.opening.balances, replay.expected.opening_balances);
    expectClose(report.hours[0]?.navOpen, opening?.equity ?? '');
    expect(report.hours).toHaveLength(closes.length);
    for (const [index, close] of closes.entries()) {
      const hour = report.hours[index];
      expectAmounts(hour?.balances ?? {}, close.balances);
      expectClose(hour?.navClose, close.equity);
      expectClose(hour?.return, close.return);
    }
    expectClose(linked(report.hours), replay.expected.twr);
  });
});

withVectors('accepts, published indices', () => {
  test.each(present ? table<PortfolioTable>('portfolio_performance').ttwror_cases : [])(
    'portfolio_performance $name: a day as an hour',
    async ({ start, end, events, recomputed, expected }) => {
      const days = dayOf(end) - dayOf(start) + 1;
      const lines = [`EUR 00:00 to ${days}:00`];
      let total = parseDecimal('0');
      for (const [index, [date, kind, amount]] of events.entries()) {
        const hour = String(dayOf(date) - dayOf(start)).padStart(2, '0');
        const out = kind === 'withdrawal' || kind === 'fee';
        const minute = kind === 'deposit' ? '00' : kind === 'withdrawal' ? '59' : '30';
        const entry = kind === 'deposit' || kind === 'withdrawal' ? 'flow' : 'adjustment';
        const signed = out ? `-${amount}` : amount;
        total = add(total, parseDecimal(signed));
        lines.push(`${hour}:${minute} e${index} ${entry}: EUR ${signed}`);
      }
      lines.push(`anchor ${days}:00: EUR ${formatDecimal(total)}`);
      const last = recomputed?.at(-1)?.accumulated ?? expected?.accumulated_last ?? '';
      expectClose(linked(await hoursOf(lines)), last);
    },
  );

  test('portfolio_performance: transfers do not change performance', async () => {
    const { neutrality } = table<PortfolioTable>('portfolio_performance');
    const path = neutrality.accumulated_path;
    const transfers = neutrality.transfers_end_of_day_if_negative_start_of_day_if_positive;
    const lines = [`EUR 00:00 to ${path.length}:00`];
    let equity = parseDecimal('0');
    let wealth = ONE;
    for (const [index, accumulated] of path.entries()) {
      const next = add(ONE, parseDecimal(accumulated));
      const flow = parseDecimal(transfers[index] ?? '');
      const inflow = !(transfers[index] ?? '').startsWith('-');
      if (inflow) equity = add(equity, flow);
      const grown = divide(multiply(equity, next), wealth, 18);
      const gain = formatDecimal(subtract(grown, equity));
      equity = inflow ? grown : add(grown, flow);
      wealth = next;
      const hour = String(index).padStart(2, '0');
      lines.push(`${hour}:${inflow ? '00' : '59'} f${index} flow: EUR ${formatDecimal(flow)}`);
      lines.push(`${hour}:30 g${index} adjustment: EUR ${gain}`);
    }
    lines.push(`anchor ${path.length}:00: EUR ${formatDecimal(equity)}`);
    const hours = await hoursOf(lines);
    for (const [index, accumulated] of path.entries()) {
      expectClose(linked(hours.slice(0, index + 1)), accumulated);
    }
  });

  test('published: the NAV units of a Binance lead portfolio', async () => {
    const hours = await hoursOf([
      'USDT 00:00 to 03:00',
      '00:30 a realised: USDT -100',
      '01:30 b flow: USDT 1000',
      '02:30 c realised: USDT 150',
      'anchor 03:00: USDT 1550',
    ]);
    const navs = hours.map((_, index) => linked(hours.slice(0, index + 1)));
    expectClose(navs[0], '-0.2');
    expectClose(navs[1], '-0.2');
    expectClose(navs[2], '-0.11428571428571428571');
  });
});

withVectors('accepts, examples', () => {
  test('portfolio_performance: what is earned on negative capital is no return', async () => {
    const hours = await hoursOf([
      'EUR 00:00 to 04:00',
      ...[0, 1, 2, 3].map((hour) => `0${hour}:30 i${hour} interest: EUR 1`),
      'anchor 04:00: EUR -96',
    ]);
    expect(hours.map(({ status, pnl }) => `${status} ${pnl}`)).toEqual(
      Array.from({ length: 4 }, () => 'no_capital 1'),
    );
  });

  test('published: a flow in the middle of a year, as an hour', async () => {
    const [hour] = await hoursOf([
      'USD 00:00 to 01:00',
      '00:29 a adjustment: USD 5',
      '00:30 b flow: USD 95',
      '00:59 c adjustment: USD 20',
      'anchor 01:00: USD 220',
    ]);
    expectClose(hour?.return, '0.155');
  });

  test('published: where Modified Dietz says 120 % the engine says nothing', async () => {
    const hours = await hoursOf([
      'USD 00:00 to 02:00',
      '01:00:30 a flow: USD 50',
      'anchor 02:00: USD 50, BTC 1',
      'price BTC: 00:00 100, 02:00 250',
    ]);
    expect(hours[1]).toMatchObject({ status: 'flow_unvalued', return: null });
  });
});

/** The tables of the folder; `metrics` has a test of its own beside this one. */
const COVERED: Readonly<Record<string, string>> = {
  'bacon_portfolio.metrics': 'metrics',
  'empyrical_stats.cases': 'metrics',
  'hledger_roi.cases': 'metrics: the linked windows, and the annual figure',
  'hourly_flows.cases': 'compute: true_twr_linked and pnl',
  'instruments.cases': 'compute',
  'ledger_replay.expected': 'compute',
  'portfolio_performance.drawdown_cases': 'metrics',
  'portfolio_performance.neutrality': 'compute',
  'portfolio_performance.negative_capital_observation': 'compute',
  'portfolio_performance.ttwror_cases': 'compute; linked by metrics',
  'portfolio_performance.volatility_cases': 'metrics',
  'published.examples': 'compute and metrics: every time-weighted figure',
};

const EXCEPTED: Readonly<Record<string, string>> = {
  'ghostfolio_roai.cases': 'ROAI is money-weighted: the MANIFEST has it for comparison only',
  'hourly_flows.cases': 'four other conventions in the same hours, which is what the table shows',
  'hledger_roi.cases': 'the internal rate of return is no figure of a track record',
  'portfolio_performance.irr_cases': 'the internal rate of return is no figure of a track record',
  'published.examples': 'Modified Dietz over two years and two rates of return, for comparison',
};

withVectors('holds', () => {
  test('every table is answered by a verb or excepted with a reason', () => {
    const files = present ? readdirSync(VECTORS).filter((name) => name.endsWith('.json')) : [];
    const named = new Set([...Object.keys(COVERED), ...Object.keys(EXCEPTED)]);
    for (const file of files) {
      const name = file.replace('.json', '');
      const answered = [...named].filter((section) => section.startsWith(`${name}.`));
      expect({ name, answered: answered.length > 0 }).toEqual({ name, answered: true });
      const sections = Object.entries(table<Record<string, unknown>>(name))
        .filter(([, value]) => typeof value === 'object')
        .filter(([key]) => /cases|examples|metrics$|expected|neutrality|observation/.test(key))
        .map(([key]) => `${name}.${key}`);
      expect(sections.filter((section) => !named.has(section))).toEqual([]);
    }
    expect(files).toHaveLength(9);
  });

  test('every case of instruments.json has a test above', () => {
    const source = readFileSync(import.meta.filename, 'utf8');
    const { cases } = table<{ cases: { id: string }[] }>('instruments');
    expect(cases.filter(({ id }) => !source.includes(`'${id}'`))).toEqual([]);
  });
});

withVectors('accepts, derivatives of instruments.json', () => {
  test('inverse_perp_long', async () => {
    const [hour] = await hoursOf([
      ...inverse('100'),
      '00:10 a fill: PERP 100 @ 40000',
      '00:50 b fill: PERP -100 @ 50000',
      'anchor 01:00: BTC 1.05',
      'price BTC: 00:00 50000, 01:00 50000',
    ]);
    expectClose(hour?.derived?.['BTC'], expectedOf('inverse_perp_long', 'pnl_coin'));
    expectClose(hour?.pnl, expectedOf('inverse_perp_long', 'pnl_usd_at_exit'));
  });

  test('inverse_perp_short', async () => {
    const hours = await hoursOf([
      ...inverse('10'),
      '00:10 a fill: PERP -250 @ 1800',
      '00:50 b fill: PERP 250 @ 1500',
      'anchor 00:00: BTC 1',
      'price BTC: 00:00 1500, 01:00 1500',
    ]);
    expectClose(hours[0]?.derived?.['BTC'], expectedOf('inverse_perp_short', 'pnl_coin'));
    expectClose(hours[0]?.pnl, expectedOf('inverse_perp_short', 'pnl_usd_at_exit'));
    expectClose(hours[0]?.balances['BTC'], '1.27777777777777777778');
  });

  test('inverse_perp_funding', async () => {
    const cash = expectedOf('inverse_perp_funding', 'cash_change_coin');
    const [hour] = await hoursOf([
      ...inverse('100'),
      `00:00 a funding: BTC ${cash}`,
      'anchor 01:00: BTC 1, PERP 1000 @ 64000',
      'price BTC: 00:00 64000, 01:00 64000',
      'mark PERP: 00:00 64000, 01:00 64000',
    ]);
    expectClose(hour?.pnl, formatDecimal(multiply(parseDecimal(cash), parseDecimal('64000'))));
    expectClose(hour?.funding, hour?.pnl ?? '');
  });

  test('linear_perp_short_with_rebate', async () => {
    const hours = await hoursOf([
      'USDT 00:00 to 01:00',
      'PERP is linear ETH USDT USDT size 1',
      '00:10 a fill: PERP -2.5 @ 3000, USDT 0.75 fee',
      '00:20 b fill: PERP 2.5 @ 2950, USDT 0.7375 fee',
      'anchor 01:00: USDT 1126.4875',
    ]);
    expectClose(hours[0]?.pnl, expectedOf('linear_perp_short_with_rebate', 'pnl_quote'));
    expectClose(hours[0]?.navOpen, '1000');
  });

  test('option_long_multiplier', async () => {
    const hours = await hoursOf([
      'USD 00:00 to 01:00',
      'CALL is option ACME USD USD multiplier 100',
      '00:10 a fill: CALL 3 @ 4.15, USD -1245, USD -1.95 fee',
      'anchor 00:00: USD 5000',
      'mark CALL: 01:00 5.05',
    ]);
    const cash = subtract(parseDecimal(hours[0]?.balances['USD'] ?? ''), parseDecimal('5000'));
    expectClose(formatDecimal(cash), expectedOf('option_long_multiplier', 'cash_change'));
    expectClose(hours[0]?.pnl, expectedOf('option_long_multiplier', 'equity_change'));
  });
});

withVectors('accepts, cash and shares of instruments.json', () => {
  test.each([
    ['a position', 'anchor 00:00: ACME 100 @ 2', 'mark ACME: 00:00 2, 01:00 90'],
    ['a balance', 'anchor 00:00: ACME 100', 'price ACME: 00:00 2, 01:00 90'],
  ])('stock_split of %s', async (held, anchor, prices) => {
    const [hour] = await hoursOf([
      'USD 00:00 to 01:00',
      'ACME is equity ACME USD USD',
      '00:10 a split: ACME x 0.02',
      anchor,
      prices,
    ]);
    const quantity = expectedOf('stock_split', 'qty_after');
    if (held === 'a balance') expectClose(hour?.balances['ACME'], quantity);
    expectClose(hour?.navOpen, expectedOf('stock_split', 'value_before'));
    expectClose(hour?.navClose, expectedOf('stock_split', 'value_after'));
    expectClose(hour?.return, expectedOf('stock_split', 'return'));
  });

  test('fee_in_third_asset', async () => {
    const [hour] = await hoursOf([
      'USDT 00:00 to 01:00',
      '00:10 a fill: BTC 0.5, USDT -30000, BNB -0.0375 fee',
      'anchor 00:00: USDT 40000, BNB 0.0375',
      'price BTC: 00:10 60000, 01:00 60000',
      'price BNB: 00:00 590, 00:10 600, 01:00 590',
    ]);
    const fee = expectedOf('fee_in_third_asset', 'fee_quote_at_trade');
    expectClose(hour?.fees, `-${fee}`);
    // The open is at 590 too, so what is left over is not revalued and the whole change is the fee.
    const change = expectedOf('fee_in_third_asset', 'equity_change_at_close_excluding_base_move');
    expectClose(hour?.pnl, change);
  });

  test('dividend_withholding', async () => {
    const [hour] = await hoursOf([
      'USD 00:00 to 01:00',
      '00:10 a dividend: USD 123.45',
      '00:10 b withholding: USD -18.5175',
      'anchor 00:00: USD 1000',
    ]);
    expectClose(hour?.pnl, expectedOf('dividend_withholding', 'cash_long'));
    expectClose(hour?.flow, '0');
    const [short] = await hoursOf([
      'USD 00:00 to 01:00',
      '00:10 a dividend: USD -41.15',
      'anchor 00:00: USD 1000',
    ]);
    expectClose(short?.pnl, expectedOf('dividend_withholding', 'cash_short'));
  });
});

withVectors('accepts, moves of instruments.json', () => {
  test('deposit_in_kind_at_hour_close', async () => {
    const [hour] = await hoursOf([
      'USD 00:00 to 01:00',
      '00:59:59.999 a flow: BTC 1.5',
      'anchor 01:00: BTC 1.5, USD 1000',
      'price BTC: 00:00 60000, 01:00 61200',
    ]);
    expectClose(hour?.flow, expectedOf('deposit_in_kind_at_hour_close', 'flow_value'));
    expectClose(hour?.pnl, expectedOf('deposit_in_kind_at_hour_close', 'pnl_contribution'));
  });

  test('internal_transfer_with_network_fee', async () => {
    const [hour] = await hoursOf([
      'USD 00:00 to 01:00',
      '00:10 a transfer: BTC -2, BTC 2, BTC -0.0005 fee',
      'anchor 00:00: BTC 2',
      'price BTC: 00:00 60000, 01:00 60000',
    ]);
    expectClose(hour?.flow, expectedOf('internal_transfer_with_network_fee', 'external_flow'));
    expectClose(hour?.pnl, expectedOf('internal_transfer_with_network_fee', 'equity_change'));
    expectClose(hour?.fees, '-30');
  });
});

function table<T>(name: string): T {
  return JSON.parse(readFileSync(join(VECTORS, `${name}.json`), 'utf8')) as T;
}

function expectedOf(id: string, key: string): string {
  const { cases } = table<{ cases: { id: string; expected: Record<string, string> }[] }>(
    'instruments',
  );
  return cases.find((item) => item.id === id)?.expected[key] ?? '';
}

function inverse(size: string): string[] {
  return ['USD 00:00 to 01:00', `PERP is inverse BTC USD BTC size ${size}`];
}

function replayLines(replay: ReplayTable): string[] {
  const kinds: Record<string, string> = {
    trade: 'fill',
    fee: 'fee',
    trade_fee: 'fee',
    deposit: 'flow',
    withdrawal: 'flow',
    internal_out: 'transfer',
    internal_in: 'transfer',
    realised_pnl: 'realised',
  };
  const balances = Object.entries(replay.final_balances).map((pair) => pair.join(' '));
  const series = (prices: string[]): string =>
    prices.map((price, hour) => `${clock(hour)} ${price}`).join(', ');
  return [
    'USD 00:00 to 05:00',
    'PERP is inverse BTC USD BTC size 100 posted',
    `anchor 05:00: ${balances.join(', ')}`,
    ...replay.postings.map(({ hour, offset_ms, type, asset, amount }, index) => {
      const kind = kinds[type] ?? type;
      return `${time(hour * 3_600_000 + offset_ms)} p${index} ${kind}: ${asset} ${amount}`;
    }),
    ...replay.inverse_perp_fills.map(({ hour, offset_ms, contracts, price }, index) => {
      const at = time(hour * 3_600_000 + offset_ms);
      return `${at} f${index} fill: PERP ${contracts} @ ${price}`;
    }),
    ...Object.entries(replay.prices).map(([asset, prices]) => `price ${asset}: ${series(prices)}`),
    `mark PERP: ${series(replay.prices['BTC'] ?? [])}`,
  ];
}

async function reportOf(lines: readonly string[]): Promise<Printed> {
  const ledger = join(folder, 'ledger.json');
  writeFileSync(ledger, JSON.stringify(ledgerFromText(lines.join('\n'))));
  const options = { ledger, balances: true };
  const input = { options, positionals: [], stdin: Readable.from([]), progress: () => {} };
  const printed: Printed = JSON.parse(JSON.stringify((await compute.run(input)).document));
  return printed;
}

async function hoursOf(lines: readonly string[]): Promise<PrintedHour[]> {
  return (await reportOf(lines)).hours;
}

/** Chain-linked; an hour without a return is left out, as the tables do. */
function linked(hours: readonly PrintedHour[]): string {
  let wealth = ONE;
  for (const hour of hours) {
    if (hour.return !== null) wealth = multiply(wealth, add(ONE, parseDecimal(hour.return)));
  }
  return formatDecimal(round(subtract(wealth, ONE), 30));
}

function expectClose(actual: string | null | undefined, expected: string): void {
  const target = parseDecimal(expected);
  const size = absolute(target);
  const bound = multiply(TOLERANCE, compare(size, ONE) > 0 ? size : ONE);
  const near =
    compare(absolute(subtract(parseDecimal(actual ?? '1000000000'), target)), bound) <= 0;
  expect(near ? expected : actual).toBe(expected);
}

function expectAmounts(actual: Record<string, string>, expected: Record<string, string>): void {
  for (const [asset, amount] of Object.entries(expected)) {
    expect(compare(parseDecimal(actual[asset] ?? '0'), parseDecimal(amount))).toBe(0);
  }
}

function time(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  );
  return `${parts.join(':')}.${String(ms % 1000).padStart(3, '0')}`;
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 86_400_000;
}
