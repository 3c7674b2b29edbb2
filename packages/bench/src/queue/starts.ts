// How soon work begins: when somebody asks for an account, after a wait of a second, and while a
// thousand jobs drain.

import { setTimeout as wait } from 'node:timers/promises';
import { medianOf } from '../measure.ts';
import type { EngineOptions, EngineResult } from './engine.ts';
import { accountIdOf, clockOf, enqueueAll, hourOf, SYNC_QUEUE, type Stand } from './stand.ts';

const ASKED = 60;
const BACKLOG = 1_000;
const RETRIES = 10;
const SETTLE_MS = 3_000;
const SLOTS = 10;
const ASK_P50_MS = 50;
const RETRY_MS = 2_000;

export async function measureStarts(
  stand: Stand,
  run: (options: EngineOptions) => Promise<EngineResult>,
): Promise<string[]> {
  const options = {
    url: stand.url,
    now: clockOf(0),
    jobs: ASKED + BACKLOG + RETRIES,
    slots: SLOTS,
    bossConnections: 4,
    storeConnections: 8,
  };
  await stand.admin.query('delete from pgboss.job_common');
  const running = run(options);
  await wait(SETTLE_MS);
  const askedAt = new Map<string, number>();
  for (let index = 1; index <= ASKED; index += 1) {
    const account = accountIdOf(index);
    askedAt.set(account, Date.now());
    await stand.admin.query('select gateway.enqueue_sync($1, null)', [account]);
    await wait(40 + ((index * 37) % 120));
  }
  await wait(SETTLE_MS);
  const retryAt = Date.now() + 1_000;
  await enqueueFrom(stand, ASKED, RETRIES);
  await stand.admin.query(
    `update pgboss.job_common set state = 'retry', start_after = now() + interval '1 second'
     where name = $1 and state = 'created'`,
    [SYNC_QUEUE],
  );
  await wait(SETTLE_MS);
  await enqueueFrom(stand, ASKED + RETRIES, BACKLOG);
  const { starts } = await running;
  const at = (index: number): number => starts[accountIdOf(index)] ?? NaN;
  const latencies = [...askedAt].map(([account, asked]) => (starts[account] ?? NaN) - asked);
  const sorted = latencies.toSorted((left, right) => left - right);
  const p50 = medianOf(latencies);
  const retried = Array.from({ length: RETRIES }, (_, index) => at(ASKED + 1 + index) - retryAt);
  const drained = Array.from({ length: BACKLOG }, (_, index) => at(ASKED + RETRIES + 1 + index));
  const order = drained.toSorted((left, right) => left - right);
  const gaps = order.slice(1).map((each, index) => each - (order[index] ?? NaN));
  const [first = NaN, last = NaN] = [order[0], order.at(-1)];
  const retryMs = 1_000 + Math.max(...retried);
  const asked = `p50 ${p50.toFixed(0)} ms, p95 ${sorted[Math.floor(ASKED * 0.95)]?.toFixed(0)} ms`;
  return [
    `At ${SLOTS} slots, from the gateway’s call to the first line of the route:`,
    '',
    '| what | measured | bound |',
    '|---|--:|--:|',
    `| a synchronisation that somebody asks for | ${asked} | p50 ${ASK_P50_MS} ms |`,
    `| another attempt after 1 s, the latest of ${RETRIES} | ${retryMs.toFixed(0)} ms ` +
      `| ${RETRY_MS} ms |`,
    `| ${BACKLOG} jobs at once: all begun | ${(last - first).toFixed(0)} ms | |`,
    `| the longest time in which none of them began | ${Math.max(...gaps).toFixed(0)} ms ` +
      '| a poll, 500 ms |',
  ];
}

/** Jobs of `count` accounts after the first `skipped` ones. */
async function enqueueFrom(stand: Stand, skipped: number, count: number): Promise<void> {
  await stand.admin.query(`delete from pgboss.job_common where name = $1 and state = 'completed'`, [
    SYNC_QUEUE,
  ]);
  await enqueueAll(stand, SYNC_QUEUE, count, hourOf(0), skipped);
}
