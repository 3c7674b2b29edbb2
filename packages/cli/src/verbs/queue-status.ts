// `track-record queue status`: what waits, runs and failed, queue by queue, as the role operator
// may see it: no payload, no output but its code.

import { RecordError } from '@track-record/errors';
import { openStore } from '@track-record/store';
import { queueDepths, type QueueDepth } from '@track-record/store/operator';
import type { Verb, VerbOutput } from '../verb.ts';

const COLUMNS = ['ready', 'deferred', 'active', 'failed'] as const;
const COLUMN_WIDTH = 9;

export const queueStatus: Verb = {
  name: 'queue status',
  summary: 'Show what waits, runs and failed in each queue of DATABASE_OPERATOR_URL.',
  example: 'queue status',
  options: {},
  run,
};

/** The URL holds a password, so it comes from the environment and not from the command line. */
async function run(): Promise<VerbOutput> {
  const url = process.env['DATABASE_OPERATOR_URL'];
  if (url === undefined) {
    throw new RecordError('CONFIG_INVALID', { place: 'DATABASE_OPERATOR_URL' });
  }
  const store = openStore(url, { connectionsMax: 1 });
  try {
    const queues = await queueDepths(store.db);
    return { document: { queues }, text: tableOf(queues) };
  } finally {
    await store.close();
  }
}

function tableOf(queues: readonly QueueDepth[]): string {
  const width = Math.max(5, ...queues.map((queue) => queue.name.length));
  const titles = COLUMNS.map((name) => name.padStart(COLUMN_WIDTH)).join('');
  const head = `${'queue'.padEnd(width)}${titles}`;
  const rows = queues.map(
    (queue) =>
      queue.name.padEnd(width) + COLUMNS.map((name) => queue[name].padStart(COLUMN_WIDTH)).join(''),
  );
  return `${[head, ...rows].join('\n')}\n`;
}
