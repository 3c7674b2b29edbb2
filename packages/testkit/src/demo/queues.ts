// The queues as the role operator sees them: states and counts, no payload.

import { openStore } from '@track-record/store';

export async function readQueues(operatorUrl: string): Promise<string[]> {
  const store = openStore(operatorUrl, { connectionsMax: 1 });
  try {
    const jobs = await store.db
      .selectFrom('operator.job')
      .select(({ fn }) => ['name', 'state', fn.countAll<string>().as('jobs')])
      .groupBy(['name', 'state'])
      .orderBy('name')
      .orderBy('state')
      .execute();
    return [
      '  queue                       state         jobs',
      ...jobs.map(
        ({ name, state, jobs: count }) =>
          `  ${(name ?? '').padEnd(27)} ${(state ?? '').padEnd(10)} ${count.padStart(7)}`,
      ),
    ];
  } finally {
    await store.close();
  }
}
