import { describe, expect, test } from '@jest/globals';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { parseLedgerDocument } from './ledger-document.ts';
import { priceRequests } from './price-requests.ts';

/** `01:00 asset BTC` */
function needsOf(text: string): string[] {
  const document = parseLedgerDocument(ledgerFromText(text));
  return priceRequests(document).map(({ kind, name, at }) => {
    return `${new Date(at).toISOString().slice(11, 16)} ${kind} ${name}`;
  });
}

describe('accepts', () => {
  test('every holding at every full hour, the reporting currency never', () => {
    expect(
      needsOf(`USD 00:00 to 02:00
        anchor 02:00: USD 5, BTC 1
        01:30 a fill: BTC 1, USD -100`),
    ).toEqual(['02:00 asset BTC']);
  });

  test('everything held and everything moved at a flow, once', () => {
    expect(
      needsOf(`USD 00:00 to 01:00
        anchor 00:00: BTC 1
        00:20 a flow: ETH 1
        00:20 b flow: ETH 2`),
    ).toEqual([
      '00:00 asset BTC',
      '00:20 asset BTC',
      '00:20 asset ETH',
      '01:00 asset BTC',
      '01:00 asset ETH',
    ]);
  });

  test('marks, and the asset in which they settle', () => {
    expect(
      needsOf(`USD 00:00 to 02:00
        PERP is inverse BTC USD BTC size 1
        anchor 00:00: USD 1
        00:20 a fill: PERP 1 @ 100
        01:20 b fill: PERP -1 @ 200`),
    ).toEqual(['01:00 asset BTC', '01:00 mark PERP', '02:00 asset BTC']);
  });

  test('a fee in an asset that is gone before the hour ends, at the hour’s beginning', () => {
    expect(
      needsOf(`USD 00:00 to 01:00
        anchor 01:00: USD 1
        00:20 a fill: BNB 1, USD -5
        00:30 b fee: BNB -1`),
    ).toEqual(['00:00 asset BNB']);
  });

  test('at a full hour, what is held before the entries of that instant', () => {
    expect(
      needsOf(`USD 00:00 to 02:00
        anchor 00:00: BTC 1
        01:00 a fill: BTC -1, USD 100`),
    ).toEqual(['00:00 asset BTC', '01:00 asset BTC']);
  });

  test('a reference: the venue in what it quotes, and the pairs at the same instants', () => {
    const document = parseLedgerDocument(
      ledgerFromText(`SEK 00:00 to 01:00
        reference USDT/USD at kraken
        reference USD/SEK at bank
        PERP is linear BTC USDT USDT size 1
        anchor 01:00: SEK 5, BTC 1, USDT 7, PERP 1 @ 1
        00:20 a flow: SEK 3`),
    );
    const told = priceRequests(document).map(({ kind, name, currency, at, source }) => {
      const venue = source === undefined ? '' : ` at ${source}`;
      return `${new Date(at).toISOString().slice(11, 16)} ${kind} ${name}/${currency}${venue}`;
    });
    const each = ['00:00', '00:20', '01:00'].flatMap((at) => [
      `${at} asset BTC/USDT`,
      `${at} asset USD/SEK at bank`,
      `${at} asset USDT/USD at kraken`,
      `${at} mark PERP/USDT`,
    ]);
    expect(told).toEqual(each);
  });

  test('in the order of time, however late a need is found', () => {
    expect(
      needsOf(`USD 00:00 to 01:00
        anchor 00:00: BTC 1
        00:20 a flow: BTC 1
        00:30 b fee: BNB -0, USD -1`),
    ).toEqual(['00:00 asset BNB', '00:00 asset BTC', '00:20 asset BTC', '01:00 asset BTC']);
  });

  test('nothing at the end of the window, nor after it', () => {
    expect(
      needsOf(`USD 00:00 to 01:00
        anchor 00:00: USD 1
        01:00 a fill: ETH 1, BNB -1 fee
        01:00 b flow: BTC 1`),
    ).toEqual([]);
    expect(
      needsOf(`USD 00:00 to 01:00
        anchor 01:30: USD 1, ETH 1
        01:20 a flow: ETH 1`),
    ).toEqual([]);
  });
});
