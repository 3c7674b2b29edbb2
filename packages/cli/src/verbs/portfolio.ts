// `track-record portfolio`: the ledgers of one owner's accounts and the events by which they joined
// and left in, the hours of all of them as one record out. Offline; every file is untrusted.

import { RecordError } from '@track-record/errors';
import { type Decimal, formatDecimal, formatInstant, normalise } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { RETURN_METHOD } from '@track-record/returns';
import {
  computePortfolio,
  type PortfolioEvent,
  type PortfolioHour,
} from '@track-record/returns/portfolio';
import { readJsonFile, requiredText } from '../input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** A ledger of a million entries is some hundred megabytes. */
const LEDGER_BYTES_MAX = 256 * 1024 * 1024;
const EVENTS_BYTES_MAX = 1024 * 1024;

const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:00:00Z$/;

export const portfolio: Verb = {
  name: 'portfolio',
  summary: 'The accounts of one owner as one record, by the events that joined them.',
  example: 'portfolio --events events.json first.json second.json --json',
  options: { events: { type: 'string' } },
  run,
};

async function run({ options, positionals }: VerbInput): Promise<VerbOutput> {
  const file = requiredText(options, 'events', 'FILE');
  if (positionals.length === 0) throw new UsageError('The ledger files are required.');
  const events = parseEvents(await readJsonFile(file, 'events', EVENTS_BYTES_MAX));
  const documents = [];
  for (const ledger of positionals) {
    documents.push(parseLedgerDocument(await readJsonFile(ledger, 'ledger', LEDGER_BYTES_MAX)));
  }
  const hours = computePortfolio(documents, events).map(hourOf);
  const document = { format: 'track-record-portfolio/1', method: RETURN_METHOD, hours };
  return { document, text: hours.map(lineOf).join('') };
}

/** A list of `{ "kind": "join", "account": "a1", "at": "2026-01-05T00:00:00Z" }`. */
function parseEvents(json: unknown): PortfolioEvent[] {
  if (!Array.isArray(json)) throw malformed('events');
  return json.map((item: unknown, index) => {
    const place = `events[${index}]`;
    if (typeof item !== 'object' || item === null) throw malformed(place);
    const { kind, account, at, ...rest }: Record<string, unknown> = { ...item };
    const known = (kind === 'join' || kind === 'leave') && Object.keys(rest).length === 0;
    if (!known || typeof account !== 'string') throw malformed(place);
    const instant = typeof at === 'string' && INSTANT.test(at) ? Date.parse(at) : Number.NaN;
    if (Number.isNaN(instant)) throw malformed(place);
    return { kind, account, at: instant };
  });
}

function hourOf(hour: PortfolioHour) {
  return {
    hour: formatInstant(hour.hour),
    status: hour.status,
    reason: hour.reason,
    navOpen: told(hour.navOpen),
    navClose: told(hour.navClose),
    flow: told(hour.flow),
    pnl: told(hour.pnl),
    return: hour.return === null ? null : formatDecimal(hour.return),
    members: hour.members,
    missing: hour.missing,
  };
}

function lineOf(hour: ReturnType<typeof hourOf>): string {
  const gain = `${hour.return ?? hour.reason} ${hour.members.join(' ')}`;
  return `${hour.hour}  ${hour.status}  ${hour.navClose ?? '-'}  ${gain}\n`;
}

function told(value: Decimal | null): string | null {
  return value === null ? null : formatDecimal(normalise(value));
}

function malformed(place: string): RecordError {
  return new RecordError('RETURNS_INPUT_MALFORMED', { place });
}
