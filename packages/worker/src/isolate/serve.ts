// An isolate's own end of the line to the one that started it.

import assert from 'node:assert';
import { parentPort } from 'node:worker_threads';
import type { Watched } from './isolate.ts';
import { openLine, type Calls, type Line } from './line.ts';

type NoCalls = Readonly<Record<never, never>>;

export function serve<Ours extends Calls, Theirs extends Calls = NoCalls>(
  ours: Ours,
): Line<Theirs> {
  assert(parentPort !== null);
  const watched: Watched = { ping: async () => null };
  return openLine<Theirs>(parentPort, { ...ours, ...watched });
}
