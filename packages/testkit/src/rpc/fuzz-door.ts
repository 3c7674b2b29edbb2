// What no well-meaning client sends a door, for as long as is asked: frames, messages, headers,
// metadata and connections made at random from a seed, several at once, while health is asked as an
// orchestrator does. It says what it did and how long health took; what the door did of it is for
// the caller to look at.

import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { connectRpc, type TlsKeyPair } from '@track-record/rpc/client';
import fc from 'fast-check';

export interface FuzzTarget {
  readonly port: number;
  readonly spkiSha256: Uint8Array;
  /** A certificate that the door takes: half of what is sent comes with it. */
  readonly identity: TlsKeyPair;
  readonly paths: readonly string[];
}

export interface FuzzReport {
  readonly connections: number;
  readonly frames: number;
  readonly messages: number;
  readonly streams: number;
  /** How often health was asked, and the slowest answers' time, 99 of 100. */
  readonly health: { readonly asked: number; readonly failed: number; readonly p99Ms: number };
}

const LANE_PAUSE_MS = 2;
const HEALTH_EVERY_MS = 25;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

const frame = fc.record({
  type: fc.integer({ min: 0, max: 12 }),
  flags: fc.integer({ min: 0, max: 255 }),
  stream: fc.constantFrom(0, 1, 3, 5, 0x7fffffff),
  payload: fc.uint8Array({ maxLength: 300 }),
});
const frames = fc.array(frame, { minLength: 5, maxLength: 60 });
const text = fc
  .string({ unit: 'binary-ascii', maxLength: 60 })
  .map((each) => each.replaceAll(/[^ -~]/g, ''));
/** Bytes, and what looks like a request of ours with odd fields. */
const message = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 6,
    })
    .map((fields) =>
      Buffer.concat(fields.map(([tag, bytes]) => Buffer.from([tag, bytes.length, ...bytes]))),
    ),
);
const request = fc.record({
  path: fc.nat(),
  body: message,
  framed: fc.boolean(),
  end: fc.boolean(),
  metadata: fc.record(
    { authorization: text, 'grpc-timeout': text, 'x-bin': text },
    { requiredKeys: [] },
  ),
});

/** What the lanes share. */
interface Run {
  readonly target: FuzzTarget;
  readonly counts: { connections: number; frames: number; messages: number; streams: number };
  readonly next: <T>(arbitrary: fc.Arbitrary<T>) => T;
}

/** Ends by itself after `lastsMs`. */
export async function fuzzDoor(
  target: FuzzTarget,
  lastsMs: number,
  seed: number,
): Promise<FuzzReport> {
  const until = performance.now() + lastsMs;
  let draw = seed;
  const run: Run = {
    target,
    counts: { connections: 0, frames: 0, messages: 0, streams: 0 },
    next: (arbitrary) => {
      const [sample] = fc.sample(
        arbitrary.map((value) => ({ value })),
        {
          numRuns: 1,
          seed: (draw += 1),
        },
      );
      if (sample === undefined) throw new Error('A sample of one is one.');
      return sample.value;
    },
  };
  const lane = async (act: (run: Run) => Promise<void>): Promise<void> => {
    while (performance.now() < until) {
      await act(run);
      await sleep(LANE_PAUSE_MS);
    }
  };
  const lanes = [sendFrames, sendMessages, resetStreams, sendNonsense].map(lane);
  const [health] = await Promise.all([askHealth(target, until), ...lanes]);
  return { ...run.counts, health };
}

async function sendFrames({ target, counts, next }: Run): Promise<void> {
  const socket = connectTls(optionsOf(target, next(fc.boolean())));
  counts.connections += 1;
  const isOpen = await opened(socket, 'secureConnect');
  if (isOpen && next(fc.boolean())) socket.write(PREFACE);
  for (const { type, flags, stream, payload } of isOpen ? next(frames) : []) {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.length, 0, 3);
    header.writeUInt8(type, 3);
    header.writeUInt8(flags, 4);
    header.writeUInt32BE(stream, 5);
    if (!socket.destroyed) socket.write(Buffer.concat([header, payload]));
    counts.frames += 1;
  }
  await sleep(LANE_PAUSE_MS);
  socket.destroy();
}

async function sendMessages({ target, counts, next }: Run): Promise<void> {
  const session = openSession(target, next(fc.boolean()));
  counts.connections += 1;
  for (let count = 0; count < 30 && !session.destroyed; count += 1) {
    const { path, body, framed, end, metadata } = next(request);
    const name = target.paths[path % target.paths.length] ?? '/';
    open(session, { ':path': name, ...metadata }, framed ? framedOf(body) : body, end);
    counts.messages += 1;
  }
  await sleep(20);
  session.destroy();
}

async function resetStreams({ target, counts, next }: Run): Promise<void> {
  const session = openSession(target, true);
  counts.connections += 1;
  for (let count = 0; count < 60 && !session.destroyed; count += 1) {
    const path = target.paths[count % target.paths.length] ?? '/';
    const stream = open(session, { ':path': path }, framedOf(Buffer.of(0x0a, 1, 0x61)), false);
    counts.streams += 1;
    if (next(fc.boolean())) stream.close(8);
  }
  await sleep(20);
  session.destroy();
}

async function sendNonsense({ target, counts, next }: Run): Promise<void> {
  counts.connections += 1;
  const socket = connectTcp(target.port, '127.0.0.1');
  if (await opened(socket, 'connect')) socket.write(next(message));
  await sleep(20);
  socket.destroy();
}

function openSession(target: FuzzTarget, named: boolean): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${target.port}`, {
    ...optionsOf(target, named),
    servername: 'localhost',
  });
  return session.on('error', () => undefined);
}

async function askHealth(target: FuzzTarget, until: number): Promise<FuzzReport['health']> {
  const { port, spkiSha256, identity } = target;
  const client = await connectRpc({
    endpoint: `127.0.0.1:${port}`,
    trust: { spkiSha256 },
    deadlineMs: 5_000,
    identity,
  });
  const times: number[] = [];
  let failed = 0;
  while (performance.now() < until) {
    const from = performance.now();
    const isServing = await client.isServing('').then(
      (serves) => serves,
      () => false,
    );
    if (!isServing) failed += 1;
    times.push(performance.now() - from);
    await sleep(HEALTH_EVERY_MS);
  }
  client.close();
  const slowest = times.toSorted((a, b) => b - a)[Math.floor(times.length / 100)];
  return { asked: times.length, failed, p99Ms: slowest ?? Number.POSITIVE_INFINITY };
}

function optionsOf({ port, identity }: FuzzTarget, named: boolean): ConnectionOptions {
  const { certificatePem: cert, privateKeyPem: key } = identity;
  const reached = { port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false };
  return { ...reached, ...(named && { cert, key }) };
}

function open(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  end: boolean,
) {
  const all = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers', ...headers };
  const stream = session.request(all);
  stream.on('error', () => undefined).resume();
  if (end) stream.end(body);
  else stream.write(body);
  return stream;
}

function framedOf(body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

/** Whether the connection came about; it is not ours to mind when it ends. */
async function opened(socket: ReturnType<typeof connectTcp>, event: string): Promise<boolean> {
  socket.on('error', () => undefined).resume();
  return await new Promise((resolve) => {
    socket.once(event, () => resolve(true)).once('close', () => resolve(false));
  });
}
