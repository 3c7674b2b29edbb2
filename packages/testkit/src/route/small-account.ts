// The account that the route's tests share: two days of trading, connected near their end, so that
// most hours are backfilled and the last ones observed.

import { buildScenario } from '../scenario/build-scenario.ts';

export const HOUR_MS = 3_600_000;
export const START = Date.UTC(2026, 0, 5);
export const HOURS = 48;
/** Of the hours these are there when the account is connected; two more follow as they pass. */
export const HOURS_BEFORE = 46;
/** When in the hour the worker looks: the venue's rows of the hour before are final by then. */
const LOOK_MS = 13 * 60_000;
export const CONNECTED_AT = START + HOURS_BEFORE * HOUR_MS + LOOK_MS;
export const OBSERVED_AT = CONNECTED_AT + 2 * HOUR_MS;
/** The last hours that are final at these two instants. */
export const LAST_BACKFILLED = START + (HOURS_BEFORE - 1) * HOUR_MS;
export const LAST_OBSERVED = LAST_BACKFILLED + 2 * HOUR_MS;
export const MASTER_KEY = '5e'.repeat(32);

export const scenario = buildScenario({ seed: 11, start: START, hours: HOURS, fills: 150 });
