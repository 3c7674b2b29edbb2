// The queues that this worker serves, each with its route. This is the only place that creates
// queues: the first creator's options win silently in pg-boss, so creation is followed by an update
// to the same options.

import { connectAccountQueue } from '@track-record/jobs/connect-account/queue';
import { connectAccount } from '@track-record/jobs/connect-account/route';
import { dispatchHourlyQueue } from '@track-record/jobs/dispatch-hourly/queue';
import { dispatchHourly } from '@track-record/jobs/dispatch-hourly/route';
import type { RouteContext } from '@track-record/jobs/context';
import {
  DEAD_LETTER_QUEUE,
  DEAD_LETTER_RETENTION_SECONDS,
  type QueueDefinition,
} from '@track-record/jobs/queue';
import { publishCheckpointQueue } from '@track-record/jobs/publish-checkpoint/queue';
import { publishCheckpoint, type LogDesk } from '@track-record/jobs/publish-checkpoint/route';
import { reaggregateAccountQueue } from '@track-record/jobs/reaggregate-account/queue';
import { reaggregateAccount } from '@track-record/jobs/reaggregate-account/route';
import { proveClaimQueue } from '@track-record/jobs/prove-claim/queue';
import { proveClaim } from '@track-record/jobs/prove-claim/route';
import { releaseResultsQueue } from '@track-record/jobs/release-results/queue';
import { releaseResults } from '@track-record/jobs/release-results/route';
import { backfillAccountQueue, syncAccountQueue } from '@track-record/jobs/sync-account/queue';
import { syncAccount } from '@track-record/jobs/sync-account/route';
import type { PgBoss } from 'pg-boss';

export interface ServedQueue {
  readonly name: string;
  /** Whom its jobs ask, where that is one venue. */
  readonly venue: string | null;
  readonly isBackfill: boolean;
  readonly run: (data: unknown, context: RouteContext) => Promise<void>;
  readonly definition: Omit<QueueDefinition<never>, 'parse' | 'keyOf'>;
}

export function servedQueues(venues: Iterable<string>): readonly ServedQueue[] {
  return [
    serve(connectAccountQueue, connectAccount),
    serve(reaggregateAccountQueue, reaggregateAccount),
    serve(proveClaimQueue, proveClaim),
    serve(releaseResultsQueue, releaseResults),
    serve(dispatchHourlyQueue, (_payload, context) => dispatchHourly(context)),
    ...[...venues].flatMap((venue) => [
      { ...serve(syncAccountQueue(venue), syncAccount), venue },
      { ...serve(backfillAccountQueue(venue), syncAccount), venue, isBackfill: true },
    ]),
  ];
}

/** The public log's key is this queue's alone. */
export function logQueue(log: LogDesk): ServedQueue {
  return serve(publishCheckpointQueue, (_payload, context) => publishCheckpoint(context, log));
}

/** Creates what is missing, brings options up to date and sets the schedules. */
export async function reconcileQueues(boss: PgBoss, queues: readonly ServedQueue[]): Promise<void> {
  await boss.createQueue(DEAD_LETTER_QUEUE, { deleteAfterSeconds: DEAD_LETTER_RETENTION_SECONDS });
  for (const { definition, name } of queues) {
    const { policy, ...options } = definition.policy;
    const deadLetter = DEAD_LETTER_QUEUE;
    await boss.createQueue(name, { policy, ...options, deadLetter });
    await boss.updateQueue(name, { ...options, deadLetter });
    if (definition.cron !== null) {
      await boss.schedule(name, definition.cron, {}, { tz: 'UTC', missed: 'once' });
      // What fell due while no worker ran is looked for at once.
      await boss.send(name, {});
    }
  }
}

function serve<Payload>(
  definition: QueueDefinition<Payload>,
  route: (payload: Payload, context: RouteContext) => Promise<void>,
): ServedQueue {
  return {
    name: definition.name,
    venue: null,
    isBackfill: false,
    definition,
    run: async (data, context) => route(definition.parse(data), context),
  };
}
