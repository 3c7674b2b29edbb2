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
import { cannedSources } from '../../testkit/src/rpc/canned-sources.ts';
import { selfSignedCertificate } from '../../testkit/src/tls/self-signed-certificate.ts';
import { connectRpc, type RpcClient } from './client.ts';
import { startRpcServer, type RpcServer } from './server.ts';

const tls = selfSignedCertificate();
const bugs: unknown[] = [];
let server: RpcServer;
let client: RpcClient;

const PATHS = [
  '/grpc.health.v1.Health/Check',
  '/trackrecord.v1.Status/GetStatus',
  '/trackrecord.v1.Results/GetHourlyReturns',
  '/trackrecord.v1.Attestation/GetAttestation',
  '/trackrecord.v1.Unseal/SubmitShare',
  '/trackrecord.v1.Unseal/RequestHandOver',
];

beforeAll(async () => {
  server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    access: null,
    now: Date.now,
    sources: cannedSources({
      statusOf: async () => [],
      hourlyReturns: async function* () {},
      statements: async function* () {},
      dailyReturns: async function* () {},
      monthlyTable: async () => ({ months: [], years: [] }),
      metrics: async () => ({ figures: [], returns: 0, hoursWithoutReturn: 0 }),
      attestation: () => Promise.reject(new RecordError('ATTESTATION_UNAVAILABLE')),
      submitShare: () => Promise.reject(new RecordError('UNSEAL_SHARE_REFUSED')),
      handOver: () => Promise.reject(new RecordError('HANDOVER_REFUSED')),
    }),
    onBug: (_method, error) => bugs.push(error),
    limits: { connectionsMax: 16 },
  });
  client = await connectRpc({
    endpoint: `127.0.0.1:${server.port}`,
    trust: { spkiSha256: createHash('sha256').update(tls.spki).digest() },
    deadlineMs: 10_000,
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

function http2(): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
    rejectUnauthorized: false,
    servername: 'localhost',
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
  it('any bytes as HTTP/2 frames end their own connection only', async () => {
    const frames = fc.array(
      fc.record({
        type: fc.integer({ min: 0, max: 12 }),
        flags: fc.integer({ min: 0, max: 255 }),
        stream: fc.constantFrom(0, 1, 3, 0x7fffffff),
        payload: fc.uint8Array({ maxLength: 64 }),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.boolean(), async (list, preface) => {
        const socket = connectTls({
          port: server.port,
          host: '127.0.0.1',
          ALPNProtocols: ['h2'],
          rejectUnauthorized: false,
        });
        socket.on('error', () => undefined);
        await once(socket, 'secureConnect');
        if (preface) socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
        for (const { type, flags, stream, payload } of list) {
          const header = Buffer.alloc(9);
          header.writeUIntBE(payload.length, 0, 3);
          header.writeUInt8(type, 3);
          header.writeUInt8(flags, 4);
          header.writeUInt32BE(stream, 5);
          socket.write(Buffer.concat([header, payload]));
        }
        await sleep(5);
        socket.destroy();
      }),
      { numRuns: 100 },
    );
    await stillStands();
  });

  it('any message bytes to any method get a status', async () => {
    const session = http2();
    const path = fc.constantFrom(...PATHS);
    const body = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(path, body, fc.boolean(), async (name, bytes, whole) => {
        const headers = { ':path': name, 'content-type': 'application/grpc' };
        const answer = await request(session, headers, whole ? framed(bytes) : bytes);
        expect(['0', '3', '5', '8', '9', '12', '13', '14']).toContain(answer);
      }),
      { numRuns: 300 },
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
