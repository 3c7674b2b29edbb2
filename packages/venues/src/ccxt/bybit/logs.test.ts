// What Bybit's feeds prove together: transfers that both accounts tell, sizes that follow from each
// other, and withdrawals with their fees.

import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import { isEntry } from '../readings.ts';
import type { Row } from '../rows.ts';
import { finish, FUNDING, LOG, readFunding, readLog, WITHDRAWALS } from './logs.ts';

const AT = 1_700_000_000_000;

/** One fetch after its feeds were told. */
function jobOf(log: readonly Row[], funding: readonly Row[] = [], withdrawn: readonly Row[] = []) {
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
    readings: funding.flatMap(readFunding),
    rows: new Map([
      [LOG, log],
      [FUNDING, funding],
      [WITHDRAWALS, withdrawn],
    ]),
  };
  return job;
}

function logged(second: number, change: string, more: Row = {}): Row {
  return {
    id: `1_USDT_${second}`,
    type: change.startsWith('-') ? 'TRANSFER_OUT' : 'TRANSFER_IN',
    currency: 'USDT',
    transactionTime: String(AT + second * 1000 + 7),
    change,
    cashBalance: '1000',
    tradeId: '',
    ...more,
  };
}

function funded(second: number, change: string, more: Row = {}): Row {
  const isOut = change.startsWith('-');
  const key = isOut ? 'Transfer2TradingAccount' : 'TransferFromTradingAccount';
  return {
    currency: 'USDT',
    ioDirection: isOut ? 'O' : 'I',
    txnAmt: change.replace('-', ''),
    afterAmt: '5',
    createTime: String(AT / 1000 + second),
    showBusiType: `fundingAccountRecordTransfer${isOut ? 'Out' : 'In'}`,
    description: `fundingAccountRecord${key}`,
    ...more,
  };
}

function filled(second: number, side: string, qty: string, size: string): Row {
  const more = { type: 'TRADE', category: 'linear', symbol: 'BTCUSDT', side, qty, size };
  return logged(second, '0', { ...more, tradeId: `t${second}` });
}

const WITHDREW = {
  showBusiType: 'fundingAccountRecordTypeWithdraw',
  description: 'fundingAccountRecordWithdraw',
};

function told(job: Job): readonly string[] {
  finish(job);
  return job.readings
    .filter(isEntry)
    .map(({ kind, postings }) =>
      [kind, ...postings.map(({ amount }) => formatDecimal(amount))].join(' '),
    );
}

describe('accepts', () => {
  test.each<[string, readonly Row[], readonly Row[], readonly string[]]>([
    [
      'a transfer that both tell',
      [logged(0, '25.5')],
      [funded(0, '-25.50')],
      ['transfer -25.50 25.50'],
    ],
    ['its legs some seconds apart', [logged(9, '-2')], [funded(0, '2')], ['transfer 2 -2']],
    ['money from a sub-account', [logged(0, '25.5')], [], ['flow 25.5']],
    ['money to a sub-account', [logged(0, '-25.5')], [], ['flow -25.5']],
    [
      'one of each, of the same sum',
      [logged(0, '3'), logged(20, '3')],
      [funded(0, '-3')],
      ['transfer -3 3', 'flow 3'],
    ],
    ['the same sum at another time', [logged(120, '3')], [], ['flow 3']],
  ])('%s', (_name, log, funding, lines) => {
    expect(told(jobOf(log, funding))).toEqual(lines);
  });

  test('a withdrawal with its fee, and one that comes back', () => {
    const rows = [funded(0, '-78', WITHDREW), funded(60, '78', WITHDREW)];
    const withdrawn = [{ coin: 'USDT', amount: '77', withdrawFee: '1' }];
    expect(told(jobOf([], rows, withdrawn))).toEqual(['fee -1', 'flow -77', 'fee 1', 'flow 77']);
  });

  test('the sizes of an account in one-way mode, and of one in hedge mode', () => {
    const oneWay = [
      filled(0, 'Buy', '2', '2'),
      filled(1, 'Sell', '5', '-3'),
      filled(2, 'Buy', '3', '0'),
    ];
    const hedge = [
      filled(0, 'Buy', '2', '2'),
      filled(1, 'Sell', '5', '-5'),
      filled(2, 'Buy', '1', '-4'),
    ];
    expect([told(jobOf(oneWay)), told(jobOf(hedge))]).toEqual([[], []]);
  });
});

describe('accepts', () => {
  test('a contract that is no longer listed, and its instrument', () => {
    const row = { ...filled(0, 'Buy', '2', '2'), symbol: 'LUNAUSDT', tradePrice: '80', fee: '0' };
    const job = jobOf([row]);
    const [fill] = readLog(row, job.markets).filter(isEntry);
    expect(fill?.position?.instrument).toBe('LUNA/USDT:USDT');
    finish(job);
    expect(job.contracts.get('LUNAUSDT')?.instrument).toMatchObject({
      base: 'LUNA',
      kind: 'linear',
    });
  });
});

describe('refuses', () => {
  test.each([
    ['a dated contract', 'BTCUSDT-27DEC24', 'linear'],
    ['a contract in another coin', 'BTCPERP', 'linear'],
    ['an inverse one that is not listed', 'LUNAUSD', 'inverse'],
    ['an option', 'BTC-13FEB25-89000-P-USDT', 'option'],
  ])('%s', (_name, symbol, category) => {
    const row = { ...filled(0, 'Buy', '2', '2'), symbol, category, tradePrice: '80', fee: '0' };
    expect(() => readLog(row, jobOf([]).markets)).toThrow(
      expect.objectContaining({ code: 'VENUE_UNEXPECTED_SHAPE' }),
    );
  });

  test.each<[string, Job]>([
    ['a transfer that only the funding account tells', jobOf([], [funded(0, '3')])],
    ['a transfer whose legs are of one direction', jobOf([logged(0, '3')], [funded(0, '3')])],
    ['a fill between two others', jobOf([filled(0, 'Buy', '2', '2'), filled(9, 'Buy', '1', '4')])],
    ['a withdrawal', jobOf([], [funded(0, '-78', WITHDREW)])],
    [
      'a withdrawal of another sum',
      jobOf([], [funded(0, '-78', WITHDREW)], [{ coin: 'USDT', amount: '78', withdrawFee: '1' }]),
    ],
  ])('what lacks %s: VENUE_INCOMPLETE', (_name, job) => {
    let code = 'accepted';
    try {
      finish(job);
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('VENUE_INCOMPLETE');
  });
});
