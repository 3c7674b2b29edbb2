// What a connection may do besides calls that are heard: pings, and requests that do not end.
// Neither reaches a handler, and grpc-js bounds neither. Every frame is the other side's.

import assert from 'node:assert';
import { EventEmitter } from 'node:events';
import { constants, type Http2Session, type Http2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { allowances } from './allowance.ts';

/** Some clients send one with every message they get, to measure the line. */
const PINGS = { most: 200, withinMs: 10_000 };
/** Requests are one small message: on a slow line a second. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Of all requests that have begun and not ended: a hundred of the largest. */
const UNFINISHED_BYTES_MAX = 32 * 1024 * 1024;

/** With a version of grpc-js that keeps its HTTP/2 server elsewhere no door opens. */
export function guardSessions(server: Server): void {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  assert(servers instanceof Map);
  const [sessions]: unknown[] = [...servers.keys()];
  assert(sessions instanceof EventEmitter);
  let unfinishedBytes = 0;
  sessions.on('session', (session: Http2Session) => {
    const isAllowed = allowances(PINGS);
    session.on('ping', () => {
      if (!isAllowed('')) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
    session.on('stream', (stream: Http2Stream) => {
      let bytes = 0;
      const end = (): void => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      const timer = setTimeout(end, REQUEST_TIMEOUT_MS);
      const finish = (): void => {
        clearTimeout(timer);
        unfinishedBytes -= bytes;
        bytes = 0;
      };
      stream.on('data', ({ length }: Buffer) => {
        bytes += length;
        unfinishedBytes += length;
        if (unfinishedBytes > UNFINISHED_BYTES_MAX) end();
      });
      stream.once('end', finish).once('close', finish);
    });
  });
}
