// Binance's connector and the real client against the simulated Binance: the scenario that OKX is
// asked for too, and the same true return of every hour.

import { describe, expect, test } from '@jest/globals';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { returnsThrough, trueReturns } from '../simulator/returns-through.ts';
import { startBinanceSimulator } from './simulator.ts';

describe('accepts', () => {
  test('the whole account: the true return of every hour', async () => {
    const scenario = buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 300 });
    const clock = fakeClock(scenario.end + 60_000);
    const simulator = await startBinanceSimulator({ scenario, now: clock.now });
    try {
      const { credentials } = scenario;
      const told = await returnsThrough('binance', simulator, scenario, credentials, clock.now);
      expect(told.returns).toEqual(trueReturns(scenario));
    } finally {
      await simulator.close();
    }
  }, 120_000);
});
