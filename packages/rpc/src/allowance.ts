// How often somebody may do something within a stretch of time. Whoever asks chooses its name only
// as far as it can have many certificates or addresses.

export interface Allowance {
  readonly most: number;
  readonly withinMs: number;
}

/** Names counted at once. Beyond, all begin anew: memory is bounded before fairness is. */
const NAMES_MAX = 4_096;

/** Whether this once more is within it. */
export function allowances({ most, withinMs }: Allowance): (name: string) => boolean {
  const counts = new Map<string, number>();
  return (name) => {
    if (counts.size >= NAMES_MAX) counts.clear();
    if (counts.size === 0) setTimeout(() => counts.clear(), withinMs).unref();
    const before = counts.get(name);
    const count = before === undefined ? 1 : before + 1;
    counts.set(name, count);
    return count <= most;
  };
}
