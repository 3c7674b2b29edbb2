// One port for both services of a broker, as a development worker has one address for everything: a
// connection that begins with the word of a Gateway's client goes there, any other to the web
// service.

import { connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export async function startRelay(webPort: number, gatewayPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket =>
    sockets.add(socket) && socket.on('close', () => sockets.delete(socket));
  const server = createServer((from) => {
    keep(from).once('data', (first) => {
      const isGateway = first.subarray(0, 4).toString() === 'API\0';
      const to = keep(connect({ host: '127.0.0.1', port: isGateway ? gatewayPort : webPort }));
      to.write(first);
      from.pipe(to).pipe(from);
      for (const [one, other] of [[from, to] as const, [to, from] as const]) {
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
      }
    });
    from.on('error', () => null);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
