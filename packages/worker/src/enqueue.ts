// Adds jobs inside a transaction of ours, with the key under which their queue is exclusive.

import type { RouteContext } from '@track-record/jobs/context';
import { fromKysely, type PgBoss } from 'pg-boss';

export function enqueueInto(boss: PgBoss): RouteContext['enqueue'] {
  return async (trx, queue, payloads) => {
    if (payloads.length === 0) return;
    const jobs = payloads.map((payload) => ({
      data: queue.format(payload),
      singletonKey: queue.keyOf(payload),
    }));
    await boss.insert(queue.name, jobs, { db: fromKysely(trx) });
  };
}
