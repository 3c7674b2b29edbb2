// The accounts of one owner, each a text ledger, and what their portfolio says of every hour.

import { describe, expect, test } from '@jest/globals';
import {
  formatDecimal,
  HOUR_MS,
  type LedgerDocument,
  normalise,
  parseDecimal,
} from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours } from './index.ts';
import type { HoursPolicy } from './policy.ts';
import { computePortfolio, type PortfolioEvent, type PortfolioHour } from './portfolio.ts';

const START = Date.UTC(2026, 0, 5);

const WINNER = `
  USD 00:00 to 03:00
  00:30 p adjustment: USD 100
  01:30 p2 adjustment: USD 110
  02:30 p3 adjustment: USD 121
  anchor 00:00: USD 1000`;

const SLEEPER = `
  USD 00:00 to 03:00
  anchor 00:00: USD 1000`;

/** `join a 00, leave b 02` at the full hours named. */
function eventsOf(text: string): PortfolioEvent[] {
  return text.split(', ').map((part) => {
    const [kind, account = '', hour] = part.split(' ');
    const at = START + Number(hour) * HOUR_MS;
    return { kind: kind === 'join' ? 'join' : 'leave', account, at };
  });
}

function account(id: string, text: string, venue = 'text'): LedgerDocument {
  const json = ledgerFromText(text);
  return parseLedgerDocument({ ...json, account: { ...json.account, id, venue } });
}

function told(events: string, ...documents: LedgerDocument[]): string[] {
  return computePortfolio(documents, eventsOf(events)).map((hour) => {
    const nav = `${plain(hour.navOpen)} -> ${plain(hour.navClose)}`;
    const gain = hour.return === null ? hour.reason : plain(hour.return);
    const without = hour.missing.map((name) => ` without ${name}`).join('');
    const who = hour.members.join('+') + without;
    return `${who}: ${hour.status} ${nav} flow ${plain(hour.flow)} pnl ${plain(hour.pnl)} ${gain}`;
  });
}

function plain(value: PortfolioHour['pnl']): string {
  return value === null ? 'null' : formatDecimal(normalise(value));
}

