// `pnpm chaos [--seed N] [--minutes N] [--accounts N] [--hours N]`: the long form of chaos.test.ts.
// Half of the minutes are for a calm run; the disturbed one goes through the same hours.

import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';

const MINUTE_MS = 60_000;
/** All accounts' first synchronisations, on a machine that does other things too. */
const PATIENCE_MS = 15 * MINUTE_MS;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
    accounts: { type: 'string', default: '200' },
    hours: { type: 'string', default: '48' },
  },
});
const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
const [accounts, hoursAfter] = [Number(values.accounts), Number(values.hours)];
const options = {
  accounts,
  workers: 3,
  slots: 8,
  hoursBefore: 20,
  disturbancesPerHour: 2,
  patienceMs: PATIENCE_MS,
  say: (line: string) => console.error(line),
};
const calm = await runChaos({
  ...options,
  hoursAfter,
  seed: null,
  endsAfterMs: (minutes / 2) * MINUTE_MS,
});
const wild = await runChaos({ ...options, hoursAfter: calm.hours, seed, endsAfterMs: Infinity });
const keys = new Set(wild.rows.map((row) => row.split(',').slice(0, 3).join()));
const findings = [
  ['as many rows as accounts have hours', wild.rows.length === accounts * (20 + calm.hours)],
  ['no hour twice', keys.size === wild.rows.length],
  ['every byte as in the calm run', wild.rows.join('\n') === calm.rows.join('\n')],
] as const;
console.log(
  `seed ${seed}: ${accounts} accounts, ${calm.hours} of ${hoursAfter} hours in the time given`,
);
for (const [what, holds] of findings) console.log(`${holds ? 'holds' : 'FAILS'}  ${what}`);
process.exit(findings.every(([, holds]) => holds) ? 0 : 1);
