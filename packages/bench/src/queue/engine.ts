// One worker process of a round: `node engine.ts route|raw|starts JSON`. It claims and settles so
// many jobs and prints what that took. `route` is the worker's own loop around its own routes;
// `raw` is pg-boss's claim and settle with a handler that does nothing; `starts` is the worker's
// loop around such a handler, and prints when each job began.

import type { RouteContext } from '@track-record/jobs/context';
import { openStore } from '@track-record/store';
import { servedQueues, type ServedQueue } from '@track-record/worker/queues';
import { serveQueues } from '@track-record/worker/serve-queue';
import type { PgBoss } from 'pg-boss';
import { VENUE } from './instant-venue.ts';
import { contextAt, RAW_QUEUE, startBoss, SYNC_QUEUE } from './stand.ts';

export interface EngineOptions {
  readonly url: string;
  readonly now: number;
  /** Zero: as many as the queue has, until it has none for a second. */
  readonly jobs: number;
  readonly slots: number;
  readonly bossConnections: number;
  readonly storeConnections: number;
}

export interface EngineResult {
  readonly jobs: number;
  readonly ms: number;
  readonly cpuMs: number;
  /** Milliseconds of wall time between the steps of a route, summed. */
  readonly steps: Readonly<Record<string, number>>;
  /** Of `starts`: when each job began, milliseconds UTC by its id. */
  readonly starts: Readonly<Record<string, number>>;
}

const MICROSECONDS = 1_000;
const PATIENCE_MS = 120_000;
const IDLE_MS = 4_000;
const POLL_MS = 50;

export const engineScript = import.meta.filename;

if (process.argv[1] === engineScript) {
  const engines = { raw: runRaw, route: runRoute, starts: runStarts };
  const mode = Object.entries(engines).find(([name]) => name === process.argv[2]);
  if (mode === undefined) throw new Error('There is no such engine.');
  console.log(JSON.stringify(await mode[1](parseOptions(String(process.argv[3])))));
  process.exit(0);
}

/** Our own parent writes them. */
function parseOptions(text: string): EngineOptions {
  return JSON.parse(text) as EngineOptions;
}

/** Counts jobs, and measures from the call to the last one. */
function startCount(jobs: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = performance.now();
  const before = process.cpuUsage();
  let done = 0;
  let lastAt = started;
  let cpu = before;
  const watch = setInterval(() => {
    const now = performance.now();
    const isIdle = jobs === 0 && done > 0 && now - lastAt > IDLE_MS;
    if (isIdle || now - started > PATIENCE_MS) resolve();
  }, POLL_MS);
  return {
    end: (): void => {
      done += 1;
      lastAt = performance.now();
      cpu = process.cpuUsage(before);
      if (done === jobs) resolve();
    },
    isOver: () => done === jobs,
    result: async (
      steps: EngineResult['steps'],
      starts: EngineResult['starts'] = {},
    ): Promise<EngineResult> => {
      await promise;
      clearInterval(watch);
      const cpuMs = (cpu.user + cpu.system) / MICROSECONDS;
      return { jobs: done, ms: lastAt - started, cpuMs, steps, starts };
    },
  };
}

async function runRaw(options: EngineOptions): Promise<EngineResult> {
  const boss = await startBoss(options.url, options.bossConnections + options.storeConnections);
  const count = startCount(options.jobs);
  const inHand = new Set<Promise<void>>();
  while (!count.isOver()) {
    const batchSize = options.slots - inHand.size;
    const jobs = await boss.fetch(RAW_QUEUE, { batchSize, includeMetadata: true });
    for (const job of jobs) {
      const settled: Promise<void> = boss.complete(RAW_QUEUE, job).then(() => {
        inHand.delete(settled);
        count.end();
      });
      inHand.add(settled);
    }
    if (inHand.size > 0) await Promise.race(inHand);
  }
  return await count.result({});
}

async function runRoute(options: EngineOptions): Promise<EngineResult> {
  const boss = await startBoss(options.url, options.bossConnections);
  const steps: Record<string, number> = {};
  const count = startCount(options.jobs);
  await serve(options, boss, async (queue, data, context) => {
    const clock = stepClock(steps);
    const random: RouteContext['random'] = (sizeBytes) => {
      clock.step('sealed');
      return context.random(sizeBytes);
    };
    await queue.run(data, { ...context, random, step: clock.step });
    count.end();
  });
  return await count.result(steps);
}

async function runStarts(options: EngineOptions): Promise<EngineResult> {
  const boss = await startBoss(options.url, options.bossConnections);
  const starts: Record<string, number> = {};
  const count = startCount(options.jobs);
  await serve(options, boss, async (_queue, data, context) => {
    starts[keyOf(data)] ??= Date.now();
    await context.db.transaction().execute((trx) => context.settle(trx, { hours: 0 }));
    count.end();
  });
  return await count.result({}, starts);
}

async function serve(
  options: EngineOptions,
  boss: PgBoss,
  run: (queue: ServedQueue, data: unknown, context: RouteContext) => Promise<void>,
): Promise<void> {
  const store = openStore(options.url, { connectionsMax: options.storeConnections });
  const rooms = await contextAt(store, () => options.now);
  const queue = servedQueues([VENUE]).find(({ name }) => name === SYNC_QUEUE);
  if (queue === undefined) throw new Error('The worker serves no such queue.');
  const watched = {
    ...queue,
    run: (data: unknown, context: RouteContext) => run(queue, data, context),
  };
  serveQueues([watched], boss, rooms, {
    config: { DATABASE_URL: options.url, WORKER_SLOTS: options.slots, WORKER_EGRESS: 'shared' },
    clock: () => options.now,
    log: (event, fields) => {
      if (event !== 'job-done') console.error(event, fields);
    },
    onBug: (error) => console.error(error),
  });
}

/** The account that a job of ours is about. */
function keyOf(data: unknown): string {
  const isJob = typeof data === 'object' && data !== null && 'accountId' in data;
  return isJob ? String(data.accountId) : '';
}

function stepClock(steps: Record<string, number>) {
  let last = performance.now();
  return {
    step: (name: string): void => {
      const now = performance.now();
      steps[name] = (steps[name] ?? 0) + now - last;
      last = now;
    },
  };
}
