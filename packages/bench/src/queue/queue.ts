// `pnpm bench queue`: what our whole route costs beside pg-boss and graphile-worker with handlers
// that do nothing, and how the queue behaves when it is deep, when somebody waits, and when several
// workers share it. All on one PostgreSQL, which is durable, on the machine that runs the engines.

import { spawn } from 'node:child_process';
import { loadavg } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Benchmark } from '../benchmark.ts';
import { medianOf } from '../measure.ts';
import { installPeers, peersFolder } from '../peers.ts';
import { measureDepth, measureDispatch } from './depth.ts';
import { engineScript, type EngineOptions, type EngineResult } from './engine.ts';
import { measureStarts } from './starts.ts';
import { serverCpuMs } from './server-cpu.ts';
import {
  clockOf,
  enqueueAll,
  hourOf,
  makeAccounts,
  openStand,
  RAW_QUEUE,
  SYNC_QUEUE,
  type Stand,
} from './stand.ts';

const ACCOUNTS = 3_000;
const ROUNDS = 3;
const SLOTS = 50;
const CONNECTIONS = { bossConnections: 4, storeConnections: 10 };
const WORKERS = [1, 2, 4];
/** The floors of this benchmark: of pg-boss's own rate, and accounts in a second. */
const RATIO_LEAST = 0.3;
const RATE_LEAST = 300;

const SOURCES = ['--conditions=@track-record/source', '--disable-warning=ExperimentalWarning'];
const GRAPHILE = path.join(peersFolder, 'graphile.mjs');

interface Run {
  readonly perSecond: number;
  readonly engineCpuMs: number;
  readonly serverCpuMs: number;
}

export const queue: Benchmark = {
  name: 'queue',
  summary: 'One account and hour through the whole route, beside queues whose handlers do nothing.',
  run: async (progress) => {
    const hasPeers = installPeers(progress);
    const stand = await openStand();
    try {
      progress(`Connecting ${ACCOUNTS} accounts ...`);
      await makeAccounts(stand, ACCOUNTS);
      let round = 0;
      const nextRound = (): number => (round += 1);
      const throughput = await measureThroughput(stand, nextRound, hasPeers, progress);
      const steps = await measureSteps(stand, nextRound(), progress);
      const scaling = await measureWorkers(stand, nextRound, progress);
      progress('Starts ...');
      const starts = await measureStarts(stand, (options) => runEngine(stand, 'starts', options));
      progress('A dispatch of 100,000 accounts ...');
      const dispatch = await measureDispatch(stand);
      progress('A million jobs ...');
      const depth = await measureDepth(stand);
      const load = loadavg().map((each) => each.toFixed(1));
      return [
        `Load of the machine at the end, over 1, 5 and 15 minutes: ${load.join(', ')}.`,
        '',
        ...throughput,
        '',
        ...steps,
        '',
        ...scaling,
        '',
        ...starts,
        '',
        ...dispatch,
        ...depth,
      ];
    } finally {
      await stand.close();
    }
  },
};

async function measureThroughput(
  stand: Stand,
  nextRound: () => number,
  hasPeers: boolean,
  progress: (line: string) => void,
): Promise<string[]> {
  const runs: Record<'raw' | 'graphile' | 'route', Run[]> = { raw: [], graphile: [], route: [] };
  for (let count = 1; count <= ROUNDS; count += 1) {
    progress(`Throughput, round ${count} of ${ROUNDS} ...`);
    const round = nextRound();
    runs.raw.push(await runAlone(stand, 'raw', round));
    if (hasPeers) runs.graphile.push(await runAlone(stand, 'graphile', round));
    runs.route.push(await runAlone(stand, 'route', round));
  }
  const [raw, route] = [medianRun(runs.raw), medianRun(runs.route)];
  const ratio = route.perSecond / raw.perSecond;
  const row = (name: string, each: Run): string =>
    `| ${name} | ${Math.round(each.perSecond)} | ${each.engineCpuMs.toFixed(2)} | ` +
    `${each.serverCpuMs.toFixed(2)} | ${(each.perSecond / raw.perSecond).toFixed(2)} |`;
  return [
    `${ACCOUNTS} jobs at ${SLOTS} slots and 14 connections, one process; the median of ${ROUNDS}`,
    'rounds that take turns. Ours opens what is sealed, asks a venue that answers at once, replays',
    'one new fill, signs, seals and writes in one statement that also settles the job.',
    '',
    '| engine | jobs a second | its CPU ms a job | PostgreSQL’s | pg-boss = 1 |',
    '|---|--:|--:|--:|--:|',
    row('pg-boss, settles each, handler does nothing', raw),
    ...(hasPeers ? [row('graphile-worker, the same', medianRun(runs.graphile))] : []),
    row('ours, the whole route', route),
    '',
    ...(hasPeers ? [] : ['graphile-worker could not be installed for this run.', '']),
    `The bound is ${RATIO_LEAST} of pg-boss: ${ratio >= RATIO_LEAST ? 'kept' : 'not kept'}. ` +
      `Not below ${RATE_LEAST} accounts a second on an idle machine: ` +
      `${route.perSecond >= RATE_LEAST ? 'kept' : 'not kept in this run'}.`,
  ];
}

