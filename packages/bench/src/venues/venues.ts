// `pnpm bench venues`: what a worker with every venue keeps in memory, what a first synchronisation
// of a hundred thousand fills takes at most, and what reading a fill strictly, from digits to a
// ledger entry, costs beside ccxt's own parse of the same bytes.

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { migrate } from '@track-record/store';
import { createLogins, startEmbeddedPostgres } from '@track-record/store/embedded';
import { buildScenario, type Scenario } from '@track-record/testkit';
import { ACCOUNT, openSite, type Site } from '@track-record/testkit/site';
import type { Benchmark } from '../benchmark.ts';
import { runChild } from '../child.ts';
import { medianCost } from '../measure.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const HOURS = 45 * 24;
const FILLS = 100_000;
const LOOK_MS = 13 * 60_000;
const SYNC_PATIENCE_MS = 600_000;
const MEGABYTE = 2 ** 20;
const RUNS = 7;
/** What the issue of the venues allows. */
const LOADED_MB_MAX = 200;
const SYNC_MB_MAX = 300;
const RATIO_MAX = 1.3;

const VENUES = path.resolve(import.meta.dirname, '../../../venues/src');
/** The compiled worker: `pnpm build` first. */
const WORKER = path.resolve(import.meta.dirname, '../../../worker/dist/main.js');
const PARSE = path.join(import.meta.dirname, 'parse-fills.ts');

export const venues: Benchmark = {
  name: 'venues',
  summary: 'Memory of a worker with every venue, and the cost of a fill.',
  run: async (progress) => {
    const ids = listVenues();
    progress(`a worker with ${ids.length} venues`);
    const { loadedBytes, peakBytes, entries } = await synchronise(ids, progress);
    progress('reading the same bytes');
    const [ours, theirs] = await Promise.all([
      runChild(PARSE, ['ours', String(RUNS)]),
      runChild(PARSE, ['ccxt', String(RUNS)]),
    ]);
    if (ours.answer !== theirs.answer) throw new Error('The two read different fills.');
    const [our, their] = [medianCost(ours.runs).cpuMs, medianCost(theirs.runs).cpuMs];
    const verdict = (value: number, most: number): string => (value <= most ? 'kept' : 'missed');
    const loaded = Math.round(loadedBytes / MEGABYTE);
    const peak = Math.round(peakBytes / MEGABYTE);
    const ratio = our / their;
    return [
      `One worker process with ${ids.length} venues (${ids.join(', ')}) after its start, and at`,
      `the peak of a first synchronisation of ${entries} entries of one Binance account over`,
      `${HOURS} hours. Resident memory of the whole process.`,
      '',
      '| memory | MB | bound |',
      '|---|---:|---|',
      `| every venue loaded | ${loaded} | ${LOADED_MB_MAX}: ${verdict(loaded, LOADED_MB_MAX)} |`,
      `| peak of the synchronisation | ${peak} | ${SYNC_MB_MAX}: ${verdict(peak, SYNC_MB_MAX)} |`,
      '',
      `${String(ours.answer)} Binance spot fills in pages of 1,000, from the body of the answer:`,
      'ours to checked ledger entries with every digit, ccxt to its unified trades with floats.',
      '',
      '| parse | CPU ms | ratio |',
      '|---|---:|---:|',
      `| ours | ${our.toFixed(0)} | ${ratio.toFixed(2)} |`,
      `| ccxt | ${their.toFixed(0)} | 1 |`,
      '',
      `The bound is ${RATIO_MAX}: ${verdict(ratio, RATIO_MAX)}.`,
    ];
  },
};

/** Every folder that holds a connector. */
function listVenues(): readonly string[] {
  return [VENUES, path.join(VENUES, 'ccxt')]
    .flatMap((folder) => readdirSync(folder).filter((id) => isVenue(path.join(folder, id))))
    .toSorted();
}

function isVenue(folder: string): boolean {
  return existsSync(path.join(folder, 'venue.ts'));
}

interface Memory {
  readonly loadedBytes: number;
  readonly peakBytes: number;
  readonly entries: number;
}

async function synchronise(
  ids: readonly string[],
  progress: (line: string) => void,
): Promise<Memory> {
  const server = await startEmbeddedPostgres({
    directory: null,
    durable: false,
    random: randomBytes,
  });
  await migrate(server.url);
  const logins = await createLogins(server.url, randomBytes);
  const scenario = buildScenario({ seed: 3, start: START, hours: HOURS, fills: FILLS });
  const site = await openSite({
    scenario,
    database: { url: server.url, urlFor: (role) => logins[role] },
    masterKey: '5e'.repeat(32),
    // As deployed: compiled, so that nothing strips types.
    workerCommand: ['--disable-warning=ExperimentalWarning', WORKER],
    now: START + HOURS * HOUR_MS + LOOK_MS,
  });
  try {
    const worker = await site.startWorker({ WORKER_VENUES: ids.join(',') });
    const pid = Number(worker.child.pid);
    const loadedBytes = memoryOf(pid, 'VmRSS');
    progress(`a first synchronisation of ${scenario.events.length} events`);
    await site.handIn();
    await untilSigned(site, scenario);
    return { loadedBytes, peakBytes: memoryOf(pid, 'VmHWM'), entries: scenario.events.length };
  } finally {
    await site.close();
    await server.stop();
  }
}

async function untilSigned({ gateway }: Site, scenario: Scenario): Promise<void> {
  const deadline = performance.now() + SYNC_PATIENCE_MS;
  while ((await gateway.status(ACCOUNT))?.lastHourMs !== scenario.end - HOUR_MS) {
    if (performance.now() > deadline) throw new Error('The synchronisation does not end.');
    await wait(1_000);
  }
}

/** From /proc: Node's own figure leaves out what its threads share. */
function memoryOf(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
