// Asks a worker's health every few milliseconds, from a thread that does nothing else, until it is
// told to end; then says how long each answer took.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connectRpc } from '@track-record/rpc/client';

const EVERY_MS = 10;
const parent = parentPort;
assert(parent !== null);
let isEnded = false;
parent.once('message', () => (isEnded = true));
const trust = { untrusted: true } as const;
const rpc = await connectRpc({ endpoint: String(workerData), trust, deadlineMs: 10_000 });
const times: number[] = [];
while (!isEnded) {
  const from = performance.now();
  await rpc.isServing('');
  times.push(performance.now() - from);
  await sleep(EVERY_MS);
}
rpc.close();
parent.postMessage(times);