/** Where the time of a job goes when nothing runs beside it. */
async function measureSteps(
  stand: Stand,
  round: number,
  progress: (line: string) => void,
): Promise<string[]> {
  progress('The steps of one job ...');
  const jobs = 500;
  await enqueueAll(stand, SYNC_QUEUE, jobs, hourOf(round));
  const { steps } = await runEngine(stand, 'route', {
    ...engineOptions(stand, round),
    jobs,
    slots: 1,
  });
  const names = {
    loaded: 'one query for account, keys, state and head; keys and state opened',
    opened: 'credentials opened',
    fetched: 'the venue, which answers at once',
    priced: 'prices, likewise',
    computed: 'entries replayed, valued and reconciled',
    signed: 'statement hashed and signed',
    sealed: 'entries and state compressed and sealed',
    written: 'what is to be written',
    committed: 'written and settled, until the disk has it',
  };
  return [
    'One job alone, wall time (the server is one round trip away, on the same machine):',
    '',
    '| step | ms |',
    '|---|--:|',
    ...Object.entries(names).map(
      ([name, what]) => `| ${what} | ${((steps[name] ?? NaN) / jobs).toFixed(3)} |`,
    ),
  ];
}

async function measureWorkers(
  stand: Stand,
  nextRound: () => number,
  progress: (line: string) => void,
): Promise<string[]> {
  const lines: string[] = [];
  for (const workers of WORKERS) {
    progress(`${workers} workers ...`);
    const round = nextRound();
    await enqueueAll(stand, SYNC_QUEUE, ACCOUNTS, hourOf(round));
    const before = serverCpuMs(stand.dataDirectory);
    const options = { ...engineOptions(stand, round), jobs: 0 };
    const results = await Promise.all(
      Array.from({ length: workers }, () => runEngine(stand, 'route', options)),
    );
    const serverMs = serverCpuMs(stand.dataDirectory) - before;
    const engineMs = results.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    const ms = Math.max(...results.map((each) => each.ms));
    const found = await stand.admin.query<{ seconds: string }>(
      `select extract(epoch from max(completed_on) - min(started_on)) as seconds
       from pgboss.job_common where name = $1 and data ->> 'hour' = $2`,
      [SYNC_QUEUE, new Date(hourOf(round)).toISOString()],
    );
    const seconds = Number(found.rows[0]?.seconds ?? ms / 1_000);
    const cells = [
      workers,
      Math.round(ACCOUNTS / seconds),
      (engineMs / seconds / 1_000).toFixed(2),
      (serverMs / seconds / 1_000).toFixed(2),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return [
    '| workers | accounts a second | cores the workers used | cores PostgreSQL used |',
    '|--:|--:|--:|--:|',
    ...lines,
    '',
    'A worker is one thread of JavaScript: it can use one core. Where the two columns together',
    'reach the cores of the machine, more workers add nothing here. What an account costs',
    'PostgreSQL in the first table is the limit of one server, however many workers there are.',
  ];
}

async function runAlone(
  stand: Stand,
  engine: 'raw' | 'graphile' | 'route',
  round: number,
): Promise<Run> {
  if (engine !== 'graphile') {
    await enqueueAll(stand, engine === 'raw' ? RAW_QUEUE : SYNC_QUEUE, ACCOUNTS, hourOf(round));
  }
  const before = serverCpuMs(stand.dataDirectory);
  const { jobs, ms, cpuMs } = await runEngine(stand, engine, engineOptions(stand, round));
  if (jobs !== ACCOUNTS) throw new Error(`${engine} did ${jobs} of ${ACCOUNTS} jobs.`);
  return {
    perSecond: (jobs / ms) * 1_000,
    engineCpuMs: cpuMs / jobs,
    serverCpuMs: (serverCpuMs(stand.dataDirectory) - before) / jobs,
  };
}

function engineOptions(stand: Stand, round: number): EngineOptions {
  return { url: stand.url, now: clockOf(round), jobs: ACCOUNTS, slots: SLOTS, ...CONNECTIONS };
}

async function runEngine(
  stand: Stand,
  engine: 'raw' | 'graphile' | 'route' | 'starts',
  options: EngineOptions,
): Promise<EngineResult> {
  const args =
    engine === 'graphile'
      ? [GRAPHILE, JSON.stringify({ ...options, url: stand.ownerUrl })]
      : [...SOURCES, engineScript, engine, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return parseResult(await text(child.stdout));
}

/** Our own children are trusted to print what they measured. */
function parseResult(output: string): EngineResult {
  return JSON.parse(output) as EngineResult;
}

function medianRun(runs: readonly Run[]): Run {
  return {
    perSecond: medianOf(runs.map((run) => run.perSecond)),
    engineCpuMs: medianOf(runs.map((run) => run.engineCpuMs)),
    serverCpuMs: medianOf(runs.map((run) => run.serverCpuMs)),
  };
}
