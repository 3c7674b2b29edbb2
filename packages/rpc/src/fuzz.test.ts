// Bytes that no well-meaning client sends, over real HTTP/2 on TLS. After each of them the door
// still stands: health answers, no bug is reported, and nothing reached a source.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import fc from 'fast-check';
import { testCallers } from '../../testkit/src/rpc/callers.ts';
import { emptySources } from '../../testkit/src/rpc/canned-sources.ts';
import { doorPaths } from '../../testkit/src/rpc/door-paths.ts';
import { fuzzDoor } from '../../testkit/src/rpc/fuzz-door.ts';
import { selfSignedCertificate } from '../../testkit/src/tls/self-signed-certificate.ts';
import { connectRpc, type RpcClient } from './client.ts';
import { GetMetricsRequest } from './generated/trackrecord/v1/results.ts';
import { parseResumeToken } from './resume-token.ts';
import { startRpcServer, type RpcServer } from './server.ts';

const OWNER = '00000000-0000-4000-8000-000000000001';
const ACCOUNT = '00000000-0000-4000-8000-0000000000a1';
const attestation = async (nonceSignature: Uint8Array) => ({
  evidenceFormat: 'track-record-evidence/1',
  evidence: new Uint8Array(),
  insecure: true,
  signingPublicKey: new Uint8Array(),
  intakePublicKey: new Uint8Array(),
  tlsSpkiSha256: new Uint8Array(),
  nonceSignature,
});
const tls = selfSignedCertificate();
const bugs: unknown[] = [];
let server: RpcServer;
let client: RpcClient;

const PATHS = doorPaths;
const callers = testCallers();

beforeAll(async () => {
  server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    access: callers.access,
    now: Date.now,
    sources: { ...emptySources, attestation },
    onBug: (_method, error) => bugs.push(error),
    limits: { connectionsMax: 16 },
  });
  client = await connectRpc({
    endpoint: `127.0.0.1:${server.port}`,
    trust: { spkiSha256: createHash('sha256').update(tls.spki).digest() },
    deadlineMs: 10_000,
    identity: callers.identityOf('auditor'),
    ownerToken: callers.tokensOf(OWNER),
  });
});

afterAll(async () => {
  client.close();
  await server.stop(100);
});

async function stillStands(): Promise<void> {
  expect(await client.isServing('')).toBe(true);
  expect(bugs).toEqual([]);
}

function http2(identity: { cert?: string; key?: string } = {}): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
    rejectUnauthorized: false,
    servername: 'localhost',
    ...identity,
  });
  session.on('error', () => undefined);
  return session;
}

/** One request with any headers and body; resolves with the gRPC status, or what else came. */
async function request(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<string> {
  return await new Promise((resolve) => {
    const stream = session.request({ ':method': 'POST', te: 'trailers', ...headers });
    let answer = 'none';
    const take = (fields: IncomingHttpHeaders) => {
      const status = fields['grpc-status'];
      if (typeof status === 'string') answer = status;
    };
    stream.on('response', take).on('trailers', take);
    stream.on('error', () => undefined).on('close', () => resolve(answer));
    stream.resume().end(body);
    stream.setTimeout(2000, () => stream.close());
  });
}

function framed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(flag, 0);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, message]);
}

const STATUS = '/trackrecord.v1.Status/GetStatus';