describe('accepts', () => {
  test('two accounts from the beginning: an inflow of both', () => {
    expect(told('join a 0, join b 0', account('a', WINNER), account('b', SLEEPER))).toEqual([
      'a+b: measured 0 -> 2100 flow 2000 pnl 100 0.05',
      'a+b: measured 2100 -> 2210 flow 0 pnl 110 0.052380952380952381',
      'a+b: measured 2210 -> 2331 flow 0 pnl 121 0.054751131221719457',
    ]);
  });

  test('each account by its own reference pairs', () => {
    const text = (source: string, rate: string): string => `
      USD 00:00 to 02:00
      reference USDT/USD at ${source}
      anchor 00:00: BTC 1
      price BTC/USDT: 00:00 100, 01:00 100, 02:00 100
      price USDT/USD by ${source}: 00:00 1, 01:00 ${rate}, 02:00 ${rate}`;
    const documents = [account('a', text('kraken', '1.1')), account('b', text('bank', '0.8'))];
    expect(told('join a 0, join b 0', ...documents)).toEqual([
      'a+b: measured 0 -> 190 flow 200 pnl -10 -0.05',
      'a+b: measured 190 -> 190 flow 0 pnl 0 0',
    ]);
  });

  test('a joining account is an inflow and earns nothing by it', () => {
    expect(told('join a 0, join b 1', account('a', WINNER), account('b', SLEEPER))).toEqual([
      'a: measured 0 -> 1100 flow 1000 pnl 100 0.1',
      'a+b: measured 1100 -> 2210 flow 1000 pnl 110 0.052380952380952381',
      'a+b: measured 2210 -> 2331 flow 0 pnl 121 0.054751131221719457',
    ]);
  });

  test('an entry at the joining hour belongs to it, and one at the leaving hour does not', () => {
    const busy = account(
      'b',
      `USD 00:00 to 03:00
       01:00 x adjustment: USD 10
       02:00 y adjustment: USD 20
       anchor 00:00: USD 1000`,
    );
    expect(told('join b 1, leave b 2', busy)).toEqual([
      'b: measured 0 -> 1010 flow 1000 pnl 10 0.01',
      ': no_capital 1010 -> 0 flow -1010 pnl 0 equity_not_positive',
    ]);
  });

  test('events in any order, and several at one hour', () => {
    const accounts = [account('a', WINNER), account('b', SLEEPER)];
    const events = 'leave b 2, join b 1, join a 1, leave a 1, join a 1';
    expect(told(events, ...accounts)).toEqual(told('join a 1, join b 1, leave b 2', ...accounts));
  });

  test('the limits that are asked for', () => {
    const policy = { dustEquity: parseDecimal('1001'), residualUnit: parseDecimal('1') };
    const hours = (limits?: HoursPolicy): string[] =>
      computePortfolio([account('a', SLEEPER)], eventsOf('join a 0'), limits).map(
        ({ status }) => status,
      );
    expect(hours()).toEqual(['measured', 'measured', 'measured']);
    expect(hours(policy)).toEqual(['dust', 'dust', 'dust']);
  });

  test('one that holds what has no price when it joins', () => {
    const late = account(
      'a',
      'USD 00:00 to 02:00\nanchor 00:00: BTC 1\nprice BTC: 01:00 50, 02:00 60',
    );
    expect(told('join a 0', late)).toEqual([
      'a: unpriced null -> 50 flow 0 pnl null asset_without_price',
      'a: measured 50 -> 60 flow 0 pnl 10 0.2',
    ]);
  });

  test('a leaving one is an outflow, and may come back', () => {
    const events = 'join a 0, join b 0, leave b 1, join b 2';
    expect(told(events, account('a', WINNER), account('b', SLEEPER))).toEqual([
      'a+b: measured 0 -> 2100 flow 2000 pnl 100 0.05',
      'a: measured 2100 -> 1210 flow -1000 pnl 110 0.1',
      'a+b: measured 1210 -> 2331 flow 1000 pnl 121 0.054751131221719457',
    ]);
  });

  test('when all have left there is no capital, and the outflow is seen', () => {
    expect(told('join a 0, leave a 1', account('a', WINNER))).toEqual([
      'a: measured 0 -> 1100 flow 1000 pnl 100 0.1',
      ': no_capital 1100 -> 0 flow -1100 pnl 0 equity_not_positive',
      ': no_capital 0 -> 0 flow 0 pnl 0 equity_not_positive',
    ]);
  });

  test('an account whose ledger ends is never carried forward', () => {
    const dead = account('b', SLEEPER.replace('03:00', '01:00'));
    expect(told('join a 0, join b 0, leave b 2', account('a', WINNER), dead)).toEqual([
      'a+b: measured 0 -> 2100 flow 2000 pnl 100 0.05',
      'a+b without b: partial null -> null flow null pnl null member_missing',
      'a: measured 1210 -> 1331 flow 0 pnl 121 0.1',
    ]);
  });

  test('one that joins before its ledger begins is missing', () => {
    const late = account('b', SLEEPER.replaceAll('00:00', '01:00'));
    expect(told('join a 0, join b 0', account('a', WINNER), late).slice(0, 2)).toEqual([
      'a+b without b: partial null -> null flow null pnl null member_missing',
      'a+b: measured 2100 -> 2210 flow 0 pnl 110 0.052380952380952381',
    ]);
  });

  test('a deposit in one does not hide a loss in the other', () => {
    const saver = account(
      'a',
      `USD 00:00 to 01:00\n00:30 d flow: USD 8000\nanchor 00:00: USD 1000`,
    );
    const loser = account(
      'b',
      `USD 00:00 to 01:00\n00:29 l adjustment: USD -500\nanchor 00:00: USD 1000`,
    );
    expect(told('join a 0, join b 0', saver, loser)).toEqual([
      'a+b: measured 0 -> 9500 flow 10000 pnl -500 -0.25',
    ]);
  });

  test('what moves from one to the other cancels', () => {
    const giver = account(
      'a',
      `USD 00:00 to 01:00\n00:10 g flow: USD -900\nanchor 00:00: USD 1000`,
    );
    const taker = account(
      'b',
      `USD 00:00 to 01:00
       00:10 t flow: USD 900
       00:30 p adjustment: USD 50
       anchor 00:00: USD 0`,
    );
    expect(told('join a 0, join b 0', giver, taker)).toEqual([
      'a+b: measured 0 -> 1050 flow 1000 pnl 50 0.05',
    ]);
  });

  test('two accounts at one venue: the same assets, instruments and entry ids stay apart', () => {
    const long = `USD 00:00 to 01:00
      PERP is linear BTC USDT USDT size 1
      00:10 t fill: PERP 1 @ 100
      00:20 o transfer: USDT -10, txid 1
      00:40 i transfer: USDT 10, txid 1
      00:50 s split: ACME x 2
      ACME is equity ACME USD USD
      anchor 00:00: USDT 500, BTC 1, ACME 1 @ 100
      price BTC: 00:00 100, 01:00 100
      price USDT: 00:00 1, 01:00 1
      mark PERP: 01:00 110
      mark ACME: 00:00 100, 01:00 50`;
    const short = long.replace('PERP 1 @', 'PERP -2 @').replace('01:00 100', '01:00 105');
    expect(told('join a 0, join b 0', account('a', long), account('b', short))).toEqual([
      'a+b: measured 0 -> 1395 flow 1400 pnl -5 -0.003571428571428571',
    ]);
  });

  test('an account that is renamed stays the same account', () => {
    const events = 'join a 0, join b 1';
    const renamed = account('a', WINNER, 'a new label');
    expect(told(events, renamed, account('b', SLEEPER))).toEqual(
      told(events, account('b', SLEEPER), account('a', WINNER)),
    );
  });

  test('the doubt of one is the doubt of all; a debt that its own anchors show is none', () => {
    const doubted = account('b', `${SLEEPER}\nanchor 03:00: USD 1500`);
    expect(told('join a 0, join b 1', account('a', WINNER), doubted)).toEqual([
      'a: measured 0 -> 1100 flow 1000 pnl 100 0.1',
      'a+b: quarantined 1100 -> 2710 flow 1500 pnl 110 residual_above_bound',
      'a+b: quarantined 2710 -> 2831 flow 0 pnl 121 residual_above_bound',
    ]);
    const debtor = account(
      'b',
      'USD 00:00 to 01:00\nanchor 00:00: BTC -1, USD 1500\nprice BTC: 00:00 500, 01:00 400',
    );
    expect(told('join a 0, join b 0', account('a', WINNER), debtor)[0]).toBe(
      'a+b: measured 0 -> 2200 flow 2000 pnl 200 0.1',
    );
  });
});

