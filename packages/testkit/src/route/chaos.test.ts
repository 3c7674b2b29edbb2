// The short form of `pnpm chaos`: every kind of disturbance once or twice, for a few accounts.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { runChaos } from './chaos.ts';

const ACCOUNTS = 6;
const HOURS_BEFORE = 20;
const HOURS_AFTER = 4;
const SEED = Number(process.env['CHAOS_SEED'] ?? '1');
const PATIENCE_MS = 180_000;

const options = {
  accounts: ACCOUNTS,
  workers: 2,
  slots: 2,
  hoursBefore: HOURS_BEFORE,
  hoursAfter: HOURS_AFTER,
  disturbancesPerHour: 2,
  patienceMs: 60_000,
  endsAfterMs: Infinity,
  say: () => undefined,
};

let calm: readonly string[];
let wild: readonly string[];

beforeAll(async () => {
  calm = (await runChaos({ ...options, seed: null })).rows;
  wild = (await runChaos({ ...options, seed: SEED })).rows;
}, PATIENCE_MS);

describe('holds', () => {
  test(`seed ${SEED}: what was disturbed is published as if it had not been`, () => {
    expect(wild).toEqual(calm);
  });

  test('no hour is missing, none is doubled', () => {
    expect(wild).toHaveLength(ACCOUNTS * (HOURS_BEFORE + HOURS_AFTER));
    expect(new Set(wild.map((row) => row.split(',').slice(0, 3).join())).size).toBe(wild.length);
  });
});
