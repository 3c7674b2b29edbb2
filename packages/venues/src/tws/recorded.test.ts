// The recorded session of a TWS, server version 173, through the client library and the connector's
// readers, digit for digit. It is read from VECTORS_DIR and never copied; its origin stands in
// exchanges/MANIFEST.md.

import { expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import { lineOf, recordedPayloads } from '../../../testkit/src/recorded-payloads.ts';
import type { Question } from './gateway.ts';
import { askPositions, askSummary } from './live.ts';
import { withRecorded } from './recorded.ts';

const tws = recordedPayloads('tws');
const { describeVectors } = tws;

/** The time, which no feed of a recording has. */
const askTime: Question<readonly string[]> = () => ({
  send: (api) => void api.reqCurrentTime(),
  take: (fields) => (fields[0] === '49' ? fields : undefined),
});

async function bodyOf(): Promise<string> {
  return await tws.bodyOf('tws_interactions.recorded.yaml');
}

describeVectors('accepts', () => {
  test('positions, short and with a cost of seven digits', async () => {
    const { positions = [] } = await tws.readBody('positions', await bodyOf());
    const told = positions.map(({ instrument, contracts, entryPrice }) =>
      [instrument, formatDecimal(contracts), formatDecimal(entryPrice)].join(' '),
    );
    expect(told).toEqual(['265598 -110 201.8829709', '637533641 1 315114.75']);
  });

  test('cash of the account', async () => {
    const { balances = new Map() } = await tws.readBody('balances', await bodyOf());
    expect([...balances].map(([asset, value]) => `${asset} ${formatDecimal(value)}`)).toEqual([
      'USD 269339.33',
    ]);
  });

  test('fills with their commissions, in the sign of the ledger', async () => {
    const { entries = [] } = await tws.readBody('fills', FILLS);
    expect(entries.map(lineOf)).toEqual([
      `e.01.01 ${Date.UTC(2026, 10, 20, 15, 31, 5)} fill 1001 -0.10 at 20.3000000000000000444, ` +
        'USD -1.000188 fee',
    ]);
  });

  test('account values as written, accounts and the time', async () => {
    const told = await withRecorded(await bodyOf(), async (gateway) => {
      const accounts = await gateway.accounts();
      const [, , at] = await gateway.ask(askTime);
      const held = await gateway.ask(askPositions);
      return { accounts, at, held: held.length };
    });
    expect(told).toEqual({ accounts: ['ACCOUNT_ID'], at: '1752606307', held: 2 });
    const values = await withRecorded(await bodyOf(), (gateway) => gateway.ask(askSummary));
    const texts = [...values].map(([name, [value]]) => `${name} ${formatDecimal(value)}`);
    expect(texts).toEqual([
      'ACCOUNT_ID GrossPositionValue 23172.60',
      'ACCOUNT_ID NetLiquidation 246447.83',
      'ACCOUNT_ID TotalCashValue 269339.33',
    ]);
  });
});

/** A session as it would be recorded. */
const FILLS = `header:
  server_version: 193
interactions:
- name: managed_accounts
  request:
    raw: "${quoted('17 1')}"
  responses:
  - raw: "${quoted('15 1 U1')}"
- name: executions
  request:
    raw: "${quoted('7 3 9000 - - - - - - -')}"
  responses:
  - raw: "${quoted('59 1 e.01.01 1.000188 USD - - -')}"
  - raw: "${quoted(
    '11 9000 7 1001 ACME STK - 0.0 - - SMART USD ACME NMS e.01.01 20261120-10:31:05_US/Eastern ' +
      'U1 NASDAQ SLD 0.10 20.3000000000000000444 7 9 0 0.10 20.3 - - - - 2 0',
  )}"
  - raw: "${quoted('55 1 9000')}"
`;

/** Fields that each end with a zero. */
function quoted(fields: string): string {
  const texts = fields.split(' ').map((field) => (field === '-' ? '' : field.replace('_', ' ')));
  return texts.map((text) => String.raw`${text}\0`).join('');
}

describeVectors('refuses', () => {
  test.each([
    ['an empty message in place of the end', /- raw: "62.*"/, '- raw: ""', 'VENUE_UNAVAILABLE'],
    ['a position that is no number', /-110\\0/, String.raw`\0`, 'VENUE_UNEXPECTED_SHAPE'],
    ['a position cut short', /\\0-110\\0.*"/, '"', 'VENUE_UNEXPECTED_SHAPE'],
    ['a server that is too old', /version: 173/, 'version: 151', 'VENUE_UNEXPECTED_SHAPE'],
    ['a server that is too new', /version: 173/, 'version: 194', 'VENUE_UNEXPECTED_SHAPE'],
  ])(
    '%s',
    async (_name, pattern, text, code) => {
      const body = (await bodyOf()).replace(pattern, text);
      const read = tws.readBody('positions', body).then(() => 'accepted', codeOf);
      expect(await read).toBe(code);
    },
    20_000,
  );

  test('another feed than those of a session', async () => {
    await expect(tws.readBody('ledger', await bodyOf())).rejects.toMatchObject({
      code: 'VENUE_FEED_UNSUPPORTED',
    });
  });
});
