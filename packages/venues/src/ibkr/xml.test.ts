// What a venue could send instead of a statement: bombs, floods, cuts and other encodings. Nothing
// of it is expanded, fetched or held, and none is read in part.

import { describe, expect, test } from '@jest/globals';
import { readFlex } from './statement.ts';

const MEGABYTE = 1_000_000;

function bytesOf(text: string, encoding: BufferEncoding = 'utf8'): Uint8Array[] {
  return [Buffer.from(text, encoding)];
}

/** A statement of so many bytes, one row after the other, never held as a whole. */
function* flood(section: string, row: string, told: { bytes: number }): Generator<Uint8Array> {
  yield Buffer.from(`<FlexQueryResponse><FlexStatements><FlexStatement><${section}>`);
  const rows = Buffer.from(row.repeat(1_000));
  for (; told.bytes < 500 * MEGABYTE; told.bytes += rows.length) yield rows;
}

describe('accepts', () => {
  test('a document in pieces of one byte, with a character cut in two', async () => {
    const text = '<FlexStatementResponse><Status>Fail ö &amp;</Status></FlexStatementResponse>';
    const pieces = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
    const { root, answer } = await readFlex(pieces);
    expect({ root, ...answer }).toEqual({ root: 'FlexStatementResponse', Status: 'Fail ö &' });
  });

  test.each([
    ['a byte order mark', '\uFEFF<?xml version="1.0" encoding="utf-8"?><A/>'],
    ['a declaration', '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><A/>'],
  ])('%s', async (_name, text) => {
    expect((await readFlex(bytesOf(text))).root).toBe('A');
  });
});

describe('refuses', () => {
  const nested = Array.from(
    { length: 9 },
    (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`,
  );
  test.each([
    [
      'a billion laughs',
      `<!DOCTYPE A [<!ENTITY l0 "ha">${nested.join('')}]><A>&l9;</A>`,
      'xml.doctype',
    ],
    ['an entity of the system', '<!DOCTYPE A [<!ENTITY x SYSTEM "file:///x">]><A/>', 'xml.doctype'],
    ['a definition elsewhere', '<!DOCTYPE A SYSTEM "http://127.0.0.1/x"><A/>', 'xml.doctype'],
    ['an entity without one', '<A>&unknown;</A>', 'xml'],
    ['an entity in an attribute', '<A a="&unknown;"/>', 'xml'],
    ['a cut element', '<A><B a="1"/>', 'xml'],
    ['a cut attribute', '<A><B a="1', 'xml'],
    ['two roots', '<A/><B/>', 'xml'],
    ['an attribute told twice', '<A a="1" a="2"/>', 'xml'],
    ['a page of something else', '<html><body><br></body></html>', 'xml'],
    ['no XML at all', '{"error": 1}', 'xml'],
    ['nothing', '', 'xml'],
    ['seventeen levels', `${'<A>'.repeat(17)}${'</A>'.repeat(17)}`, 'xml.depth'],
    ['a long text', `<A>${'x'.repeat(5_000)}</A>`, 'xml.text'],
    ['another encoding by name', '<?xml version="1.0" encoding="UTF-16"?><A/>', 'xml.encoding'],
  ])('%s', async (_name, text, place) => {
    await expect(readFlex(bytesOf(text))).rejects.toMatchObject({
      code: 'VENUE_UNEXPECTED_SHAPE',
      place,
    });
  });

  test.each<[string, BufferEncoding]>([
    ['<A a="ö"/>', 'latin1'],
    ['<A/>', 'utf16le'],
  ])('%s as %s', async (text, encoding) => {
    await expect(readFlex(bytesOf(text, encoding))).rejects.toMatchObject({
      code: 'VENUE_UNEXPECTED_SHAPE',
      place: 'xml',
    });
  });

  test('a character that the end of the document cuts', async () => {
    const cut = Buffer.from('<A/><!-- ö').subarray(0, -1);
    await expect(readFlex([cut])).rejects.toMatchObject({ place: 'xml' });
  });

  test.each([
    // Read to the bound, and nothing of it kept.
    ['rows that are long', 'Unknown', `<Row a="${'1'.repeat(500)}" />`, 'xml.size', 65],
    ['rows that are short', 'Trades', '<Trade a="1" />', 'rows', 5],
  ])(
    '500 MB of %s, in bounded memory',
    async (_name, section, row, place, megabytes) => {
      const told = { bytes: 0 };
      const before = process.memoryUsage().rss;
      await expect(readFlex(flood(section, row, told))).rejects.toMatchObject({
        code: 'VENUE_UNEXPECTED_SHAPE',
        place,
      });
      expect(told.bytes).toBeLessThan(megabytes * MEGABYTE);
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * MEGABYTE);
    },
    60_000,
  );
});
