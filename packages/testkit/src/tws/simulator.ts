// A TWS or IB Gateway on this machine: a socket that speaks its wire protocol at server version
// 193 and answers what a record asks for, or misbehaves as the real one and its network do. It
// shares no code with the connector nor with the client library. Layouts: reference/venues.md 8.2.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Bar } from '../ibkr/hours.ts';

/** What happens to the next request, once each. */
export type TwsFault =
  | 'half-open'
  | 'dropped-within'
  | 'without-end'
  | 'late-end'
  | 'cut-frame'
  | 'connectivity-lost'
  | 'data-lost'
  | 'pacing'
  | 'no-permission'
  | 'three-bytes-at-a-time'
  | 'reject-that-is-no-json'
  | 'length-below-zero'
  | 'length-of-gigabytes'
  | 'unknown-message'
  | 'fewer-bars-than-said'
  | 'close-that-is-no-number';

export interface TwsAnswers {
  readonly barsOf?: (name: string) => readonly Bar[];
  readonly accounts?: string;
  readonly version?: number;
  /** Messages that a request, by its type, is answered with; `ID` becomes its own. */
  readonly recorded?: ReadonlyMap<string, readonly (readonly string[])[]>;
}

export interface TwsSimulator {
  readonly port: number;
  /** Types of the requests, in their order; `71` is a connection. */
  readonly asked: string[];
  readonly faults: TwsFault[];
  /** Ids of clients that somebody else has. */
  readonly clientIds: Set<string>;
  /** While true nobody is let in, as in the nightly reset. */
  isResetting: boolean;
  readonly close: () => Promise<void>;
}

const [START_API, BARS] = ['71', '20'];
const NOBODY = '-1';

export async function startTwsSimulator(answers: TwsAnswers): Promise<TwsSimulator> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    if (simulator.isResetting) return void socket.destroy();
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => null));
    serve(socket, simulator, answers);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const simulator: TwsSimulator = {
    port: parseAddress(server.address()).port,
    asked: [],
    faults: [],
    clientIds: new Set(),
    isResetting: false,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
  return simulator;
}

function serve(socket: Socket, simulator: TwsSimulator, answers: TwsAnswers): void {
  const { accounts = 'U7654321', version = 193 } = answers;
  let held = Buffer.alloc(0);
  let isGreeted = false;
  const send = (...messages: readonly (readonly (string | number)[])[]): void => {
    for (const message of messages) if (!socket.destroyed) socket.write(frame(message));
  };
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    // `API` and a zero, then a length and the versions that the client knows.
    if (!isGreeted && held.length >= 8 + held.readInt32BE(4)) {
      const told = held.subarray(8, 8 + held.readInt32BE(4)).toString();
      if (!/^v100\.\.\d+$/.test(told)) return void socket.destroy();
      held = held.subarray(8 + told.length);
      isGreeted = true;
      send([version, '20261120 10:31:05 EST']);
    }
    while (isGreeted && held.length >= 4 && held.length >= 4 + held.readInt32BE()) {
      const fields = held
        .subarray(4, 4 + held.readInt32BE())
        .toString()
        .split('\0');
      held = held.subarray(4 + held.readInt32BE());
      take(fields.slice(0, -1));
    }
  });

  function take(fields: readonly string[]): void {
    simulator.asked.push(fields[0] ?? '');
    if (fields[0] === START_API) {
      if (simulator.clientIds.has(fields[2] ?? '')) {
        send([4, 2, NOBODY, 326, 'Unable to connect as the client id is already in use.', '']);
        return void socket.end();
      }
      const isFine = [4, 2, NOBODY, 2104, 'Market data farm connection is OK:usfarm', ''];
      return send([15, 1, accounts], [9, 1, 1], isFine);
    }
    misbehave(socket, simulator.faults.shift(), fields, answersTo(fields, answers), send);
  }
}

