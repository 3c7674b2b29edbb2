// The isolate of the figures, which take a tenth of a second for a year and more: neither the door
// nor the record waits for them. It reads released hours over one connection and holds no key.

import './lock.ts';
import { workerData } from 'node:worker_threads';
import { openStore } from '@track-record/store';
import { hourPages, type ReleasedWindow, type StatedHourRow } from '@track-record/store/released';
import { measuredHours, metricsOf, monthlyTableOf, type MeasuredHours } from '../figures.ts';
import type { FiguresCalls, FiguresGiven } from './door-calls.ts';
import { serve } from './serve.ts';

const { databaseUrl } = parseGiven(workerData);
const { db } = openStore(databaseUrl, { connectionsMax: 1 });
serve<FiguresCalls>({
  metrics: async ({ window, period }) => metricsOf(await hoursOf(window), period),
  monthlyTable: async ({ window }) => monthlyTableOf(await hoursOf(window)),
});

async function hoursOf(window: ReleasedWindow): Promise<MeasuredHours> {
  const rows: StatedHourRow[] = [];
  for await (const page of hourPages(db, window)) rows.push(...page);
  return measuredHours(rows);
}

function parseGiven(value: unknown): FiguresGiven {
  return value as FiguresGiven;
}
