// KuCoin's rows in the form that its documentation shows, digit for digit: no payload of KuCoin is
// recorded. What both ledgers prove together, and what stops an account.

import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import { isEntry, joinLegs, type Reading } from '../readings.ts';
import { refusalOfAnswer } from '../refusals.ts';
import type { Row } from '../rows.ts';
import { checkRunning } from '../running.ts';
import { refusals } from './codes.ts';
import { finish, LEDGER, readAccount, readEntry, readRunning, TRADE_LEDGER } from './entries.ts';
import { connector } from './venue.ts';

const AT = 1_728_443_957_539;

/** "Get Account Ledgers - Trade_hf", the answer shown. */
const TRADE: Row = {
  id: '254062248624417',
  currency: 'USDT',
  amount: '1.59760080',
  fee: '0.00159920',
  tax: '0',
  balance: '26.73759503',
  accountType: 'TRADE_HF',
  bizType: 'TRADE_EXCHANGE',
  direction: 'in',
  createdAt: String(AT),
  context:
    '{"symbol":"KCS-USDT","orderId":"6705f6350dc7210007d6a36d","tradeId":"10046097631627265"}',
};
/** The same page as it was before: one who trades with himself, and apostrophes. */
const OLDER: Row = {
  id: '42852417537',
  currency: 'CSP',
  amount: '1.00000000',
  fee: '0.00000000',
  balance: '99999986.99999999',
  accountType: 'TRADE_HF',
  bizType: 'TRADE_EXCHANGE',
  direction: 'in',
  createdAt: '1661347205743',
  context: "{'symbol':'CSP-USDT','orderId':'6306257dd9180300014c8d47','tradeId':'609522034689'}",
};
/** "Get Account Ledgers - Spot/Margin", the answer shown. */
const REPAID: Row = {
  id: '611a1e7c6a053300067a88d9',
  currency: 'USDT',
  amount: '10.00059547',
  fee: '0',
  balance: '0',
  accountType: 'MAIN',
  bizType: 'Loans Repaid',
  direction: 'in',
  createdAt: 1629101692950,
  context: '{"borrowerUserId":"601ad03e50dc810006d242ea"}',
};

function postings(readings: readonly Reading[]): readonly string[] {
  return readings.flatMap((each) =>
    isEntry(each)
      ? each.postings.map(({ asset, amount, role }) =>
          `${each.kind} ${each.id} ${formatDecimal(amount)} ${asset} ${role ?? ''}`.trim(),
        )
      : [`${each.id} ${each.reason}`],
  );
}

function moved(id: number, more: Row): Row {
  const main = { accountType: 'MAIN', bizType: 'Transfer', direction: 'out', context: '' };
  return { ...REPAID, ...main, id: String(id), amount: '5', createdAt: AT, ...more };
}

const ARRIVED: Row = { accountType: 'TRADE_HF', bizType: 'TRANSFER', direction: 'in' };

/** What is left after both ledgers were told. */
function finished(main: readonly Row[], trade: readonly Row[] = []): readonly string[] {
  const fail = (): never => {
    throw new RecordError('VENUE_UNAVAILABLE');
  };
  const job: Job = {
    client: { call: fail, requestCount: () => 0, setServerTime: fail, isOurs: fail, close: fail },
    markets: { pairs: new Map(), contracts: new Map() },
    contracts: new Map(),
    window: { from: AT - 3_600_000, to: AT + 3_600_000 },
    isFirst: true,
    cursor: { version: 1, pending: {}, settled: {} },
    holdings: fail,
    readings: [...main, ...trade].flatMap(readEntry),
    rows: new Map([
      [LEDGER, main],
      [TRADE_LEDGER, trade],
    ]),
  };
  finish(job);
  return job.readings.filter(isEntry).map(({ kind, id }) => `${kind} ${id}`);
}