describe('refuses', () => {
  test.each([
    ['to join twice', 'join a 0, join a 1', 'events[1]'],
    ['to leave before joining', 'leave a 0', 'events[0]'],
    ['an account without a ledger', 'join c 0', 'events[0]'],
    ['an event within an hour', 'join a 0.5', 'events[0]'],
  ])('%s: RETURNS_INPUT_MALFORMED', (_name, events, place) => {
    const refused = expect.objectContaining({ code: 'RETURNS_INPUT_MALFORMED', place });
    expect(() => told(events, account('a', WINNER))).toThrow(refused);
  });

  test.each([
    ['one account twice', account('a', SLEEPER)],
    ['another reporting currency', account('b', SLEEPER.replace('USD', 'EUR'))],
  ])('%s: RETURNS_INPUT_MALFORMED', (_name, document) => {
    const refused = expect.objectContaining({
      code: 'RETURNS_INPUT_MALFORMED',
      place: 'documents[1]',
    });
    expect(() => told('join a 0', account('a', WINNER), document)).toThrow(refused);
  });
});

describe('holds', () => {
  test('a portfolio of one account is that account', () => {
    const document = account('a', WINNER);
    const own = computeHours(document).hours.map((hour) => hour.return);
    expect(computePortfolio([document], eventsOf('join a 0')).map((hour) => hour.return)).toEqual(
      own,
    );
  });

  test('no accounts, no hours', () => {
    expect(computePortfolio([], [])).toEqual([]);
  });
});
