// ccxt keeps to a venue's allowance by waiting on the machine's clock, up to a minute at a time.
// Here its throttle has a clock that runs ahead by what was waited, so that a wait is over at once;
// it counts and queues requests as it always does. Timeouts of requests stay those of the machine.

import { realpathSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { jest } from '@jest/globals';

const CCXT = new URL('../../../venues/node_modules/ccxt/', import.meta.url);

/** Before the first venue of ccxt is loaded. */
export async function hastenAllowances(): Promise<void> {
  const file = realpathSync(new URL('js/src/base/functions/time.js', CCXT));
  const actual: object = await import(pathToFileURL(file).href);
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  const sleep = async (ms: number): Promise<void> => {
    aheadMs += ms;
    await setImmediate();
  };
  jest.unstable_mockModule(file, () => ({ ...actual, now, sleep }));
}