describe('accepts', () => {
  it('a well-formed request of this test, so that the refusals below mean something', async () => {
    const session = http2();
    const headers = { ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc' };
    expect(await request(session, headers, framed(Buffer.alloc(0)))).toBe('0');
    session.close();
  });
});

describe('refuses', () => {
  const nul = Buffer.alloc(0);
  const big = Buffer.alloc(300_000);
  const zeros = Buffer.alloc(1000);
  const requests: readonly [string, Record<string, string>, Buffer, string][] = [
    ['a method that does not exist', { ':path': '/trackrecord.v1.Status/Drop' }, framed(nul), '12'],
    ['a path beyond ASCII', { ':path': '/grpc.health.v1.Health/\u00e9%ff' }, framed(nul), '12'],
    ['another content type', { 'content-type': 'text/html' }, framed(nul), 'none'],
    ['an announced length of 4 GiB', {}, framed(nul, 0, 0xffffffff), '8'],
    ['a message above the limit', {}, framed(big), '8'],
    ['bytes that are no message', {}, framed(Buffer.from([0xff, 0xff, 0xff])), '13'],
    ['a broken gzip message', { 'grpc-encoding': 'gzip' }, framed(zeros, 1), '13'],
    ['an unknown encoding', { 'grpc-encoding': 'br' }, framed(zeros, 1), '12'],
    ['a deadline that is no number', { 'grpc-timeout': 'soon' }, framed(nul), '13'],
    ['a body that ends within a message', {}, framed(nul, 0, 100), '12'],
    ['a token that is none', { ':path': STATUS, authorization: 'Bearer x' }, framed(nul), '16'],
    ['no message at all', {}, nul, '12'],
    ['two messages where one belongs', {}, Buffer.concat([framed(nul), framed(nul)]), '12'],
  ];
  it.each(requests)('%s', async (_name, headers, body, expected) => {
    const session = http2();
    const all = { ':path': PATHS[0] ?? '', 'content-type': 'application/grpc', ...headers };
    expect(await request(session, all, body)).toBe(expected);
    session.destroy();
    await stillStands();
  });

  it('a gzip message that unfolds to a thousand times its size', async () => {
    const session = http2();
    const bomb = framed(gzipSync(Buffer.alloc(4_000_000)).subarray(0, 4096), 1);
    const headers = {
      ':path': PATHS[0] ?? '',
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
    };
    expect(await request(session, headers, bomb)).toBe('8');
    session.destroy();
    await stillStands();
  });

  it('to log what a caller wrote, which grpc-js would', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const session = http2();
    const headers = {
      ':path': PATHS[0] ?? '',
      'content-type': 'application/grpc',
      'x-free': 'marker \u00e9',
    };
    expect(await request(session, headers, framed(nul))).toBe('0');
    session.destroy();
    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();
  });

  it('a connection above the limit, until another one ends', async () => {
    const sockets = Array.from({ length: 20 }, () => connectTcp(server.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined).resume();
    await Promise.race(sockets.map((socket) => once(socket, 'close')));
    for (const socket of sockets) socket.destroy();
    await sleep(50);
    const session = http2();
    await once(session, 'connect');
    session.destroy();
    await stillStands();
  });

  it('a nonce of every length but the documented ones', async () => {
    const lengths = Array.from({ length: 130 }, (_, length) => length);
    const answers = lengths.map(async (length) => {
      const isGood = length === 0 || (length >= 32 && length <= 64);
      const sent = client.attestation(new Uint8Array(length)).then(
        (answer) => answer.nonceSignature.length,
        (error: RecordError) => error.code,
      );
      expect(await sent).toBe(isGood ? length : 'ARGUMENT_INVALID');
    });
    await Promise.all(answers);
  });

  it('times reversed and 10,000 years apart, and a resume token of anything else', async () => {
    const windows = [
      [5, 4],
      [-1, 4],
      [0, Date.UTC(9999, 11, 31) + 2 * 86_400_000],
      [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ] as const;
    for (const [fromMs, toMs] of windows) {
      const asked = [
        client.metrics(ACCOUNT, { fromMs, toMs, period: 'day' }),
        ...[client.hourlyReturns, client.dailyReturns, client.statements].map((list) =>
          list(ACCOUNT, fromMs, toMs)[Symbol.asyncIterator]().next(),
        ),
      ];
      for (const each of asked) {
        await expect(each).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
      }
    }
    for (const size of [1, 23, 24, 25, 300]) {
      const window = { accountId: ACCOUNT, fromMs: 0, toMs: 1 };
      expect(() => parseResumeToken(new Uint8Array(size), 'm', window)).toThrow(
        new RecordError('ARGUMENT_INVALID', { place: 'resume_token' }),
      );
    }
  });

  it('an enumeration that it does not know, and takes no notice of an unknown field', async () => {
    const metadata = { authorization: `Bearer ${callers.tokensOf(OWNER)()}` };
    const { certificatePem: cert, privateKeyPem: key } = callers.identityOf('auditor');
    const session = http2({ cert, key });
    const path = '/trackrecord.v1.Results/GetMetrics';
    const fields = { accountId: ACCOUNT, fromMs: 0n, toMs: 1n };
    const body = GetMetricsRequest.encode({ ...fields, period: 77 as 1 }).finish();
    const headers = { ':path': path, 'content-type': 'application/grpc', ...metadata };
    expect(await request(session, headers, framed(body))).toBe('3');
    const known = GetMetricsRequest.encode({ ...fields, period: 1 }).finish();
    const unknown = Buffer.concat([known, Buffer.from([0xfa, 0x3f, 3, 1, 2, 3])]);
    const again = { ...headers, authorization: `Bearer ${callers.tokensOf(OWNER)()}` };
    expect(await request(session, again, framed(unknown))).toBe('0');
    session.close();
  });

  it('pings beyond what any client sends, and that connection alone', async () => {
    const options = { port: server.port, host: '127.0.0.1', ALPNProtocols: ['h2'] };
    const socket = connectTls({ ...options, rejectUnauthorized: false }).resume();
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    const ended = once(socket, 'close');
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    const ping = Buffer.concat([Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]), Buffer.alloc(8)]);
    for (let count = 0; count < 300; count += 1) socket.write(ping);
    await ended;
    await stillStands();
  });

  it('to be filled by connections that say nothing: who has a certificate comes in', async () => {
    const sockets = Array.from({ length: 500 }, () => connectTcp(server.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined).resume();
    const named = await connectRpc({
      endpoint: `127.0.0.1:${server.port}`,
      trust: { spkiSha256: createHash('sha256').update(tls.spki).digest() },
      deadlineMs: 10_000,
      identity: callers.identityOf('gateway'),
    });
    expect(await named.isServing('')).toBe(true);
    named.close();
    for (const socket of sockets) socket.destroy();
    await stillStands();
  });

  it('a client without TLS', async () => {
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    await stillStands();
  });
});

describe('holds', () => {
  it('frames, messages, streams and connections at random, while health answers', async () => {
    const spkiSha256 = createHash('sha256').update(tls.spki).digest();
    const identity = callers.identityOf('gateway');
    const target = { port: server.port, spkiSha256, identity, paths: PATHS };
    const report = await fuzzDoor(target, 2_500, 20_261_122);
    expect(report.frames).toBeGreaterThan(50);
    expect(report.messages).toBeGreaterThan(50);
    expect(report.streams).toBeGreaterThan(50);
    expect(report.health.failed).toBe(0);
    await stillStands();
  }, 20_000);

  it('any message bytes to any method get a status', async () => {
    const session = http2();
    // A watch gives no status before its end.
    const path = fc.constantFrom(...PATHS.filter((each) => !each.includes('Watch')));
    const body = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(path, body, fc.boolean(), async (name, bytes, whole) => {
        const headers = { ':path': name, 'content-type': 'application/grpc' };
        const answer = await request(session, headers, whole ? framed(bytes) : bytes);
        expect(['0', '3', '5', '8', '9', '12', '13', '14', '16']).toContain(answer);
      }),
      { numRuns: 200 },
    );
    session.destroy();
    await stillStands();
  });

  it('streams opened and reset in haste leave no call behind', async () => {
    for (let round = 0; round < 5; round += 1) {
      const session = http2();
      for (let index = 0; index < 200; index += 1) {
        const stream = session.request({
          ':method': 'POST',
          ':path': PATHS[2] ?? '',
          'content-type': 'application/grpc',
        });
        stream.on('error', () => undefined);
        stream.write(framed(Buffer.from([0x0a, 0x01, 0x61])));
        stream.close(8);
      }
      await sleep(20);
      session.destroy();
    }
    await stillStands();
  });
});
