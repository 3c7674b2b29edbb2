// `track-record queue status`: how many hours are missing, and what waits, runs and failed, queue
// by queue, as the role operator may see it: no payload, no output but its code.

import {
  queueDepths,
  venueDepths,
  type QueueDepth,
  type VenueDepth,
} from '@track-record/store/operator';
import { asOperator, checkAlone } from '../operator/session.ts';
import { ageOf, tableOf, type Column } from '../operator/table.ts';
import { hoursLine } from '../operator/venues-table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

export const queueStatus: Verb = {
  name: 'queue status',
  summary: 'Show the missing hours, and what waits, runs and failed in each queue.',
  example: 'queue status --watch',
  options: {},
  canWatch: true,
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  return asOperator(async (db) => {
    const queues = await queueDepths(db);
    const venues = await venueDepths(db);
    return { document: { queues, venues }, text: textOf(queues, venues, Date.now()) };
  });
}

function textOf(queues: readonly QueueDepth[], venues: readonly VenueDepth[], now: number): string {
  const columns: readonly Column<QueueDepth>[] = [
    { title: 'queue', of: ({ name }) => name },
    { title: 'ready', of: ({ ready }) => ready, right: true },
    { title: 'later', of: ({ deferred }) => deferred, right: true },
    { title: 'active', of: ({ active }) => active, right: true },
    { title: 'failed', of: ({ failed }) => failed, right: true },
    { title: 'oldest', of: ({ oldestReady }) => ageOf(oldestReady, now), right: true },
    { title: '', of: ({ held }) => (held ? 'held back' : '') },
  ];
  const table = tableOf(columns, queues, 'No queue: no worker has started on this database.');
  return `${hoursLine(venues)}\n\n${table}`;
}
