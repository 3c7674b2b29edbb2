// Recorded and documented payloads of Alpaca through its real client: every entry against its
// payload, digit for digit. The files are read from VECTORS_DIR and never copied; their origin
// stands in exchanges/MANIFEST.md. Rows of types that no file has are the venue's own documentation
// samples (docs.alpaca.markets: activities of options, splits, crypto fees).

import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { formatDecimal, type Entry } from '@track-record/ledger';
import {
  postingLines,
  recordedPayloads,
  type Feed,
} from '../../../testkit/src/recorded-payloads.ts';

const { describeVectors, bodyOf, readBody: read } = recordedPayloads('alpaca');

async function refusalOf(feed: Feed, body: string): Promise<string> {
  try {
    await read(feed, body);
    return 'accepted';
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
}

function lineOf({ at, kind, postings, position }: Entry): string {
  const told = [...postingLines(postings)];
  if (position !== undefined) {
    const { instrument, contracts, price } = position;
    told.unshift(`${formatDecimal(contracts)} of ${instrument} @ ${formatDecimal(price)}`);
  }
  return `${new Date(at).toISOString()} ${kind}: ${told.join(', ')}`;
}

/** A row as the venue documents it, with `more` of its fields. */
function row(type: string, more: Readonly<Record<string, string>>): Record<string, string> {
  const own = { activity_type: type, date: '2023-07-21', net_amount: '0', status: 'executed' };
  return { id: `20230721000000000::${type}${Object.values(more).join('-')}`, ...own, ...more };
}

const FILL = {
  id: '20240102093000123::f',
  activity_type: 'FILL',
  type: 'fill',
  side: 'buy',
  transaction_time: '2024-01-02T14:30:00.123456789Z',
  symbol: 'AAPL',
  qty: '0.38962051',
  price: '128.33',
};

async function linesOf(...rows: readonly object[]): Promise<readonly string[]> {
  const { entries = [] } = await read('activities', JSON.stringify(rows));
  return entries.map((entry) => lineOf(entry));
}

describeVectors('accepts', () => {
  test('activities, a day being one of New York', async () => {
    const pages = [await bodyOf('activities.page1.json'), await bodyOf('activities.page2.json')];
    const told = await Promise.all(pages.map((page) => read('activities', page)));
    expect(told.flatMap(({ entries = [] }) => entries.map((entry) => lineOf(entry)))).toEqual([
      '2022-04-19T04:00:00.000Z flow: USD 33324.35',
      '2022-04-19T04:00:00.000Z flow: USD 29161.91',
      '2022-03-04T14:53:18.500Z fill: 9 of GOOGL @ 2630.95, USD -23678.55',
      '2022-04-19T04:00:00.000Z flow: USD 45850.47',
      '2022-04-19T04:00:00.000Z flow: USD 43864.18',
      '2022-04-19T04:00:00.000Z flow: USD 32155.97',
      '2022-04-19T04:00:00.000Z flow: USD 20979.69',
      '2022-04-19T04:00:00.000Z flow: USD 22386.64',
    ]);
  });

  test('account and positions', async () => {
    const account = await bodyOf('account.json');
    const { balances } = await read('balances', account);
    expect([...(balances ?? [])].map(([asset, amount]) => [asset, formatDecimal(amount)])).toEqual([
      ['USD', '-23140.2'],
    ]);
    expect((await read('permissions', account)).permissions).toEqual({
      read: true,
      trade: true,
      withdraw: true,
      ipRestricted: null,
    });
    const { positions = [] } = await read('positions', await bodyOf('positions.json'));
    expect(
      positions.map(({ instrument, contracts, entryPrice }) => [
        instrument,
        formatDecimal(contracts),
        formatDecimal(entryPrice),
      ]),
    ).toEqual([['AAPL', '5', '100.0']]);
  });

  test('portfolio history is the word of the venue on itself and no source', async () => {
    const body = await bodyOf('portfolio_history.json');
    expect(await refusalOf('balances', body)).toBe('VENUE_UNEXPECTED_SHAPE currency');
  });
});

describe('accepts', () => {
  test.each<[string, readonly object[], readonly string[]]>([
    [
      'an exercise and the shares it brings, after the close',
      [
        row('OPEXC', { symbol: 'AAPL230721C00150000', qty: '-2' }),
        row('OPTRD', { symbol: 'AAPL', qty: '200', price: '150', net_amount: '-30000' }),
      ],
      [
        '2023-07-22T03:59:59.999Z settlement: -2 of AAPL230721C00150000 @ 0',
        '2023-07-22T03:59:59.999Z fill: 200 of AAPL @ 150, USD -30000',
      ],
    ],
    [
      'a fee in coins, and one that is paid back',
      [
        row('CFEE', { symbol: 'ETHUSD', qty: '-0.000195', price: '1884.5' }),
        row('FEE', { net_amount: '0.02' }),
      ],
      [
        '2023-07-22T03:59:59.999Z fee: ETH -0.000195 fee',
        '2023-07-22T03:59:59.999Z rebate: USD 0.02',
      ],
    ],
    [
      'a dividend, whose shares do not move, and what is withheld',
      [
        row('DIV', { symbol: 'T', qty: '2', net_amount: '1.02', per_share_amount: '0.51' }),
        row('DIVNRA', { symbol: 'T', net_amount: '-0.30' }),
      ],
      [
        '2023-07-21T04:00:00.000Z dividend: USD 1.02',
        '2023-07-21T04:00:00.000Z withholding: USD -0.30',
      ],
    ],
    [
      'a dividend in shares, whose shares do',
      [row('DIV', { activity_sub_type: 'SDIV', symbol: 'SBS', qty: '0.002709921', price: '0' })],
      ['2023-07-21T04:00:00.000Z conversion: 0.002709921 of SBS @ 0'],
    ],
    [
      'both legs of a split at the instant of the first',
      [
        row('SPLIT', { symbol: 'SF', qty: '-2', created_at: '2023-07-20T22:30:42.997Z' }),
        row('SPLIT', { symbol: 'SF', qty: '3', created_at: '2023-07-20T22:33:41.647Z' }),
      ],
      [
        '2023-07-20T22:30:42.997Z conversion: -2 of SF @ 0',
        '2023-07-20T22:30:42.997Z conversion: 3 of SF @ 0',
      ],
    ],
    [
      'a transfer in kind and one of cash',
      [
        row('ACATS', { symbol: 'AAPL', qty: '4', price: '157.44' }),
        row('JNLC', { net_amount: '-4.81' }),
      ],
      [
        '2023-07-21T04:00:00.000Z flow: 4 of AAPL @ 157.44',
        '2023-07-21T04:00:00.000Z flow: USD -4.81',
      ],
    ],
    [
      'fills of shares, options and coins with all their digits',
      [
        FILL,
        { ...FILL, side: 'sell_short', symbol: 'AAPL240105P00120000', qty: '3', price: '1.27' },
        { ...FILL, symbol: 'BTC/USDT', qty: '0.000000001', price: '61234.5' },
      ],
      [
        '2024-01-02T14:30:00.123Z fill: 0.38962051 of AAPL @ 128.33, USD -50.0000000483',
        '2024-01-02T14:30:00.123Z fill: -3 of AAPL240105P00120000 @ 1.27, USD 381.00',
        '2024-01-02T14:30:00.123Z fill: BTC 0.000000001, USDT -0.0000612345',
      ],
    ],
    [
      'what was cancelled or replaced, with its reversal',
      [
        row('FEE', { net_amount: '-1.10', status: 'canceled' }),
        { ...row('CSD', { net_amount: '7' }), id: '20230721000000000::first' },
        { ...row('CSD', { net_amount: '8', status: 'correct' }), previous_id: 'first' },
      ],
      [
        '2023-07-22T03:59:59.999Z fee: USD -1.10 fee',
        '2023-07-22T03:59:59.999Z fee: USD 1.10 fee',
        '2023-07-21T04:00:00.000Z flow: USD 7',
        '2023-07-21T04:00:00.000Z flow: USD -7',
        '2023-07-21T04:00:00.000Z flow: USD 8',
      ],
    ],
    [
      'what is left out, null or empty alike, and ids of one part',
      [
        {
          ...row('INT', { net_amount: '0.07', currency: '' }),
          id: '2023',
          created_at: null,
          previous_id: null,
          price: null,
        },
      ],
      ['2023-07-21T04:00:00.000Z interest: USD 0.07'],
    ],
    [
      'days on which the clocks change',
      [row('FEE', { net_amount: '-1', date: '2024-03-10' }), row('INT', { date: '2024-11-03' })],
      ['2024-03-11T03:59:59.999Z fee: USD -1 fee'],
    ],
  ])('%s', async (_name, rows, lines) => {
    expect(await linesOf(...rows)).toEqual(lines);
  });

  test('digits that a double does not have', async () => {
    const text = JSON.stringify([row('CSD', { net_amount: 'N' })]);
    const { entries = [] } = await read('activities', text.replace('"N"', '27423.7300000000001'));
    expect(entries.map((entry) => lineOf(entry))).toEqual([
      '2023-07-21T04:00:00.000Z flow: USD 27423.7300000000001',
    ]);
  });

  test('a short position and a coin, which is a balance', async () => {
    const position = { asset_class: 'us_equity', avg_entry_price: '310.05', exchange: 'NASDAQ' };
    const { balances, positions = [] } = await read(
      'positions',
      JSON.stringify([
        { ...position, symbol: 'TSLA', qty: '-50', side: 'short' },
        { ...position, asset_class: 'crypto', symbol: 'BTCUSD', qty: '0.1495', side: 'long' },
      ]),
    );
    expect(positions.map(({ contracts }) => formatDecimal(contracts))).toEqual(['-50']);
    expect([...(balances ?? [])].map(([coin, held]) => `${formatDecimal(held)} ${coin}`)).toEqual([
      '0.1495 BTC',
    ]);
  });
});

describe('refuses', () => {
  test.each<[string, object]>([
    ['activity_type', row('MEMO', { net_amount: '1' })],
    ['status', row('CSD', { net_amount: '1', status: 'pending' })],
    ['net_amount', { ...row('CSD', {}), net_amount: null }],
    ['qty', row('ACATS', { symbol: 'AAPL' })],
    ['symbol', row('OPEXP', { symbol: 'AAPL1230721C00150000', qty: '-2' })],
    ['date', row('CSD', { net_amount: '1', date: '2023-02-30' })],
    ['created_at', row('CSD', { net_amount: '1', created_at: '2023-07-21 10:00:00' })],
    ['side', { ...FILL, side: 'hold' }],
    ['type', { ...FILL, type: 'trade_bust' }],
    ['price', { ...FILL, price: '-1' }],
    ['transaction_time', { ...FILL, transaction_time: '2024-01-02' }],
  ])('an activity by its %s', async (place, activity) => {
    const body = JSON.stringify([activity]);
    expect(await refusalOf('activities', body)).toBe(`VENUE_UNEXPECTED_SHAPE ${place}`);
  });

  test.each<[string, Feed, string, string]>([
    ['a body that is cut', 'activities', '[{"id":"2', 'VENUE_UNAVAILABLE null'],
    ['a refusal instead of a list', 'activities', '{}', 'VENUE_UNEXPECTED_SHAPE activities'],
    ['an account in euros', 'balances', '{"currency":"EUR"}', 'VENUE_UNEXPECTED_SHAPE currency'],
    ['a feed it does not have', 'funding', '[]', 'VENUE_FEED_UNSUPPORTED null'],
  ])('%s', async (_name, feed, body, refusal) => {
    expect((await refusalOf(feed, body)).replace('undefined', 'null')).toBe(refusal);
  });
});
