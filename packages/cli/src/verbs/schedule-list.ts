// `track-record schedule list`: what begins by the clock, and when it last ended well.

import { listSchedules, type ScheduleRow } from '@track-record/store/operator';
import { asOperator, checkAlone } from '../operator/session.ts';
import { ageOf, tableOf, type Column } from '../operator/table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const scheduleList: Verb = {
  name: 'schedule list',
  summary: 'List the schedules and when each last ended well.',
  example: 'schedule list',
  options: {},
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const schedules = await asOperator((db) => listSchedules(db));
  const now = Date.now();
  const columns: readonly Column<ScheduleRow>[] = [
    { title: 'queue', of: ({ queue }) => queue },
    { title: 'cron', of: ({ cron }) => cron },
    { title: 'zone', of: ({ timezone }) => timezone },
    { title: 'last done', of: ({ lastCompleted }) => ageOf(lastCompleted, now), right: true },
  ];
  const text = tableOf(columns, schedules, 'No schedule: no worker has started on this database.');
  return { document: { schedules }, text };
}
