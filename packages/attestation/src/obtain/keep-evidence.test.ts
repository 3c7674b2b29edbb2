// The clock and the timer are the test's; what is kept is a stand-in, for nobody here reads it.

import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { emptyBinding as binding } from '../binding.ts';
import { writeEvidence, type Evidence } from '../evidence.ts';
import { keepEvidence, type EvidenceKeeper } from './keep-evidence.ts';

const INTERVAL_MS = 3_600_000;

interface Bench {
  readonly keeper: EvidenceKeeper;
  readonly asked: () => number;
  readonly failures: readonly unknown[];
  readonly delays: readonly number[];
  /** What the next requests answer: evidence, or a failure. */
  answer: () => Promise<Evidence>;
  now: number;
  readonly tick: () => void;
  readonly isPlanned: () => boolean;
}

async function bench(jitter = 0): Promise<Bench> {
  const delays: number[] = [];
  const failures: unknown[] = [];
  let asked = 0;
  let planned: (() => void) | null = null;
  const state: { answer: () => Promise<Evidence>; now: number } = {
    now: 0,
    answer: () => Promise.resolve(numbered(asked)),
  };
  const keeper = await keepEvidence({
    collect: () => {
      asked += 1;
      return state.answer();
    },
    elapsed: () => state.now,
    after: (delayMs, act) => {
      delays.push(delayMs);
      planned = act;
      return () => {
        planned = null;
      };
    },
    intervalMs: INTERVAL_MS,
    jitter: () => jitter,
    onFailure: (error) => failures.push(error),
  });
  return Object.assign(state, {
    keeper,
    asked: () => asked,
    failures,
    delays,
    tick: () => planned?.(),
    isPlanned: () => planned !== null,
  });
}

/** Evidence that says which request it answers. */
function numbered(number: number): Evidence {
  const nothing = new Uint8Array();
  return writeEvidence({ report: nothing, certificateTable: nothing }, binding, number);
}

function numberOf({ collectedAt }: Evidence): number {
  return Date.parse(collectedAt);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('accepts', () => {
  test('evidence from the start on, with its age', async () => {
    const at = await bench();
    at.now = 5_000;
    expect(numberOf(at.keeper.current().evidence)).toBe(1);
    expect(at.keeper.current().ageMs).toBe(5_000);
    expect(at.asked()).toBe(1);
  });

  test('the timer renews it, again and again', async () => {
    const at = await bench();
    for (const round of [2, 3, 4]) {
      at.now += INTERVAL_MS;
      at.tick();
      await settled();
      expect(numberOf(at.keeper.current().evidence)).toBe(round);
      expect(at.keeper.current().ageMs).toBe(0);
    }
    expect(at.delays).toEqual(Array(4).fill(INTERVAL_MS));
  });

  test('workers that started together do not ask together', async () => {
    expect((await bench(0.5)).delays).toEqual([INTERVAL_MS * 0.95]);
  });
});

describe('refuses', () => {
  test('a start without evidence', async () => {
    const work = keepEvidence({
      collect: () => Promise.reject(new RecordError('ATTESTATION_UNAVAILABLE')),
      elapsed: () => 0,
      after: () => () => undefined,
      intervalMs: INTERVAL_MS,
      jitter: () => 0,
      onFailure: () => undefined,
    });
    expect(await work.then(() => 'kept', codeOf)).toBe('ATTESTATION_UNAVAILABLE');
  });

  test('a wish for fresh evidence when there is none, asking twice a minute', async () => {
    const at = await bench();
    at.answer = () => Promise.reject(new RecordError('ATTESTATION_UNAVAILABLE'));
    at.now = 30_000;
    for (const _ of [1, 2, 3]) {
      expect(await at.keeper.fresh().then(() => 'given', codeOf)).toBe('ATTESTATION_UNAVAILABLE');
      at.now += 9_999;
    }
    expect(at.asked()).toBe(2);
    expect(numberOf(at.keeper.current().evidence)).toBe(1);
  });
});

describe('holds', () => {
  test('however many want fresh evidence, one request in half a minute', async () => {
    const at = await bench();
    for (; at.now < 300_000; at.now += 100) await at.keeper.fresh();
    expect(at.asked()).toBe(10);
    expect(at.keeper.current().ageMs).toBeLessThanOrEqual(30_000);
  });

  test('those who wait share one answer, however long it takes', async () => {
    const at = await bench();
    const { promise, resolve } = Promise.withResolvers<Evidence>();
    at.answer = () => promise;
    at.now = 30_000;
    const first = at.keeper.fresh();
    at.now = 100_000;
    const second = at.keeper.fresh();
    at.tick();
    resolve(numbered(7));
    expect((await Promise.all([first, second])).map(numberOf)).toEqual([7, 7]);
    expect(at.asked()).toBe(2);
    // Its age counts from the question: the answer may have been made right then.
    expect(at.keeper.current().ageMs).toBe(70_000);
  });

  test('a renewal that fails is told, and the last good evidence stays with its age', async () => {
    const at = await bench();
    at.answer = () => Promise.reject(new RecordError('ATTESTATION_DISABLED'));
    at.now = INTERVAL_MS;
    at.tick();
    await settled();
    expect(at.failures.map(codeOf)).toEqual(['ATTESTATION_DISABLED']);
    expect(at.keeper.current().ageMs).toBe(INTERVAL_MS);
    expect(at.isPlanned()).toBe(true);
  });

  test('asking for what is at hand never asks the security processor', async () => {
    const at = await bench();
    for (; at.now < INTERVAL_MS; at.now += 1_000) at.keeper.current();
    expect(at.asked()).toBe(1);
  });

  test('nothing is planned after a stop', async () => {
    const at = await bench();
    at.tick();
    at.keeper.stop();
    expect(at.isPlanned()).toBe(false);
  });
});