describe('accepts', () => {
  test('a sale whose amount is net of its fee', () => {
    expect(postings(readEntry(TRADE))).toEqual([
      'fill trade.6705f6350dc7210007d6a36d.10046097631627265 1.59920000 USDT',
      'fill trade.6705f6350dc7210007d6a36d.10046097631627265 -0.00159920 USDT fee',
    ]);
  });

  test('both legs of a purchase as one entry, its fee inside what is paid', () => {
    const paid = { ...TRADE, id: '1', direction: 'out', amount: '10.01', fee: '0.01' };
    const bought = { ...TRADE, id: '2', currency: 'KCS', amount: '2', fee: '0' };
    const joined = joinLegs([paid, bought].flatMap(readEntry));
    expect(joined).toHaveLength(1);
    expect(postings(joined).map((each) => each.split(' ').slice(2).join(' '))).toEqual([
      '-10.00 USDT',
      '-0.01 USDT fee',
      '2 KCS',
    ]);
  });

  test('a trade with oneself as two entries', () => {
    const other = { ...OLDER, id: '42852401152', direction: 'out' };
    const order = { context: String(OLDER['context']).replace('6306257d', '63062585') };
    expect(joinLegs([OLDER, { ...other, ...order }].flatMap(readEntry))).toHaveLength(2);
  });

  test.each<[string, Row, readonly string[]]>([
    ['a repaid loan', REPAID, ['flow MAIN.611a1e7c6a053300067a88d9 10.00059547 USDT']],
    [
      'a withdrawal with its fee',
      moved(1, { bizType: 'Withdrawal', fee: '0.5' }),
      ['fee MAIN.1.fee -0.5 USDT fee', 'flow MAIN.1 -4.5 USDT'],
    ],
    [
      'a withdrawal that comes back',
      moved(1, { bizType: 'Withdrawal', fee: '0.5', direction: 'in' }),
      ['fee MAIN.1.fee 0.5 USDT fee', 'flow MAIN.1 4.5 USDT'],
    ],
    ['a fee in KCS', moved(1, { bizType: 'KCS Pay Fees' }), ['fee MAIN.1 -5 USDT fee']],
    ['a fork', moved(1, { bizType: 'Airdrop/Fork', direction: 'in' }), ['airdrop MAIN.1 5 USDT']],
    ['nothing', moved(1, { amount: '0' }), ['MAIN.1 moves nothing']],
    ['a loan on margin', moved(1, { accountType: 'MARGIN', bizType: 'Borrowings' }), []],
  ])('%s', (_name, row, told) => {
    expect(postings(readEntry(row))).toEqual(told);
  });

  test('the accounts of the perimeter', () => {
    const held = { id: '5bd6e9286d99522a52e458de', currency: 'KCS', balance: '237582.04299' };
    const told = ['main', 'trade', 'margin'].map((type) => readAccount({ ...held, type }).length);
    expect(told).toEqual([1, 1, 0]);
  });

  test('a key that may withdraw, bound to an address', () => {
    const data = { permission: 'General,Spot,Transfer', ipWhitelist: '203.***.154' };
    expect(connector.permissions.read({ data }, () => true)).toEqual({
      read: true,
      trade: true,
      withdraw: true,
      ipRestricted: true,
    });
  });
});

describe('refuses', () => {
  test.each<[string, Row]>([
    ['bizType', { ...TRADE, bizType: 'OTHER' }],
    ['accountType', { ...TRADE, accountType: 'UNIFIED' }],
    ['direction', { ...TRADE, direction: 'sideways' }],
    ['amount', { ...TRADE, amount: '-1' }],
    ['fee', { ...TRADE, fee: null }],
    ['context', { ...TRADE, context: '' }],
    ['tradeId', { ...TRADE, context: '{"orderId":"6705f6350dc7210007d6a36d"}' }],
    ['createdAt', { ...TRADE, createdAt: 1_728_443_957 }],
  ])('%s: VENUE_UNEXPECTED_SHAPE', (place, row) => {
    expect(() => readEntry(row)).toThrow(
      expect.objectContaining({ code: 'VENUE_UNEXPECTED_SHAPE', place }),
    );
  });

  test.each([
    ['400003', 401, 'VENUE_KEY_REJECTED'],
    ['400006', 401, 'VENUE_IP_REJECTED'],
    ['400007', 403, 'VENUE_SCOPE_MISSING'],
    ['400002', 200, 'VENUE_CLOCK_SKEW'],
    ['429000', 200, 'VENUE_RATE_LIMITED'],
  ])('code %s under status %i: %s', (code, status, told) => {
    const answer = { status, headers: {}, json: { code, msg: '' }, isEmpty: false };
    expect(codeOf(refusalOfAnswer(refusals, answer))).toBe(told);
  });

  test('a balance that does not follow from the amount', () => {
    const rows = [moved(1, { balance: '7' }), moved(2, { balance: '1', createdAt: AT + 1 })];
    expect(() => checkRunning(rows.map(readRunning))).toThrow(
      expect.objectContaining({ code: 'VENUE_INCOMPLETE' }),
    );
  });
});

describe('holds', () => {
  test.each<[string, readonly Row[], readonly Row[], readonly string[]]>([
    [
      'both legs are told: inside',
      [moved(1, {})],
      [moved(2, { ...ARRIVED, createdAt: String(AT + 1_000) })],
      ['transfer MAIN.1', 'transfer TRADE_HF.2'],
    ],
    ['one leg: beyond', [moved(1, {})], [], ['flow MAIN.1']],
    [
      'too far apart: beyond',
      [moved(1, {})],
      [moved(2, { ...ARRIVED, createdAt: AT + 1_001 })],
      ['flow MAIN.1', 'flow TRADE_HF.2'],
    ],
    [
      'another sum: beyond',
      [moved(1, {})],
      [moved(2, { ...ARRIVED, amount: '5.1' })],
      ['flow MAIN.1', 'flow TRADE_HF.2'],
    ],
    [
      'two of one sum, one of them beyond',
      [moved(1, {}), moved(3, {})],
      [moved(2, ARRIVED)],
      ['transfer MAIN.1', 'flow MAIN.3', 'transfer TRADE_HF.2'],
    ],
    [
      'to margin and back: beyond',
      [moved(1, {}), moved(2, { accountType: 'MARGIN', direction: 'in' })],
      [],
      ['flow MAIN.1'],
    ],
  ])('%s', (_name, main, trade, told) => {
    expect(finished(main, trade)).toEqual(told);
  });
});
