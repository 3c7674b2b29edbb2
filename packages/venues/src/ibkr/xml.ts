// XML as a stream of elements, for a document that a venue sent and that may be of any size. There
// is no DOCTYPE and so no entity but the five of XML itself: nothing expands and nothing is
// fetched. Only one element is held at a time; what is kept of it is the reader's business. XML 1.0
// (fifth edition), in UTF-8.

import { RecordError } from '@track-record/errors';
import { SaxesParser } from 'saxes';
import { shape, type Row } from '../ccxt/rows.ts';

/** A year of a busy account has some 40 MB; the document is held as rows while it is read. */
const XML_BYTES_MAX = 64_000_000;
/** A statement has five levels. */
const DEPTH_MAX = 16;
/** Statements keep everything in attributes; only the service's short answers have texts. */
const TEXT_LENGTH_MAX = 4_096;

/** `path`: the names of the elements around this one, outermost first. */
export interface XmlHandler {
  readonly open: (name: string, attributes: Row, path: readonly string[]) => void;
  /** The text of an element without children. */
  readonly text: (name: string, text: string, path: readonly string[]) => void;
}

/** VENUE_UNEXPECTED_SHAPE unless the whole document is well formed and within its bounds. */
export async function readXml(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  handler: XmlHandler,
): Promise<void> {
  const parser = parserOf(handler);
  // Another encoding, or a character that the end of the document cut, is an error here.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > XML_BYTES_MAX) throw shape('xml.size');
    refuseMalformed(() => parser.write(decoder.decode(chunk, { stream: true })));
  }
  refuseMalformed(() => parser.write(decoder.decode()).close());
}

function parserOf({ open, text }: XmlHandler): SaxesParser {
  const parser = new SaxesParser();
  const path: string[] = [];
  let told = '';
  parser.on('xmldecl', ({ encoding = 'UTF-8' }) => {
    if (encoding.toUpperCase() !== 'UTF-8') throw shape('xml.encoding');
  });
  parser.on('doctype', () => {
    throw shape('xml.doctype');
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (path.length >= DEPTH_MAX) throw shape('xml.depth');
    told = '';
    open(name, attributes, path);
    path.push(name);
  });
  parser.on('text', (part) => {
    told += part;
    if (told.length > TEXT_LENGTH_MAX) throw shape('xml.text');
  });
  parser.on('closetag', ({ name }) => {
    path.pop();
    if (told.trim() !== '') text(name, told, path);
    told = '';
  });
  return parser;
}

/** What the parser and the decoder throw quotes the document, so nothing of it is kept. */
function refuseMalformed(read: () => void): void {
  try {
    read();
  } catch (error) {
    throw error instanceof RecordError ? error : shape('xml');
  }
}
