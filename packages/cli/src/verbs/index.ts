import type { Verb } from '../verb.ts';
import { metrics } from './metrics.ts';

/** Every verb, in the order the help lists them. One file per verb. */
export const verbs: readonly Verb[] = [metrics];