/** What the request is to be answered with; its end is the last message. */
function answersTo(fields: readonly string[], { barsOf, recorded }: TwsAnswers): Message[] {
  const [type = '', id = '', conid = '', symbol, secType, ...rest] = fields;
  if (type !== BARS) {
    const own = id === '1' || id === '3' ? (fields[2] ?? '') : id;
    return (recorded?.get(type) ?? []).map((each) => each.map((one) => (one === 'ID' ? own : one)));
  }
  const currency = rest[6];
  const [end = '', size, duration = '', isRegular, what] = rest.slice(10);
  const name = secType === 'CASH' ? `${symbol}.${currency}` : conid;
  const isKnown = size === '1 hour' && what === (secType === 'CASH' ? 'MIDPOINT' : 'TRADES');
  if (!isKnown || isRegular !== (secType === 'CASH' ? '0' : '1')) {
    return [[4, 2, id, 321, 'Error validating request', '']];
  }
  const until = Date.parse(end.replace(/(....)(..)(..)-/, '$1-$2-$3T') + 'Z');
  const bars = (barsOf?.(name) ?? []).filter((bar) => bar.end <= until);
  const from = until - Number.parseInt(duration, 10) * 86_400_000;
  const within = bars.filter((bar) => bar.end > from);
  const told = within.flatMap(({ start, close }) =>
    [start / 1_000, close, close, close, close, 100, close, 7].map(String),
  );
  if (within.length === 0) {
    const text = 'Historical Market Data Service error message:HMDS query returned no data';
    return [[4, 2, id, 162, text, '']];
  }
  return [[17, id, 'start', 'end', within.length, ...told]];
}

type Message = readonly (string | number)[];

function misbehave(
  socket: Socket,
  fault: TwsFault | undefined,
  [, id = '']: readonly string[],
  whole: readonly Message[],
  send: (...messages: readonly Message[]) => void,
): void {
  const last = whole.at(-1) ?? [];
  const raw = (length: number): void => {
    const header = Buffer.alloc(8);
    header.writeInt32BE(length);
    socket.write(header);
  };
  switch (fault) {
    case undefined:
      return send(...whole);
    case 'half-open':
      return;
    case 'dropped-within':
      socket.write(frame(last).subarray(0, 12));
      return void socket.end();
    case 'cut-frame':
      return void socket.write(frame(last).subarray(0, -3));
    case 'without-end':
      return send(...whole.slice(0, -1));
    case 'late-end':
      send(...whole.slice(0, -1));
      return void setTimeout(() => send(last), 150);
    case 'connectivity-lost':
      return send([4, 2, NOBODY, 1100, 'Connectivity between IBKR and TWS has been lost.', '']);
    case 'data-lost':
      return send([4, 2, NOBODY, 1101, 'Connectivity restored - data lost.', '']);
    case 'pacing':
      return send([4, 2, id, 162, 'Historical data request pacing violation', '']);
    case 'no-permission':
      return send([4, 2, id, 354, 'Requested market data is not subscribed.', '']);
    case 'three-bytes-at-a-time': {
      const bytes = Buffer.concat(whole.map(frame));
      for (let at = 0; at < bytes.length; at += 3) socket.write(bytes.subarray(at, at + 3));
      return;
    }
    case 'reject-that-is-no-json':
      return send([4, 2, 1, 201, 'Order rejected', '{reason'], ...whole);
    case 'length-below-zero':
      return raw(-4);
    case 'length-of-gigabytes':
      return raw(2 ** 31 - 1);
    case 'unknown-message':
      return send([4_711, 1, 'x'], ...whole);
    case 'fewer-bars-than-said':
      return send(last.slice(0, -8));
    case 'close-that-is-no-number':
      return send(last.map((field, index) => (index === 9 ? '' : field)));
  }
}

/** A length, and fields that each end with a zero. */
function frame(fields: Message): Buffer {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const header = Buffer.alloc(4);
  header.writeInt32BE(body.length);
  return Buffer.concat([header, body]);
}

function parseAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return address;
}
