// TLS by Node itself rather than by grpc-js, which has no public setting for the version or the
// number of connections; HTTP/2 then runs over the finished TLS sockets. Who may connect, and how
// many. Every byte that arrives is untrusted.

import assert from 'node:assert';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';

/** A TLS handshake takes milliseconds; a peer that stretches it holds a socket for nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TlsKeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Under which key the door stands, and whose certificates it takes: null asks for none. */
export interface TransportIdentity {
  readonly tls: TlsKeyPair;
  readonly clientCaPem: string | null;
}

export interface Transport {
  readonly port: number;
  /** Of the connections from now on; present ones with a certificate end. */
  renew(identity: TransportIdentity): void;
  /** Takes no further connection. */
  close(): void;
  /** Ends those that are there. */
  destroy(): void;
}

/** `serve` begins HTTP/2 on a socket. */
export async function openTransport(
  address: { readonly host: string; readonly port: number; readonly connectionsMax: number },
  identity: TransportIdentity,
  serve: (socket: TLSSocket) => void,
): Promise<Transport> {
  const strangers = new Map<string, Socket>();
  const named = new Map<string, Socket>();
  const options = {
    ...contextOf(identity),
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    requestCert: identity.clientCaPem !== null,
    // Without a certificate some calls are open; with one that does not verify, none is.
    rejectUnauthorized: false,
  };
  const door = createServer(options, (socket) => {
    // A peer may reset at any time; the session on this socket then closes, and nothing else is
    // owed.
    socket.on('error', () => socket.destroy());
    if (socket.getPeerX509Certificate() !== undefined) {
      const key = keyOf(socket);
      const below = strangers.get(key);
      if (!socket.authorized || below === undefined) return void socket.destroy();
      strangers.delete(key);
      named.set(key, below);
      // Read once for all calls of the connection: Node would parse it anew for each.
      const certificate = socket.getPeerCertificate();
      Object.defineProperty(socket, 'getPeerCertificate', { value: () => certificate });
    }
    serve(socket);
  });
  door.maxConnections = address.connectionsMax;
  door.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    strangers.set(key, socket);
    socket.once('close', () => [strangers, named].forEach((sockets) => sockets.delete(key)));
    // Whoever has no certificate makes room for the next, so that nobody can fill the door.
    const [oldest] = strangers.values();
    if (strangers.size > address.connectionsMax / 2) oldest?.destroy();
  });
  door.listen(address.port, address.host);
  await once(door, 'listening');
  const bound = door.address();
  assert(bound !== null && typeof bound === 'object');
  return {
    port: bound.port,
    renew: (next) => {
      door.setSecureContext(contextOf(next));
      for (const socket of named.values()) socket.destroy();
    },
    close: () => door.close(),
    destroy: () =>
      [strangers, named].forEach((sockets) => sockets.forEach((each) => each.destroy())),
  };
}

function contextOf({ tls, clientCaPem }: TransportIdentity): SecureContextOptions {
  return {
    cert: tls.certificatePem,
    key: tls.privateKeyPem,
    ...(clientCaPem === null ? {} : { ca: clientCaPem }),
    minVersion: 'TLSv1.3',
    // A ticket would carry a certificate past the change of the authority that had vouched for it.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** One connection at one time has it. */
function keyOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
