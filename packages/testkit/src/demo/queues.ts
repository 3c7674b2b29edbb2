// The queues as the role operator sees them: states and counts, no payload.

import pg from 'pg';

interface JobCount {
  readonly name: string;
  readonly state: string;
  readonly jobs: string;
}

export async function readQueues(operatorUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: operatorUrl });
  await client.connect();
  try {
    const { rows } = await client.query<JobCount>(
      'select name, state, count(*) as jobs from operator.job group by 1, 2 order by 1, 2',
    );
    return [
      '  queue                       state         jobs',
      ...rows.map(
        ({ name, state, jobs }) => `  ${name.padEnd(27)} ${state.padEnd(10)} ${jobs.padStart(7)}`,
      ),
    ];
  } finally {
    await client.end();
  }
}
