// Where a venue's client may connect, and how much it may read. ccxt keeps its production URLs;
// every connection goes through this dispatcher, so a URL from a response, an option or a bug
// cannot carry a key to another host. Everything the other side sends is untrusted: time and size
// are bounded here, because ccxt's own timeout ends with the headers and it buffers bodies without
// a limit (venues.md section 4).

import { connect, type Socket } from 'node:net';
import { RecordError } from '@track-record/errors';
import type { Egress } from '../contract.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** Between two pieces of a body; a stalled body otherwise holds a job for undici's 300 s. */
const BODY_TIMEOUT_MS = 5_000;
/** A page of 1000 rows has some 300 kB; the largest answers are refused before they cost memory. */
const ANSWER_BYTES_MAX = 8_000_000;
/** The public list of all markets is the one large answer: some 15 MB at Binance. */
const MARKETS_BYTES_MAX = 64_000_000;
const HTTPS_PORTS: ReadonlySet<string> = new Set(['', '443']);

interface ConnectTarget {
  readonly hostname: string;
  readonly protocol: string;
  readonly port: string;
}

type ConnectCallback = (error: Error | null, socket: Socket | null) => void;
type Connect = (target: ConnectTarget, callback: ConnectCallback) => void;

/** The part of undici's Agent that we call. */
export interface Dispatcher {
  readonly destroy: () => Promise<void>;
}

/** The part of undici, ccxt's own copy of it, that we use. */
interface Undici {
  readonly Agent: new (options: object) => Dispatcher;
  readonly buildConnector: (options: object) => Connect;
}

/** `bounds`: what this client's largest answer may be. */
export function createDispatcher(
  undiciModule: unknown,
  hosts: ReadonlySet<string>,
  egress: Egress | null,
  bounds: 'pages' | 'markets',
): Dispatcher {
  const undici = parseUndici(undiciModule);
  const connectTls = undici.buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    allowH2: false,
    autoSelectFamily: true,
  });
  return new undici.Agent({
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    maxResponseSize: bounds === 'pages' ? ANSWER_BYTES_MAX : MARKETS_BYTES_MAX,
    allowH2: false,
    pipelining: 1,
    connect: (target: ConnectTarget, callback: ConnectCallback): void => {
      if (!isAllowed(target, hosts)) callback(new RecordError('VENUE_HOST_REFUSED'), null);
      else if (egress === null) connectTls(target, callback);
      else connectPlain(egress, callback);
    },
  });
}

function isAllowed(target: ConnectTarget, hosts: ReadonlySet<string>): boolean {
  return target.protocol === 'https:' && hosts.has(target.hostname) && HTTPS_PORTS.has(target.port);
}

/**
 * Development only: the same requests, real host in the Host header, in plain HTTP to one address.
 */
function connectPlain(egress: Egress, callback: ConnectCallback): void {
  const socket = connect({ host: egress.host, port: egress.port });
  const refuse = (error: Error): void => callback(error, null);
  socket.once('error', refuse);
  socket.once('connect', () => {
    socket.removeListener('error', refuse);
    callback(null, socket);
  });
}

function parseUndici(undiciModule: unknown): Undici {
  if (typeof undiciModule !== 'object' || undiciModule === null || !('Agent' in undiciModule)) {
    // Without undici ccxt would use the global fetch, which this dispatcher does not bind.
    throw new Error('ccxt runs without undici, so its connections cannot be pinned.');
  }
  return undiciModule as Undici;
}
