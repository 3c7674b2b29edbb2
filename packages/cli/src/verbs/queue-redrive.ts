// `track-record queue redrive`: dead letters back to the queues they came from.

import { deadLetters, redrive, type DeadLetters } from '@track-record/store/operator';
import { asOperator, checkAlone, limitOf, reasonOf, textOf } from '../operator/session.ts';
import { tableOf, type Column } from '../operator/table.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

const LIMIT = 1_000;

export const queueRedrive: Verb = {
  name: 'queue redrive',
  summary: 'Move dead letters back to their queues; --dry-run counts them.',
  example: "queue redrive --code VENUE_UNEXPECTED_SHAPE --reason 'connector mended'",
  options: {
    queue: { type: 'string' },
    code: { type: 'string' },
    limit: { type: 'string' },
    'dry-run': { type: 'boolean' },
    reason: { type: 'string' },
  },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const { options } = input;
  const filter = {
    queue: textOf(options, 'queue', /^[\w.-]{1,80}$/),
    code: textOf(options, 'code', /^[A-Z][A-Z_]{1,39}$/),
    limit: limitOf(options, LIMIT),
  };
  if (options['dry-run'] === true) {
    const letters = await asOperator((db) => deadLetters(db, filter));
    return { document: { deadLetters: letters }, text: lettersTable(letters) };
  }
  const reason = reasonOf(options);
  const result = await asOperator((db) => redrive(db, filter, reason));
  const { redriven, superseded, skipped } = result;
  const text =
    `Redriven: ${redriven}. Dismissed, because a job of the account is there: ${superseded}. ` +
    `Left, because the account is stopped: ${skipped}.\n`;
  return { document: result, text };
}

function lettersTable(letters: readonly DeadLetters[]): string {
  const columns: readonly Column<DeadLetters>[] = [
    { title: 'queue', of: ({ queue }) => queue },
    { title: 'code', of: ({ code }) => code },
    { title: 'jobs', of: ({ jobs }) => jobs, right: true },
  ];
  return tableOf(columns, letters, 'No dead letter.');
}
