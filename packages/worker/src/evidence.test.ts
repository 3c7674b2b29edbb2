// Time is the test's: hours pass in an instant. What the door makes of it, and what an auditor, is
// tested in packages/testkit/src/tsm.

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { codeOf, type Code } from '@track-record/errors';
import { fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { fakeTsm, type FakeTsm } from '../../testkit/src/tsm/fake-tsm.ts';
import { parseConfig, type Config } from './config.ts';
import { bindingOf, openEvidence, type ServedEvidence } from './evidence.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const authority = fakeAmdAuthority();
const settings = { DATABASE_URL: 'postgres://u@h/d', ENCRYPTION_KEY: 'read by sealing alone' };
const tls = { certificatePem: '', privateKeyPem: '', spkiSha256: new Uint8Array(32).fill(2) };
const identity = { tls, codeSha256: new Uint8Array(), succession: null };

let told: unknown[] = [];
let bugs: unknown[] = [];

beforeEach(() => {
  jest.useFakeTimers({ now: START, doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate'] });
  told = [];
  bugs = [];
});

afterEach(() => {
  jest.useRealTimers();
});

function configOf(change: Readonly<Record<string, string>> = {}): Config {
  return parseConfig({ ...settings, AMD_SEV_SNP: 'true', ...change });
}

function open({ files }: FakeTsm, config = configOf()): Promise<ServedEvidence> {
  const options = {
    config,
    clock: () => Date.now(),
    log: (_event: string, fields: { readonly code?: Code } = {}) => {
      told.push(fields.code);
    },
    tsmFiles: files,
    onBug: (error: unknown) => {
      bugs.push(error);
    },
  };
  return openEvidence(options, bindingOf(config, identity, {}));
}

/** When the served evidence was collected. */
function collectedAt(served: ServedEvidence): number {
  const { collectedAt: at } = JSON.parse(Buffer.from(served.bytes()).toString()) as {
    readonly collectedAt: string;
  };
  return Date.parse(at);
}

async function pass(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) {
    jest.advanceTimersByTime(HOUR_MS);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('accepts', () => {
  test('evidence is renewed about every hour', async () => {
    const tsm = fakeTsm({ authority });
    const served = await open(tsm);
    expect(collectedAt(served)).toBe(START);
    await pass(5);
    expect(collectedAt(served)).toBeGreaterThan(START + 4 * HOUR_MS);
    expect(tsm.requests.length).toBeGreaterThanOrEqual(6);
    expect(new Set(tsm.requests.map((data) => data.toString('hex'))).size).toBe(1);
    expect(served.isCurrent()).toBe(true);
    expect(told).toEqual([]);
    // A setting gives the master key here.
    expect(served.insecure).toBe(true);
    expect(JSON.parse(Buffer.from(served.bytes()).toString())).toMatchObject({ insecure: true });
    served.stop();
  });

  test('development evidence is made once and never is out of date', async () => {
    const tsm = fakeTsm({ authority });
    const served = await open(tsm, configOf({ AMD_SEV_SNP: 'false' }));
    await pass(100);
    expect(served).toMatchObject({ format: 'track-record-development/1', insecure: true });
    expect(served.isCurrent()).toBe(true);
    expect(tsm.requests).toEqual([]);
    served.stop();
  });
});

describe('refuses', () => {
  test('to call evidence current when renewals keep failing, and goes on serving it', async () => {
    const tsm = fakeTsm({ authority });
    const served = await open(tsm);
    tsm.failFirmware();
    await pass(2);
    expect(served.isCurrent()).toBe(true);
    await pass(3);
    expect(served.isCurrent()).toBe(false);
    expect(collectedAt(served)).toBe(START);
    expect(told[0]).toBe('ATTESTATION_UNAVAILABLE');
    expect(new Set(told.slice(1))).toEqual(new Set(['ATTESTATION_DISABLED']));
    expect(bugs).toEqual([]);
    served.stop();
  });

  test('to start where the processor gives no reports any more', async () => {
    const tsm = fakeTsm({ authority });
    tsm.fail('read outblob', 'ENOTTY');
    expect(await open(tsm).then(() => 'open', codeOf)).toBe('ATTESTATION_DISABLED');
  });
});

describe('holds', () => {
  test('R54 moved-to-another-chip: the next report is of that chip', async () => {
    const tsm = fakeTsm({ authority });
    const served = await open(tsm);
    const before = served.bytes();
    tsm.moveTo({ chipId: Buffer.alloc(64, 0x77) });
    await pass(1);
    const after = Buffer.from(served.bytes());
    expect(after).not.toEqual(before);
    const { report } = JSON.parse(after.toString()) as { readonly report: string };
    expect(Buffer.from(report, 'base64').subarray(0x1a0, 0x1e0)).toEqual(Buffer.alloc(64, 0x77));
    served.stop();
  });

  test('nothing is asked after a stop', async () => {
    const tsm = fakeTsm({ authority });
    const served = await open(tsm);
    served.stop();
    await pass(3);
    expect(tsm.requests).toHaveLength(1);
  });

  test('a bug is handed on as one', async () => {
    const tsm = fakeTsm({ authority });
    const served = await open(tsm);
    tsm.alterReports(() => {
      throw new TypeError('bug');
    });
    await pass(1);
    expect(told).toEqual(['INTERNAL']);
    expect(bugs).toEqual([new TypeError('bug')]);
    served.stop();
  });

  test('the configuration is bound without secrets and places', async () => {
    const digest = (change: Readonly<Record<string, string>>): string =>
      Buffer.from(bindingOf(configOf(change), identity, {}).configSha256).toString('hex');
    const plain = digest({});
    expect(digest({ ENCRYPTION_KEY: 'another' })).toBe(plain);
    expect(digest({ AMD_SEV_CERTIFICATE_DIRECTORY: '/elsewhere' })).toBe(plain);
    expect(digest({ WORKER_SLOTS: '11' })).not.toBe(plain);
    expect(digest({ ENCLAVE_PEER: 'elsewhere:1' })).toBe(plain);
    expect(digest({ DEVELOPMENT_CLOCK_FILE: 'clock' })).not.toBe(plain);
  });
});
