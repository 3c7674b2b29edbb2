// `track-record queue drain`: workers claim nothing more of a queue, or of any, and what runs goes
// on to its end: before an upgrade, or while a venue is ill.

import { setTimeout as wait } from 'node:timers/promises';
import { drain, queueDepths } from '@track-record/store/operator';
import { asOperator, checkAlone, reasonOf, textOf } from '../operator/session.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** Longer than a worker's poll: what it claimed a moment before the hold is seen. */
const LOOK_MS = 1_000;
/** In a row: a claim may have been under way at the first. */
const EMPTY_LOOKS = 2;

export const queueDrain: Verb = {
  name: 'queue drain',
  summary: 'Hold a queue or all back; --wait for what runs, --off lets go.',
  example: "queue drain --wait --reason 'upgrade to 0.2'",
  options: {
    queue: { type: 'string' },
    wait: { type: 'boolean' },
    off: { type: 'boolean' },
    reason: { type: 'string' },
  },
  run,
};

async function run(input: VerbInput): Promise<VerbOutput> {
  checkAlone(input);
  const { options } = input;
  const queue = textOf(options, 'queue', /^[\w.-]{1,80}$/);
  const hold = options['off'] !== true;
  if (!hold && options['wait'] === true)
    throw new UsageError('--off and --wait exclude each other.');
  const reason = reasonOf(options);
  return asOperator(async (db) => {
    let running = await drain(db, queue, hold, reason);
    for (let empty = 0; options['wait'] === true && empty < EMPTY_LOOKS;) {
      await wait(LOOK_MS);
      const held = (await queueDepths(db)).filter(({ name }) => queue === null || name === queue);
      running = String(held.reduce((sum, { active }) => sum + Number(active), 0));
      empty = running === '0' ? empty + 1 : 0;
      if (running !== '0') input.progress(`${running} still running`);
    }
    const what = queue ?? 'every queue';
    const text = hold
      ? `Held back: ${what}. Still running: ${running}.\n`
      : `Served again: ${what}.\n`;
    return { document: { queue, held: hold, running }, text };
  });
}
