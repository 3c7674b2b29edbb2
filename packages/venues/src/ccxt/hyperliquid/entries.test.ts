// What each of Hyperliquid's ledger updates means to the wallet in question, spot fills, and fills
// that do not link. Rows are shaped after the samples of hyperliquid.gitbook.io, "Info endpoint".

import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { lineOf } from '../../../../testkit/src/recorded-payloads.ts';
import type { Job } from '../feed.ts';
import { perpetualOf, type Markets } from '../markets.ts';
import { isEntry } from '../readings.ts';
import type { Row } from '../rows.ts';
import { finish, INFO, readFill, readFunding } from './entries.ts';

const AT = 1_700_000_000_000;
const ME = '0x1111111111111111111111111111111111111111';
const YOU = '0x2222222222222222222222222222222222222222';
const markets: Markets = {
  pairs: new Map([['@107', { id: '@107', base: 'HYPE', quote: 'USDC', isActive: true }]]),
  contracts: new Map([['BTC', perpetualOf('BTC', 'BTC', 'USDC')]]),
};

async function told(rows: readonly Row[], isFirst = false): Promise<readonly string[]> {
  const fail = (): never => {
    throw new RecordError('VENUE_UNAVAILABLE');
  };
  const isOurs = (name: string): boolean => name === ME;
  const job: Job = {
    client: { call: fail, requestCount: () => 0, setServerTime: fail, isOurs, close: fail },
    markets,
    contracts: new Map(),
    window: { from: AT - 3_600_000, to: AT + 3_600_000 },
    isFirst,
    cursor: { version: 1, pending: {}, settled: {} },
    holdings: () => Promise.resolve({ balances: new Map(), positions: [] }),
    readings: rows.flatMap((row) => (row['tid'] === undefined ? [] : readFill(row, markets))),
    rows: new Map([[INFO, rows]]),
  };
  await finish(job);
  return job.readings.filter(isEntry).map((entry) => lineOf(entry).replace(/^\S+ \d+ /, ''));
}

function update(type: string, delta: Row): Row {
  return { time: AT, hash: '0xabc', delta: { type, ...delta } };
}

const send = { token: 'USDC', amount: '5', fee: '0.0', feeToken: '', sourceDex: '' };
const fill: Row = {
  coin: 'BTC',
  px: '60000',
  sz: '0.5',
  side: 'B',
  time: AT,
  startPosition: '1.5',
  closedPnl: '0.0',
  oid: 7,
  tid: 9,
  fee: '1.25',
  feeToken: 'USDC',
  builderFee: '0.25',
};

