// The transport: which server a client accepts, and which client the server does.

import { createHash } from 'node:crypto';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { cannedSources } from '../../testkit/src/rpc/canned-sources.ts';
import {
  selfSignedCertificate,
  type SelfSignedCertificate,
} from '../../testkit/src/tls/self-signed-certificate.ts';
import { connectRpc, type RpcClientOptions } from './client.ts';
import { startRpcServer, type RpcServer } from './server.ts';

const tls = selfSignedCertificate();
const open: (() => Promise<void> | void)[] = [];

/** Nothing but health is asked here. */
const sources = cannedSources();
const unasked = () => {
  throw new Error('A bug.');
};

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(certificate: SelfSignedCertificate = tls): Promise<RpcServer> {
  const server = await startRpcServer({
    // Every address of loopback, also one that the certificate does not name.
    host: '0.0.0.0',
    port: 0,
    tls: certificate,
    access: null,
    now: Date.now,
    sources,
    onBug: unasked,
  });
  open.push(() => server.stop(100));
  return server;
}

function pinOf({ spki }: SelfSignedCertificate): { readonly spkiSha256: Uint8Array } {
  return { spkiSha256: createHash('sha256').update(spki).digest() };
}

/** Whether the server behind `endpoint` serves, or the code of the failure. */
async function ask(endpoint: string, trust: RpcClientOptions['trust']): Promise<unknown> {
  try {
    const client = await connectRpc({ endpoint, trust, deadlineMs: 5000 });
    open.push(() => client.close());
    return await client.isServing('');
  } catch (error) {
    return error instanceof RecordError ? error.code : error;
  }
}

const root = { rootCertificatePem: tls.certificatePem };

describe('accepts', () => {
  it.each(['localhost', '127.0.0.1'])('a server under the given root, at %s', async (host) => {
    const { port } = await start();
    expect(await ask(`${host}:${port}`, root)).toBe(true);
  });

  it('a server with the pinned key, whatever its address', async () => {
    const { port } = await start();
    for (const host of ['localhost', '127.0.0.1', '127.0.0.2']) {
      expect(await ask(`${host}:${port}`, pinOf(tls))).toBe(true);
    }
  });
});

describe('refuses', () => {
  it('a client of TLS 1.2', async () => {
    const { port } = await start();
    const attempt = new Promise((resolve) => {
      const host = '127.0.0.1';
      const socket = connect({ port, host, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(await attempt).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  it('a server with another key: RPC_PEER_UNTRUSTED', async () => {
    const { port } = await start();
    const other = pinOf(selfSignedCertificate());
    expect(await ask(`127.0.0.1:${port}`, other)).toBe('RPC_PEER_UNTRUSTED');
  });

  it('a server that later takes another key: RPC_UNAVAILABLE', async () => {
    const first = await start();
    const endpoint = `127.0.0.1:${first.port}`;
    const client = await connectRpc({ endpoint, trust: pinOf(tls), deadlineMs: 5000 });
    open.push(() => client.close());
    expect(await client.isServing('')).toBe(true);
    await first.stop(100);
    const second = await startRpcServer({
      host: '127.0.0.1',
      port: first.port,
      tls: selfSignedCertificate(),
      access: null,
      now: Date.now,
      sources,
      onBug: unasked,
    });
    open.push(() => second.stop(100));
    await expect(client.isServing('')).rejects.toMatchObject({ code: 'RPC_UNAVAILABLE' });
  });

  it('a server whose certificate has expired, pinned or not: RPC_UNAVAILABLE', async () => {
    const expired = selfSignedCertificate({ notAfterMs: Date.UTC(2020, 0, 2) });
    const { port } = await start(expired);
    const trusted = { rootCertificatePem: expired.certificatePem };
    expect(await ask(`127.0.0.1:${port}`, pinOf(expired))).toBe('RPC_UNAVAILABLE');
    expect(await ask(`127.0.0.1:${port}`, trusted)).toBe('RPC_UNAVAILABLE');
  });

  it('a server whose certificate does not name its address: RPC_UNAVAILABLE', async () => {
    const { port } = await start();
    expect(await ask(`127.0.0.2:${port}`, root)).toBe('RPC_UNAVAILABLE');
  });

  it('a server under another root: RPC_UNAVAILABLE', async () => {
    const { port } = await start();
    const other = { rootCertificatePem: selfSignedCertificate().certificatePem };
    expect(await ask(`localhost:${port}`, other)).toBe('RPC_UNAVAILABLE');
  });

  it('an endpoint without a port: ARGUMENT_INVALID', async () => {
    expect(await ask('localhost', pinOf(tls))).toBe('ARGUMENT_INVALID');
  });

  it('to wait for a server that is not there: RPC_UNAVAILABLE', async () => {
    const server = await start();
    await server.stop(100);
    expect(await ask(`127.0.0.1:${server.port}`, root)).toBe('RPC_UNAVAILABLE');
    expect(await ask(`127.0.0.1:${server.port}`, pinOf(tls))).toBe('RPC_UNAVAILABLE');
  });
});
