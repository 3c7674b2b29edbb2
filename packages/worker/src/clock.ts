// The worker's clock: milliseconds UTC. Nothing else in the trusted base reads the time.
// The host controls it; docs/threat-model.md says what a wrong clock can and cannot do.

import { readFileSync } from 'node:fs';

export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/**
 * Development: the time written as milliseconds in a file, so that a test decides what hour it is.
 */
export function fileClock(path: string): Clock {
  return () => Number(readFileSync(path, 'utf8'));
}