describe('accepts', () => {
  test.each<[string, Row, readonly string[]]>([
    ['deposit', { usdc: '10.5' }, ['flow USDC 10.5']],
    ['withdraw', { usdc: '9', fee: '1.0' }, ['fee USDC -1.0 fee', 'flow USDC -9']],
    ['accountClassTransfer', { usdc: '3', toPerp: true }, []],
    ['liquidation', { liquidatedNtlPos: '3' }, []],
    ['internalTransfer', { usdc: '3', user: YOU, destination: ME, fee: '1' }, ['flow USDC 3']],
    [
      'internalTransfer',
      { usdc: '3', user: ME, destination: YOU, fee: '1' },
      ['fee USDC -1 fee', 'flow USDC -3'],
    ],
    ['subAccountTransfer', { usdc: '3', user: ME, destination: YOU }, ['flow USDC -3']],
    [
      'spotTransfer',
      { token: 'HYPE', amount: '2', user: YOU, destination: ME.toUpperCase().replace('X', 'x') },
      ['flow HYPE 2'],
    ],
    ['vaultDeposit', { vault: YOU, usdc: '4' }, ['flow USDC -4']],
    ['vaultWithdraw', { vault: YOU, netWithdrawnUsd: '4.5' }, ['flow USDC 4.5']],
    ['vaultDistribution', { vault: YOU, usdc: '4' }, ['flow USDC 4']],
    ['cStakingTransfer', { token: 'HYPE', amount: '2', isDeposit: true }, ['flow HYPE -2']],
    ['cStakingTransfer', { token: 'HYPE', amount: '2', isDeposit: false }, ['flow HYPE 2']],
    ['spotGenesis', { token: 'HYPE', amount: '2' }, ['airdrop HYPE 2']],
    ['rewardsClaim', { amount: '2' }, ['reward USDC 2']],
    ['accountActivationGas', { token: 'USDC', amount: '1' }, ['fee USDC -1 fee']],
    ['send', { ...send, user: YOU, destination: ME, destinationDex: '' }, ['flow USDC 5']],
    ['send', { ...send, user: ME, destination: ME, destinationDex: 'spot' }, []],
    ['send', { ...send, user: ME, destination: ME, destinationDex: 'xyz' }, ['flow USDC -5']],
    [
      'send',
      { ...send, user: ME, destination: YOU, destinationDex: '', fee: '1', feeToken: 'USDC' },
      ['fee USDC -1 fee', 'flow USDC -5'],
    ],
  ])('%s %j', async (type, delta, lines) => {
    expect(await told([update(type, delta)])).toEqual(lines);
  });

  test('a fill of a contract, whose fee has the share of a builder in it', () => {
    expect(readFill(fill, markets).filter(isEntry).map(lineOf)).toEqual([
      `perp-trade.7.9 ${AT} fill BTC/USDC:USDC 0.5 at 60000, USDC -1.25 fee`,
    ]);
  });

  test('a fill of a pair, which pays its fee in what it bought', () => {
    const bought = { ...fill, coin: '@107', px: '20', fee: '0.001', feeToken: 'HYPE' };
    expect(readFill(bought, markets).filter(isEntry).map(lineOf)).toEqual([
      `spot-trade.7.9 ${AT} fill HYPE 0.5, USDC -10.0, HYPE -0.001 fee`,
    ]);
  });

  test('funding, told apart by coin and hour', () => {
    const row = update('funding', { coin: 'BTC', usdc: '-0.25', szi: '1', fundingRate: '0.1' });
    expect(readFunding(row).filter(isEntry).map(lineOf)).toEqual([
      `funding.BTC.${AT} ${AT} funding USDC -0.25`,
    ]);
  });

  test('fills that link, and the same fill twice', async () => {
    const sold = { ...fill, tid: 10, side: 'A', time: AT + 1, startPosition: '2.0' };
    expect(await told([fill, sold, fill])).toHaveLength(3);
  });
});

describe('refuses', () => {
  const gap = { ...fill, tid: 10, time: AT + 1, startPosition: '2.5' };
  const many = Array.from({ length: 10_000 }, (_, tid) => ({ ...fill, coin: '@107', tid }));
  test.each<[string, readonly Row[], string]>([
    ['a type that nobody knows', [update('gift', {})], 'VENUE_UNEXPECTED_SHAPE'],
    ['lending', [update('borrowLend', { token: 'USDC' })], 'VENUE_UNEXPECTED_SHAPE'],
    [
      'a fee of a token that is not told',
      [update('send', { ...send, user: ME, destination: YOU, fee: '1' })],
      'VENUE_UNEXPECTED_SHAPE',
    ],
    ['fills with a gap', [fill, gap], 'VENUE_INCOMPLETE'],
    ['as many fills as are kept', many, 'VENUE_INCOMPLETE'],
  ])('%s', async (_name, rows, code) => {
    await expect(told(rows).catch(codeOf)).resolves.toBe(code);
  });

  test('a first fetch that does not lead to what is held', async () => {
    const whole = told([update('deposit', { usdc: '10.5' })], true);
    await expect(whole.catch(codeOf)).resolves.toBe('VENUE_INCOMPLETE');
    await expect(told([update('deposit', { usdc: '0.001' })], true)).resolves.toHaveLength(1);
    const free = { ...fill, fee: '0.0' };
    await expect(told([free], true).catch(codeOf)).resolves.toBe('VENUE_INCOMPLETE');
  });

  test.each([
    ['a contract of another exchange', { ...fill, coin: 'xyz:TSLA' }],
    ['a side that is none', { ...fill, side: 'X' }],
  ])('%s', async (_name, row) => {
    const failed = Promise.resolve(row).then((each) => readFill(each, markets));
    await expect(failed.catch(codeOf)).resolves.toBe('VENUE_UNEXPECTED_SHAPE');
  });
});
