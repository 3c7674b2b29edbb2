// `track-record keys rotate`: another master key in the place of the one that a succession names.
// An enclave that is started with the new succession takes both keys from their holders, seals
// every root again while jobs run, and lets the old one go; `keys list` shows how far it is.

import { readSuccession, splitNewKey } from '../key-files.ts';
import type { Verb } from '../verb.ts';

export const keysRotate: Verb = {
  name: 'keys rotate',
  summary: 'Make another master key to take the place of the one that a succession names.',
  example: 'keys rotate --succession succession.json --threshold 3 --holders 5 -o ceremony-2',
  options: {
    succession: { type: 'string' },
    threshold: { type: 'string' },
    holders: { type: 'string' },
    output: { type: 'string', short: 'o' },
  },
  run: async ({ options }) => {
    const { quorum, releaseKeys, releaseThreshold } = await readSuccession(options);
    return await splitNewKey(options, { releaseKeys, releaseThreshold }, quorum);
  },
};
