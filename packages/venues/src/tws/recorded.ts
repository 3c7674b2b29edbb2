// A recorded session of a Gateway as `track-record venues read` reads it: what was answered then is
// answered again, on a port of this machine, to the client of the live venue. Requests must be
// those that were recorded, byte for byte. The worker does not reach this file.

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { RecordError } from '@track-record/errors';
import { negate, orderEntries } from '@track-record/ledger';
import { post } from '../ccxt/readings.ts';
import type { PayloadAnswer, PayloadRequest } from '../payload.ts';
import { openGateway, type Gateway } from './gateway.ts';
import { askExecutions, askPositions, askSummary } from './live.ts';

const DEADLINE_MS = 5_000;
const MANAGED_ACCOUNTS = '17\u00001\u0000';

interface Session {
  readonly version: string;
  /** Answers by request, fields ended by zeros. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
}

export async function readRecorded({ feed }: PayloadRequest, body: string): Promise<PayloadAnswer> {
  const read = READERS.get(feed);
  if (read === undefined) throw new RecordError('VENUE_FEED_UNSUPPORTED');
  return await withRecorded(body, read);
}

const READERS = new Map<string, (gateway: Gateway) => Promise<PayloadAnswer>>([
  [
    'positions',
    async (gateway) => {
      const held = await gateway.ask(askPositions);
      const positions = held.map(({ conid, contracts, averageCost }) => {
        return { instrument: conid, contracts, entryPrice: averageCost };
      });
      return { positions };
    },
  ],
  [
    'balances',
    async (gateway) => {
      const values = await gateway.ask(askSummary);
      const cash = [...values].filter(([name]) => name.endsWith(' TotalCashValue'));
      return { balances: new Map(cash.map(([, [value, currency]]) => [currency, value])) };
    },
  ],
  [
    'fills',
    async (gateway) => {
      const fills = await gateway.ask(askExecutions);
      const entries = fills.map(({ id, at, conid, contracts, price, ...cost }) => {
        const postings = post(cost.commissionCurrency, negate(cost.commission), 'fee');
        const position = { instrument: conid, contracts, price };
        return { id, at, kind: 'fill' as const, postings, position };
      });
      return { entries: orderEntries(entries) };
    },
  ],
]);

/** The live venue's connection to what a session recorded. */
export async function withRecorded<T>(
  body: string,
  use: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  const session = parseSession(body);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    replay(socket, session);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = parseAddress(server.address());
  const { signal } = new AbortController();
  const limits = { deadlineMs: DEADLINE_MS, attempts: 1 };
  const gateway = openGateway({ host: '127.0.0.1', port }, signal, limits);
  try {
    return await use(gateway);
  } finally {
    gateway.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function replay(socket: Socket, { version, answers }: Session): void {
  let held = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const isGreeting = held.subarray(0, 4).toString() === 'API\0';
      const start = isGreeting ? 8 : 4;
      if (held.length < start || held.length < start + held.readInt32BE(start - 4)) return;
      const end = start + held.readInt32BE(start - 4);
      const request = held.subarray(start, end).toString();
      held = held.subarray(end);
      const isStart = request.startsWith('71\0');
      const ready = [...(answers.get(MANAGED_ACCOUNTS) ?? []), '9\u00001\u00001\u0000'];
      const told = isGreeting ? [`${version}\0now\0`] : isStart ? ready : answers.get(request);
      for (const message of told ?? []) {
        const length = Buffer.alloc(4);
        length.writeInt32BE(Buffer.byteLength(message));
        socket.write(Buffer.concat([length, Buffer.from(message)]));
      }
    }
  });
}

/** The few lines that matter of the recording's YAML: names, and messages as quoted texts. */
function parseSession(body: string): Session {
  const version = /^ *server_version: (\d+)$/m.exec(body)?.[1] ?? '';
  const blocks = body.split(/^- name: /m).slice(1);
  const answers = blocks.map((block) => {
    const raw = [...block.matchAll(/raw: "(.*)"$/gm)].map(([, text = '']) =>
      text.replaceAll(String.raw`\0`, '\0'),
    );
    const [request = '', ...responses] = raw;
    return [request, responses] as const;
  });
  if (version === '' || answers.length === 0) throw new RecordError('VENUE_UNEXPECTED_SHAPE');
  return { version, answers: new Map(answers) };
}

function parseAddress(address: AddressInfo | string | null): AddressInfo {
  return address as AddressInfo;
}
