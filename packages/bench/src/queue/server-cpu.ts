// CPU time of a PostgreSQL server and of every backend it has or had, from Linux's process table.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Clock ticks of Linux's process table are hundredths of a second on every platform of ours. */
const MS_PER_TICK = 10;

interface Usage {
  readonly parent: number;
  /** Its own, and that of children that have ended. */
  readonly ticks: number;
}

export function serverCpuMs(dataDirectory: string): number {
  const [pid] = readFileSync(path.join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
  const server = Number(pid);
  let ticks = 0;
  for (const name of readdirSync('/proc').filter((each) => /^[0-9]+$/.test(each))) {
    const usage = usageOf(name);
    if (usage !== null && (Number(name) === server || usage.parent === server)) {
      ticks += usage.ticks;
    }
  }
  return ticks * MS_PER_TICK;
}

/** Null when the process has ended meanwhile. */
function usageOf(pid: string): Usage | null {
  const file = `/proc/${pid}/stat`;
  const stat = existsSync(file) ? readFileSync(file, 'utf8') : '';
  // The name in parentheses may hold spaces; what follows it does not.
  const fields = stat.split(') ').at(-1)?.split(' ') ?? [];
  const [, parent, , , , , , , , , , user, system, childUser, childSystem] = fields.map(Number);
  if (parent === undefined) return null;
  const ticks = [user, system, childUser, childSystem].map((each = NaN) => each);
  return { parent, ticks: ticks.reduce((sum, each) => sum + each) };
}
