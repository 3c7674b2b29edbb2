// Recorded statements of the Flex Web Service through the reader of the live one: every entry
// against its statement, digit for digit, and the closing value against the broker's own. The files
// are read from VECTORS_DIR and never copied; their origin stands in exchanges/MANIFEST.md.

import { expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { formatDecimal, type Entry } from '@track-record/ledger';
import type { PayloadAnswer } from '../payload.ts';
import { missingSection, readFlex } from './statement.ts';
import { postingLines, recordedPayloads } from '../../../testkit/src/recorded-payloads.ts';

const flex = recordedPayloads('ibkr', 'ibkr-flex');
const { describeVectors } = flex;

async function bodyOf(number: string): Promise<string> {
  return await flex.bodyOf(`pp-testIBFlexStatementFile${number}.xml`);
}

async function read(body: string): Promise<PayloadAnswer> {
  return await flex.readBody('flex', body);
}

async function refusalOf(body: string): Promise<string> {
  try {
    await read(body);
    return 'accepted';
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
}

/** One element of ibflex's own tests, in a statement of its own. */
async function elementIn(section: string, name: string): Promise<string> {
  const element = await flex.bodyOf(`elements/${name}.xml`);
  return statementWith(`<${section}>${element}</${section}>`);
}

function statementWith(sections: string): string {
  return `<FlexQueryResponse><FlexStatements count="1"><FlexStatement accountId="U1">${sections}
    </FlexStatement></FlexStatements></FlexQueryResponse>`;
}

function lineOf({ id, at, kind, postings, position }: Entry): string {
  const told = [...postingLines(postings)];
  if (position !== undefined) {
    const { instrument, contracts, price } = position;
    told.unshift(`${formatDecimal(contracts)} of ${instrument} @ ${formatDecimal(price)}`);
  }
  return `${new Date(at).toISOString()} ${id} ${kind}: ${told.join(', ')}`;
}

describeVectors('accepts', () => {
  test.each<[string, readonly string[]]>([
    [
      '10',
      [
        '2022-12-21T23:05:04.000Z Trades.116815359 fill: 10 of 460492620 @ 14.05, USD -140.5, ' +
          'USD -0.33125725 fee',
        '2022-12-21T23:06:05.000Z Trades.116815511 fill: EUR -133, USD 140.9268',
      ],
    ],
    [
      '17',
      [
        ...['457125101', '457125105', '457125110'].map(
          (id) => `2023-03-02T22:03:43.000Z CashTransactions.${id} fee: USD -1.5 fee`,
        ),
        // Sales tax stands in the statement of funds only.
        ...['457155534', '457155535', '457155536'].map(
          (id) => `2023-03-03T04:59:59.999Z StmtFunds.${id} fee: USD -0.3 fee`,
        ),
      ],
    ],
    [
      '23',
      [
        '2019-08-16T00:20:00.000Z CashTransactions.11136056417 dividend: USD 61.13',
        // A tax of May 2019 that was given back in February 2020 belongs to February.
        '2020-02-17T05:00:00.000Z CashTransactions.12057009986 withholding: USD 8.97',
        '2020-05-11T04:00:00.000Z CorporateActions.row-1 conversion: -367 of 147243858 @ 0, ' +
          'USD 405.4249',
      ],
    ],
    [
      '26',
      [
        '2025-07-31T00:20:00.000Z U1234567.CashTransactions.row-1 dividend: EUR 13.90',
        '2025-07-31T00:20:00.000Z U1234568.CashTransactions.row-1 dividend: EUR 1.39',
        '2025-08-19T04:00:00.000Z U1234568.CashTransactions.row-2 dividend: EUR 62.05',
        '2025-09-12T13:44:50.000Z U1234567.Trades.row-1 fill: -1 of 382633646 @ 224.8, ' +
          'USD 224.8, USD -1.000188 fee',
      ],
    ],
  ])('statement %s', async (number, lines) => {
    const { entries = [] } = await read(await bodyOf(number));
    expect(entries.map(lineOf)).toEqual(lines);
  });

  test('statement 01: trades, fees, interest, a tender, a reverse split and a merger', async () => {
    const { entries = [] } = await read(await bodyOf('01'));
    const actions = entries.filter(({ kind }) => kind === 'conversion').map(lineOf);
    expect(actions).toEqual([
      '2013-03-06T00:45:00.000Z CorporateActions.row-1 conversion: -12000 of 44924734 @ 0',
      '2013-03-06T00:45:00.000Z CorporateActions.row-2 conversion: 12000 of 123720813 @ 0',
      '2013-06-18T04:00:00.000Z CorporateActions.row-3 conversion: 480 of 129258970 @ 0',
      '2013-06-18T04:00:00.000Z CorporateActions.row-4 conversion: -12000 of 80845553 @ 0',
      '2013-10-25T04:00:00.000Z CorporateActions.row-5 conversion: -12000 of 123720813 @ 0, ' +
        'CAD 34320',
    ]);
    // As the manifest counts them; currency effects of the same trades make no entry.
    expect(entries).toHaveLength(14 + 7 + 5);
  });

  test('statement 25 has four dividends in three currencies', async () => {
    const { entries = [] } = await read(await bodyOf('25'));
    const told = entries.map(({ postings }) => postings.map(({ asset }) => asset).join());
    expect(told).toEqual(['USD', 'GBP', 'EUR', 'EUR']);
  });

  test('statement 17 closes with its own value to the cent, and holds what it says', async () => {
    const { balances = new Map(), positions = [] } = await read(await bodyOf('17'));
    expect([...balances].map(([asset, amount]) => `${asset} ${formatDecimal(amount)}`)).toEqual([
      'USD 57.505297533',
    ]);
    expect(positions).toHaveLength(13);
  });

  test.each([
    ['01', 'AccountInformation'],
    ['10', 'Transfers'],
    ['12', 'AccountInformation'],
    ['17', null],
    ['23', 'Trades'],
    ['25', 'Trades'],
    ['26', 'Transfers'],
  ])('statement %s lacks the section %s for a record', async (number, section) => {
    const { statements } = await readFlex([Buffer.from(await bodyOf(number))]);
    expect(statements.map(missingSection)[0]).toBe(section);
  });

  test.each([
    [
      'CashTransactions',
      'CashTransactionTestCase.0.CashTransaction',
      ['2015-10-07T03:59:59.999Z CashTransactions.5767420360 dividend: USD 27800'],
    ],
    [
      'CorporateActions',
      'CorporateActionTestCase.0.CorporateAction',
      [
        '2011-11-03T04:00:00.000Z CorporateActions.row-1 conversion: -1000 of 96835898 @ 0, ' +
          'USD 30600',
      ],
    ],
    [
      'Transfers',
      'TransferTestCase.0.Transfer',
      ['2011-07-19T03:59:59.999Z Transfers.row-1 flow: 226702 of 86544467 @ 0'],
    ],
    [
      // An option that was assigned: reported a day after it was traded.
      'Trades',
      'TradeTestCase.0.Trade',
      ['2011-08-12T04:00:00.000Z Trades.594763148 settlement: 3 of 83615386 @ 0'],
    ],
  ])('one element of %s', async (section, name, lines) => {
    const { entries = [] } = await read(await elementIn(section, name));
    expect(entries.map(lineOf)).toEqual(lines);
  });
});

describeVectors('refuses', () => {
  test('statement 12, whose query left out what the trades cost', async () => {
    expect(await refusalOf(await bodyOf('12'))).toBe('VENUE_SCOPE_MISSING Trades.proceeds');
  });

  test.each([
    ['17', 'a fee that no section tells', /<[^<>]*"457125101"[^<>]*>/g, '', 'commissions'],
    ['17', 'a position that is missing', /<OpenPosition [^<>]*"AMC"[^<>]*>/, '', 'endingValue'],
    ['17', 'cash that is missing', /endingCash="57.5/, 'endingCash="56.5', 'endingValue'],
    ['17', 'a dividend that was not paid', / dividends="0"/, ' dividends="0.02"', 'dividends'],
  ])('statement %s with %s', async (number, _name, pattern, replacement, line) => {
    const body = (await bodyOf(number)).replaceAll(new RegExp(pattern, 'g'), replacement);
    expect(await refusalOf(body)).toBe(`VENUE_INCOMPLETE ChangeInNAV.${line}`);
  });

  test.each([
    ['10', 'a category that settles otherwise', '"STK"', '"FUT"', 'Trades.assetCategory'],
    ['10', 'a kind of trade', 'ExchTrade', 'OddTrade', 'Trades.transactionType'],
    ['10', 'a level of detail', '"EXECUTION"', '"HALF"', 'Trades.levelOfDetail'],
    ['10', 'a pair of one currency', '"EUR.USD"', '"USD.USD"', 'Trades.symbol'],
    ['10', 'an amount with a comma', '"-140.5"', '"-140,5"', 'proceeds'],
    ['10', 'a month before its day', '"20221221;180504"', '"12/21/2022;180504"', 'dateTime'],
    ['10', 'a time that was on no clock', '"20221221;180504"', '"20230312;023000"', 'dateTime'],
    ['10', 'a day that is not', '"20221221;180504"', '"20220230;180504"', 'dateTime'],
    ['17', 'a kind of cash', 'type="Other Fees"', 'type="Odd Fees"', 'CashTransactions.type'],
    ['17', 'a kind of activity', '"STAX"', '"ODD"', 'StmtFunds.activityCode'],
    ['23', 'a corporate action', 'type="TC"', 'type="ODD"', 'CorporateActions.type'],
  ])('statement %s with %s that is not known', async (number, _name, known, odd, place) => {
    const body = (await bodyOf(number)).replaceAll(known, odd);
    expect(await refusalOf(body)).toBe(`VENUE_UNEXPECTED_SHAPE ${place}`);
  });

  test.each([
    ['10', 'ibCommission', 'Trades.ibCommission'],
    ['10', 'tradePrice', 'Trades.tradePrice'],
    ['23', 'amount', 'CashTransactions.amount'],
    ['17', 'costBasisPrice', 'OpenPositions.costBasisPrice'],
  ])('statement %s of a query without %s', async (number, field, place) => {
    const body = (await bodyOf(number)).replaceAll(new RegExp(` ${field}="[^"]*"`, 'g'), '');
    expect(await refusalOf(body)).toBe(`VENUE_SCOPE_MISSING ${place}`);
  });

  test('a query that selects the sums of cash only', async () => {
    const body = (await bodyOf('26')).replaceAll('"DETAIL"', '"SUMMARY"');
    expect(await refusalOf(body)).toBe('VENUE_SCOPE_MISSING CashTransactions.levelOfDetail');
  });

  test('an exercise that is no trade', async () => {
    const element = await elementIn('OptionEAE', 'OptionEAEBuyTestCase.0.OptionEAE');
    const body = element.replace('tradeID=""', 'tradeID="1"');
    expect(await refusalOf(body)).toBe('VENUE_INCOMPLETE OptionEAE.tradeID');
  });

  test('another feed than the one there is', async () => {
    await expect(flex.readBody('fills', '')).rejects.toMatchObject({
      code: 'VENUE_FEED_UNSUPPORTED',
    });
  });
});

describeVectors('holds', () => {
  test('the same money at other levels of detail counts once', async () => {
    const body = await bodyOf('10');
    const trades = body.match(/<Trade .*?\/>/gs)?.join('') ?? '';
    const told = [
      ['Order', 'ORDER'],
      ['SymbolSummary', 'SYMBOL_SUMMARY'],
      ['AssetSummary', 'ASSET_SUMMARY'],
      ['Lot', 'CLOSED_LOT'],
    ].map(([name, level]) =>
      trades.replaceAll('<Trade ', `<${name} `).replaceAll('"EXECUTION"', `"${level}"`),
    );
    const again = body.replace('</Trades>', `${told.join('')}</Trades>`);
    expect(await read(again)).toEqual(await read(body));
  });

  test('attributes and sections that nobody knows yet change nothing', async () => {
    const body = await bodyOf('17');
    const more = body
      .replaceAll('<CashTransaction ', '<CashTransaction newField="1" ')
      .replace('<OpenPositions>', '<NewSection><NewRow amount="1" /></NewSection><OpenPositions>');
    expect(await read(more)).toEqual(await read(body));
  });

  test.each([
    ['"20221221;180504"', '"2022-12-21, 18:05:04"'],
    ['"20221221;180504"', '"20221221 180504"'],
    ['"20221221;180504"', '"20221221;180504 EST"'],
    ['"20221221;180504"', '"20221221;230504 UTC"'],
  ])('the time %s is the time %s', async (one, other) => {
    const body = await bodyOf('10');
    expect(await read(body.replace(one, other))).toEqual(await read(body));
  });

  test.each([
    // Clocks go forward on 12 March and back on 5 November, when 01:30 comes twice.
    ['20230310', '120000', '2023-03-10T17:00:00.000Z'],
    ['20230313', '120000', '2023-03-13T16:00:00.000Z'],
    ['20231105', '013000', '2023-11-05T05:30:00.000Z'],
    ['20231105', '013000 EDT', '2023-11-05T05:30:00.000Z'],
    ['20231105', '013000 EST', '2023-11-05T06:30:00.000Z'],
    ['20231106', '120000', '2023-11-06T17:00:00.000Z'],
  ])('%s;%s in New York is %s, wherever this machine stands', async (day, time, instant) => {
    const body = (await bodyOf('10')).replaceAll('20221221;180504', `${day};${time}`);
    const { entries = [] } = await read(
      body.replaceAll('reportDate="20221221"', `reportDate="${day}"`),
    );
    expect(entries.map(lineOf).join()).toContain(`${instant} Trades.116815359`);
  });
});
