// A connection to the owner's TWS or IB Gateway by the maintained client library, of which the
// encoder, the pace of requests and the handshake are used. It reads numbers as floats, an empty
// field as zero, and lets a malformed frame throw or loop inside the socket's handler
// (docs/decisions/0013-a-gateway-is-no-witness.md); so every frame is bounded before the library
// sees it, what it throws ends the connection and no more, and answers are read here, field by
// field as they came. Nothing proves who answers: everything is untrusted.

import { RecordError, codeOf, type Code } from '@track-record/errors';
import { IBApi } from '@stoqey/ib/dist/api/api.js';
import { EventName } from '@stoqey/ib/dist/api/data/enum/event-name.js';
import { codesOf } from '../ccxt/refusals.ts';
import { shape } from '../ccxt/rows.ts';

/** The fields of one message, as written. */
export type Fields = readonly string[];

/** One attempt to have something answered; `id` tells answers to several requests apart. */
export type Question<T extends object> = (id: number) => {
  readonly send: (api: IBApi) => void;
  /** Every message that arrives; the answer once its end was told. */
  readonly take: (fields: Fields) => T | undefined;
};

export interface Gateway {
  /** VENUE_UNAVAILABLE when no attempt was answered in full. */
  readonly ask: <T extends object>(question: Question<T>) => Promise<T>;
  /** Of the login; asked for by the handshake. */
  readonly accounts: () => Promise<readonly string[]>;
  readonly requestCount: () => number;
  readonly close: () => void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A month of bars takes seconds; the restart at night takes minutes, and jobs come again. */
const LIMITS = { deadlineMs: 20_000, attempts: 3 };
/** A month of hourly bars has some 60 kB. */
const FRAME_BYTES_MAX = 1_000_000;
/** The oldest whose messages were seen recorded, and the newest that the library knows. */
const VERSIONS: readonly [number, number] = [173, 193];
/** One connection each; another program of the owner's may have taken one. */
const CLIENT_ID = 7_300;
const CLIENT_IDS = 8;
/** Above the ids of the owner's orders. */
const FIRST_REQUEST = 9_000;
const MESSAGES = { error: '4', nextValidId: '9', managedAccounts: '15' };
/** 326: the id is taken. 1100, 1101, 1300, 2110: what was subscribed to is gone. */
const LOST = /^(326|1100|1101|1300|2110)$/;

/** Of one request. 162 also says that there are no bars, which its reader is told. */
const REFUSALS = codesOf([
  ['VENUE_RATE_LIMITED', '100, 162, 322, 420'],
  ['VENUE_SCOPE_MISSING', '354, 10089, 10090, 10168, 10186'],
  ['VENUE_UNAVAILABLE', '165, 504, 10197'],
]);

interface Connection {
  readonly accounts: readonly string[];
  readonly ask: Gateway['ask'];
  readonly close: () => void;
}

export function openGateway(address: Address, signal: AbortSignal, limits = LIMITS): Gateway {
  let opened: Promise<Connection> | null = null;
  let connects = 0;
  let requests = 0;
  const close = (): void => {
    opened?.then(
      (connection) => connection.close(),
      () => null,
    );
    opened = null;
  };
  /** What a broken connection had told is forgotten, and all of it asked again. */
  const persist = async <T>(use: (connection: Connection) => Promise<T> | T): Promise<T> => {
    for (let left = limits.attempts; ; left -= 1) {
      try {
        signal.throwIfAborted();
        requests += 1;
        opened ??= connect(
          address,
          CLIENT_ID + (connects++ % CLIENT_IDS),
          signal,
          limits.deadlineMs,
        );
        return await use(await opened);
      } catch (error) {
        if (signal.aborted) throw new RecordError('VENUE_UNAVAILABLE');
        if (codeOf(error) !== 'VENUE_UNAVAILABLE' || left <= 1) throw error;
        close();
      }
    }
  };
  return {
    ask: (question) => persist((connection) => connection.ask(question)),
    accounts: () => persist(({ accounts }) => accounts),
    requestCount: () => requests,
    close,
  };
}

async function connect(
  { host, port }: Address,
  clientId: number,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<Connection> {
  const api = new IBApi({ host, port, clientId, maxReqPerSec: 40 });
  const waiting = new Set<{ take: (fields: Fields) => void; fail: (why: unknown) => void }>();
  let next = FIRST_REQUEST;
  let over: RecordError | null = null;
  const end = (why = unavailable('connection')): void => {
    over ??= why;
    signal.removeEventListener('abort', onAbort);
    api.removeAllListeners();
    api.disconnect();
    for (const { fail } of waiting) fail(over);
  };
  const onAbort = (): void => end();
  const ask = async <T extends object>(question: Question<T>, id = next++): Promise<T> => {
    if (over !== null) throw over;
    const { send, take } = question(id);
    const answered = Promise.withResolvers<T>();
    const each = {
      take: (fields: Fields): void => {
        const refusal = refusalOf(fields, id);
        if (refusal !== null) throw refusal;
        const answer = take(fields);
        if (answer !== undefined) answered.resolve(answer);
      },
      fail: answered.reject,
    };
    const late = setTimeout(() => end(unavailable('deadline')), deadlineMs);
    waiting.add(each);
    try {
      send(api);
      return await answered.promise;
    } finally {
      clearTimeout(late);
      waiting.delete(each);
    }
  };
  let isFirst = true;
  api.on(EventName.received, (tokens: string[]) => {
    const fields = isFirst ? [] : tokens;
    if (isFirst) checkVersion(Number(tokens[0]));
    isFirst = false;
    if (isLost(fields)) end(unavailable('connectivity'));
    for (const { take, fail } of waiting) attempt(() => take(fields), fail);
  });
  api.on(EventName.disconnected, () => end());
  // Only what the library itself found: the other side's errors are messages.
  api.on(EventName.error, (_error: Error, code: number) => (code === 502 ? end() : undefined));
  guardFrames(api, end);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const accounts = await ask(readHandshake, 0);
    return { accounts, ask, close: end };
  } catch (error) {
    end();
    throw error;
  }
}

/** Sends nothing but the handshake itself, after whose last part the library sends the rest. */
const readHandshake: Question<readonly string[]> = () => {
  let accounts: readonly string[] | null = null;
  let isReady = false;
  return {
    send: (api) => void api.connect(),
    take: ([type, , list = '']) => {
      if (type === MESSAGES.managedAccounts) accounts = list.split(',').filter((id) => id !== '');
      isReady ||= type === MESSAGES.nextValidId;
      return isReady ? (accounts ?? undefined) : undefined;
    },
  };
};

/**
 * A length below zero makes the library read the same bytes for ever; a field that it does not
 * expect makes it throw where nobody could catch it.
 */
function guardFrames(api: IBApi, end: (refusal?: RecordError) => void): void {
  const socket = socketOf(api);
  const read = socket.onData.bind(socket);
  let held = Buffer.alloc(0);
  socket.onData = (chunk) => {
    held = Buffer.concat([held, chunk]);
    try {
      while (held.length >= 4) {
        const size = held.readInt32BE();
        if (size < 1 || size > FRAME_BYTES_MAX) throw unavailable('frame');
        if (held.length < 4 + size) return;
        const frame = held.subarray(0, 4 + size);
        held = held.subarray(4 + size);
        read(frame);
      }
    } catch (error) {
      end(error instanceof RecordError ? error : unavailable('frame'));
    }
  };
}

function attempt(act: () => void, fail: (why: unknown) => void): void {
  try {
    act();
  } catch (error) {
    fail(error);
  }
}

interface Socket {
  onData: (chunk: Buffer) => void;
}

/** The library offers no way to stand between its socket and its reader. */
function socketOf(api: IBApi): Socket {
  const controller: unknown = Reflect.get(api, 'controller');
  const socket: unknown = controller instanceof Object ? Reflect.get(controller, 'socket') : null;
  if (!isSocket(socket)) throw shape('socket');
  return socket;
}

function isSocket(value: unknown): value is Socket {
  return value instanceof Object && 'onData' in value && typeof value.onData === 'function';
}

function checkVersion(version: number): void {
  if (version >= VERSIONS[0] && version <= VERSIONS[1]) return;
  throw shape('serverVersion');
}

function isLost([type, , id, code = '']: Fields): boolean {
  return type === MESSAGES.error && id === '-1' && LOST.test(code);
}

/** Of this request; what its reader understands is left to it. */
function refusalOf([type, , about, code = '', text = '']: Fields, id: number): RecordError | null {
  if (type !== MESSAGES.error || about !== String(id) || isWithoutBars(code, text)) return null;
  const known: Code | undefined = REFUSALS.get(code);
  return known === undefined ? shape('code') : new RecordError(known);
}

/** 162 for a time without trades; 200 for a contract that is no longer listed. */
function isWithoutBars(code: string, text: string): boolean {
  return code === '200' || (code === '162' && /no data/i.test(text));
}

/** Whether a request was answered with: there is nothing. */
export function isNothing([type, , about, code = '', text = '']: Fields, id: number): boolean {
  return type === MESSAGES.error && about === String(id) && isWithoutBars(code, text);
}

function unavailable(place: string): RecordError {
  return new RecordError('VENUE_UNAVAILABLE', { place });
}
