// `track-record keys split`: the ceremony. Makes a master key and splits it among holders, on a
// machine that is then wiped. docs/unseal.md says what the files are.

import { count, splitNewKey } from '../key-files.ts';
import { requiredText } from '../input.ts';
import { UsageError, type Verb } from '../verb.ts';

const RELEASE_KEY = /^[0-9a-f]{64}$/;

export const keysSplit: Verb = {
  name: 'keys split',
  summary: 'Make a master key, split it among holders, and name them and the release keys.',
  example:
    'keys split --threshold 3 --holders 5 --release-keys HEX,HEX --release-threshold 2 -o ceremony',
  options: {
    threshold: { type: 'string' },
    holders: { type: 'string' },
    'release-keys': { type: 'string' },
    'release-threshold': { type: 'string' },
    output: { type: 'string', short: 'o' },
  },
  run: async ({ options }) => {
    const releaseKeys = requiredText(options, 'release-keys', 'HEX,HEX').split(',');
    const releaseThreshold = count(options, 'release-threshold');
    const isFormed = releaseKeys.every((key) => RELEASE_KEY.test(key));
    if (!isFormed || releaseThreshold > new Set(releaseKeys).size) {
      throw new UsageError('--release-keys takes Ed25519 public keys in hex, and so many of them.');
    }
    return await splitNewKey(options, { releaseKeys, releaseThreshold }, null);
  },
};
