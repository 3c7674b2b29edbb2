// The door as a caller sees it: the real client and server over loopback TLS, with sources made
// here.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RecordError, type Code } from '@track-record/errors';
import { allWell, cannedSources } from '../../testkit/src/rpc/canned-sources.ts';
import { selfSignedCertificate } from '../../testkit/src/tls/self-signed-certificate.ts';
import { connectRpc, type RpcClient } from './client.ts';
import { startRpcServer, type RpcLimits, type RpcServer } from './server.ts';
import { requestHandOver } from './request-hand-over.ts';
import type {
  AccountStatus,
  Figure,
  HourlyReturn,
  OwnedStatus,
  PeriodReturn,
  RpcSources,
} from './sources.ts';

const OWNER = '00000000-0000-4000-8000-000000000001';
const ACCOUNT = '00000000-0000-4000-8000-0000000000a1';
const OTHER_ACCOUNT = '00000000-0000-4000-8000-0000000000a2';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_10000_MS = 253_402_300_800_000;

const account: AccountStatus = {
  accountId: ACCOUNT,
  state: 'paused',
  lastHourMs: 1_767_225_600_000,
  hoursMissing: 3,
  code: 'VENUE_IP_REJECTED',
  syncing: true,
  coverage: '0.9975',
  queuePosition: 12,
  backfill: { hoursTotal: 8760, hoursDone: 8757, percent: 99 },
};
const idle: AccountStatus = {
  ...account,
  accountId: OTHER_ACCOUNT,
  state: 'active',
  lastHourMs: null,
  code: null,
  coverage: null,
  queuePosition: null,
  backfill: null,
};

function hourAt(index: number): HourlyReturn {
  return {
    hourMs: 1_767_225_600_000 + index * HOUR_MS,
    status: 'measured',
    reason: null,
    hourlyReturn: '-0.000123456789012345',
    coverage: '1',
    provenance: index % 2 === 0 ? 'observed' : 'backfilled',
    sequence: index + 1,
    statementHash: Buffer.alloc(32, index),
  };
}

function statementAt(index: number) {
  return { sequence: index, body: Buffer.alloc(100, index), signature: Buffer.alloc(64, index) };
}

const unmeasured: HourlyReturn = {
  ...hourAt(0),
  status: 'no_capital',
  reason: 'RETURNS_NAV_NOT_POSITIVE',
  hourlyReturn: null,
};

const day: PeriodReturn = { startMs: 0, hours: 24, periodReturn: '-0.01', reason: null };
const lost: PeriodReturn = { startMs: 86_400_000, hours: 1, periodReturn: null, reason: 'ruined' };
const sharpe: Figure = { name: 'sharpe_annual', value: null, reason: 'fewer_than_two' };

const answering = cannedSources({
  statusOf: async () => [account, idle].map((each) => ({ ...each, ownerId: OWNER })),
  headOf: async () => 100,
  hourlyReturns: async function* () {
    for (let page = 0; page < 10; page += 1) {
      yield Array.from({ length: 100 }, (_, index) => hourAt(page * 100 + index));
    }
    yield [unmeasured];
  },
  dailyReturns: async function* () {
    yield [day];
    yield [lost];
  },
  monthlyTable: async () => ({ months: [day, lost], years: [day] }),
  metrics: async () => ({ figures: [sharpe], returns: 1, hoursWithoutReturn: 3 }),
  checkpoint: async () => Buffer.from('a signed note'),
  statements: async function* () {
    for (let index = 0; index < 100; index += 1) yield [statementAt(index)];
  },
  attestation: async (nonce) => ({
    evidenceFormat: 'track-record-evidence/1',
    evidence: Buffer.from('{}'),
    insecure: true,
    signingPublicKey: Buffer.alloc(32, 1),
    intakePublicKey: Buffer.alloc(32, 2),
    tlsSpkiSha256: spkiSha256,
    nonceSignature: Buffer.from(nonce),
  }),
  submitShare: async (holder, message) => {
    shares.push([holder, Buffer.from(message).toString('hex')]);
    return { held: 1, threshold: 3 };
  },
  handOver: async (evidence, release) => [Buffer.concat([evidence, release])],
});
const shares: (readonly string[])[] = [];
const share = Buffer.alloc(123, 1);

const tls = selfSignedCertificate();
const spkiSha256 = createHash('sha256').update(tls.spki).digest();
const open: (() => Promise<void> | void)[] = [];
const bugs: unknown[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  bugs.length = 0;
});

async function start(
  sources: Partial<RpcSources> = {},
  limits: Partial<RpcLimits> = {},
): Promise<RpcServer> {
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    access: null,
    now: Date.now,
    sources: { ...answering, ...sources },
    onBug: (_method, error) => bugs.push(error),
    limits,
  });
  open.push(() => server.stop(100));
  return server;
}

async function clientOf(server: RpcServer, deadlineMs = 20_000): Promise<RpcClient> {
  const client = await connectRpc({
    endpoint: `127.0.0.1:${server.port}`,
    trust: { spkiSha256 },
    deadlineMs,
  });
  open.push(() => client.close());
  return client;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function codeOfFailure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof RecordError ? error.code : String(error)),
  );
}

describe('accepts', () => {
  it('each question over a pinned key', async () => {
    const client = await clientOf(await start());
    expect(await client.statusOf(OWNER, null)).toEqual([account, idle]);
    expect(await client.statusOf(OWNER, ACCOUNT)).toEqual([account]);
    expect(await collect(client.dailyReturns(ACCOUNT, 0, 2 * DAY_MS))).toEqual([day, lost]);
    expect(await client.monthlyTable(ACCOUNT)).toEqual({ months: [day, lost], years: [day] });
    const window = { fromMs: 0, toMs: HOUR_MS, period: 'hour' } as const;
    const figures = { figures: [sharpe], returns: 1, hoursWithoutReturn: 3 };
    expect(await client.metrics(ACCOUNT, window)).toEqual(figures);
    expect(Buffer.from(await client.checkpoint()).toString()).toBe('a signed note');
    const hours = await collect(client.hourlyReturns(ACCOUNT, 0, HOUR_MS));
    expect(hours).toEqual([
      ...Array.from({ length: 1000 }, (_, index) => hourAt(index)),
      unmeasured,
    ]);
    const statements = await collect(client.statements(ACCOUNT, 0, YEAR_10000_MS));
    expect(statements).toHaveLength(100);
    expect(statements[99]).toEqual({
      body: Buffer.alloc(100, 99),
      signature: Buffer.alloc(64, 99),
    });
    for (const size of [0, 32, 64]) {
      const evidence = await client.attestation(Buffer.alloc(size, 7));
      expect(evidence.nonceSignature).toEqual(Buffer.alloc(size, 7));
      expect(evidence.insecure).toBe(true);
    }
    expect(await client.isServing('')).toBe(true);
    expect(bugs).toEqual([]);
  });

  it('a watch, which tells the present health and each change', async () => {
    let works = true;
    const health = async () => ({ ...allWell, queue: works });
    const client = await clientOf(await start({ health }));
    const seen: boolean[] = [];
    for await (const serving of client.watchServing('queue')) {
      seen.push(serving);
      works = !works;
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([true, false, true]);
    expect(await client.isServing('database')).toBe(true);
  });
});

describe('accepts', () => {
  it('a share, and a hand-over of the size of a large manifest', async () => {
    const server = await start();
    const client = await clientOf(server);
    expect(await client.submitShare('ann', share)).toEqual({ held: 1, threshold: 3 });
    expect(shares).toEqual([['ann', '01'.repeat(123)]]);
    const request = [Buffer.alloc(90_000, 1), Buffer.alloc(160_000, 2)] as const;
    const [answer] = await requestHandOver(`127.0.0.1:${server.port}`, ...request);
    expect(Buffer.from(answer ?? [])).toEqual(Buffer.concat(request));
    expect(await client.handOver(...request)).toHaveLength(1);
  });

  it('whoever answers, for a caller that trusts nobody', async () => {
    const endpoint = `127.0.0.1:${(await start()).port}`;
    const client = await connectRpc({ endpoint, trust: { untrusted: true }, deadlineMs: 5_000 });
    expect(await client.isServing('')).toBe(true);
    client.close();
  });
});

describe('refuses', () => {
  const windows: readonly [string, string, number, number][] = [
    ['an account that is no UUID', 'a1', 0, 1],
    ['an account in capitals', ACCOUNT.toUpperCase(), 0, 1],
    ['an account with a line break', `${ACCOUNT}\n`, 0, 1],
    ['an empty window', ACCOUNT, 5, 5],
    ['reversed times', ACCOUNT, 5, 4],
    ['a time before 1970', ACCOUNT, -1, 4],
    ['a time after the year 9999', ACCOUNT, 0, YEAR_10000_MS + 1],
    ['the largest 64-bit time', ACCOUNT, 0, 2 ** 62],
  ];
  it.each(windows)('%s: ARGUMENT_INVALID', async (_name, accountId, fromMs, toMs) => {
    const client = await clientOf(await start());
    const hours = collect(client.hourlyReturns(accountId, fromMs, toMs));
    expect(await codeOfFailure(hours)).toBe('ARGUMENT_INVALID');
    const statements = collect(client.statements(accountId, fromMs, toMs));
    expect(await codeOfFailure(statements)).toBe('ARGUMENT_INVALID');
  });

  it('nonces of every other length: ARGUMENT_INVALID', async () => {
    const client = await clientOf(await start());
    for (const size of [1, 31, 65, 500]) {
      const evidence = client.attestation(Buffer.alloc(size));
      expect(await codeOfFailure(evidence)).toBe('ARGUMENT_INVALID');
    }
    expect(await codeOfFailure(client.statusOf('x', null))).toBe('ARGUMENT_INVALID');
    expect(await codeOfFailure(client.statusOf(OWNER, 'x'))).toBe('ARGUMENT_INVALID');
  });

  it.each([
    ['a holder without a name', '', share],
    ['a name with a space', 'an n', share],
    ['a long name', 'a'.repeat(65), share],
  ])('%s: ARGUMENT_INVALID', async (_name, holder, message) => {
    const client = await clientOf(await start());
    expect(await codeOfFailure(client.submitShare(holder, message))).toBe('ARGUMENT_INVALID');
  });

  it('a hand-over, with the code of the enclave that was asked', async () => {
    const fail = () => Promise.reject(new RecordError('MANIFEST_SVN'));
    const { port } = await start({ ...answering, handOver: fail });
    const request = [Buffer.of(1), Buffer.of(2)] as const;
    const asked = requestHandOver(`127.0.0.1:${port}`, ...request);
    expect(await codeOfFailure(asked)).toBe('MANIFEST_SVN');
    expect(await codeOfFailure(requestHandOver('127.0.0.1:1', ...request))).toBe('RPC_UNAVAILABLE');
  });

  it('a message above the size limit: RPC_OVERLOADED', async () => {
    const client = await clientOf(await start());
    expect(await codeOfFailure(client.attestation(Buffer.alloc(300_000)))).toBe('RPC_OVERLOADED');
    expect(await client.isServing('')).toBe(true);
  });

  const failures: readonly Code[] = ['ACCOUNT_UNKNOWN', 'STORE_UNAVAILABLE', 'STORE_ROW_UNTRUSTED'];
  it.each(failures)('a source that fails with %s', async (expected) => {
    const fail = () => {
      throw new RecordError(expected, { cause: new Error('secret-marker') });
    };
    const hourlyReturns = async function* () {
      yield [hourAt(0)];
      fail();
    };
    const client = await clientOf(await start({ statusOf: async () => fail(), hourlyReturns }));
    expect(await codeOfFailure(client.statusOf(OWNER, null))).toBe(expected);
    const hours = collect(client.hourlyReturns(ACCOUNT, 0, 1));
    expect(await codeOfFailure(hours)).toBe(expected);
    expect(bugs).toEqual([]);
  });

  it('to tell more than INTERNAL about a bug, and reports it inside', async () => {
    const bug = new Error('secret-marker');
    const statusOf = () => Promise.reject(bug);
    const client = await clientOf(await start({ statusOf }));
    const error: unknown = await client.statusOf(OWNER, null).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'INTERNAL', cause: { code: 13, details: 'INTERNAL' } });
    expect(bugs).toEqual([bug]);
  });

  it('to send a reason, ratio or format that is not of its closed form: INTERNAL', async () => {
    const free = 'sold 3 BTC';
    const forms: Partial<HourlyReturn>[] = [
      { reason: free },
      { hourlyReturn: free },
      { coverage: free },
    ];
    for (const form of forms) {
      const hourlyReturns = async function* () {
        yield [{ ...hourAt(0), ...form }];
      };
      const client = await clientOf(await start({ hourlyReturns }));
      const hours = collect(client.hourlyReturns(ACCOUNT, 0, 1));
      expect(await codeOfFailure(hours)).toBe('INTERNAL');
    }
  });

  it('more calls than its limit: RPC_OVERLOADED, while health answers', async () => {
    const gate = Promise.withResolvers<readonly OwnedStatus[]>();
    const server = await start({ statusOf: () => gate.promise }, { callsMax: 4, streamsMax: 0 });
    const client = await clientOf(server);
    const held = Array.from({ length: 4 }, () => client.statusOf(OWNER, null));
    await sleep(50);
    expect(await codeOfFailure(client.statusOf(OWNER, null))).toBe('RPC_OVERLOADED');
    expect(await codeOfFailure(collect(client.hourlyReturns(ACCOUNT, 0, 1)))).toBe(
      'RPC_OVERLOADED',
    );
    expect(await client.isServing('')).toBe(true);
    gate.resolve([]);
    expect(await Promise.all(held)).toEqual([[], [], [], []]);
    expect(await client.statusOf(OWNER, null)).toEqual([]);
  });

  it('to wait beyond its limit or the deadline of the client: RPC_DEADLINE', async () => {
    const never = new Promise<never>(() => {});
    const hourlyReturns = async function* () {
      yield await never;
    };
    const limits = { unaryTimeoutMs: 100, streamTimeoutMs: 100 };
    const server = await start({ statusOf: () => never, hourlyReturns }, limits);
    const patient = await clientOf(server);
    expect(await codeOfFailure(patient.statusOf(OWNER, null))).toBe('RPC_DEADLINE');
    expect(await codeOfFailure(collect(patient.hourlyReturns(ACCOUNT, 0, 1)))).toBe('RPC_DEADLINE');
    const hurried = await clientOf(await start({ statusOf: () => never }), 100);
    expect(await codeOfFailure(hurried.statusOf(OWNER, null))).toBe('RPC_DEADLINE');
  });

  it('an unknown component of health', async () => {
    const client = await clientOf(await start());
    const name = 'disk' as 'queue';
    expect(await codeOfFailure(client.isServing(name))).toBe('ARGUMENT_INVALID');
    for await (const serving of client.watchServing(name)) {
      expect(serving).toBe(false);
      break;
    }
  });
});

describe('holds', () => {
  it('a watch tells all accounts, then what changed, with one question for all', async () => {
    let questions = 0;
    const statusOf: RpcSources['statusOf'] = async (owners) => {
      questions += 1;
      const changing = { ...account, hoursMissing: questions > 3 ? 1 : 3 };
      return owners.flatMap((ownerId) => [changing, idle].map((each) => ({ ...each, ownerId })));
    };
    const client = await clientOf(await start({ statusOf }));
    const seen = await Promise.all(
      [OWNER, ACCOUNT].map(async (owner) => {
        const told: (readonly AccountStatus[])[] = [];
        for await (const accounts of client.watchStatus(owner, null)) {
          told.push(accounts);
          if (told.length === 2) break;
        }
        return told;
      }),
    );
    for (const told of seen) expect(told.map((each) => each.length)).toEqual([2, 1]);
    // One when each began, and one a second for both.
    expect(questions).toBeLessThan(6);
  });

  it('a cancelled stream returns the source, and the abort reason reaches the caller', async () => {
    const returned = Promise.withResolvers<string>();
    const hourlyReturns = async function* () {
      try {
        for (let index = 0; ; index += 1) {
          yield [hourAt(index)];
          await sleep(1);
        }
      } finally {
        returned.resolve('returned');
      }
    };
    const client = await clientOf(await start({ hourlyReturns }));
    const cancel = new AbortController();
    const reading = (async () => {
      for await (const _hour of client.hourlyReturns(ACCOUNT, 0, 1, cancel.signal)) {
        cancel.abort(new RecordError('INTERNAL'));
      }
    })();
    expect(await codeOfFailure(reading)).toBe('INTERNAL');
    expect(await returned.promise).toBe('returned');
    expect(bugs).toEqual([]);
  });

  it('a slow reader holds the source back, whatever there is to send', async () => {
    let made = 0;
    const statements = async function* () {
      for (; made < 20_000; made += 1) {
        yield [{ ...statementAt(made), body: Buffer.alloc(20_000, made) }];
      }
    };
    const client = await clientOf(await start({ statements }));
    let read = 0;
    for await (const _statement of client.statements(ACCOUNT, 0, 1)) {
      read += 1;
      if (read === 1) await sleep(300);
      if (read === 1000) break;
      if (read < 100) expect(made).toBeLessThan(1000);
    }
    await sleep(50);
    expect(made).toBeLessThan(2500);
  });

  it('stop lets a running call end, and ends one that does not', async () => {
    const gate = Promise.withResolvers<readonly OwnedStatus[]>();
    const server = await start({ statusOf: () => gate.promise });
    const client = await clientOf(server);
    const ending = client.statusOf(OWNER, null);
    await sleep(50);
    const stopped = server.stop(5000);
    gate.resolve([]);
    expect(await ending).toEqual([]);
    await stopped;

    const stuck = await start({ statusOf: () => new Promise<never>(() => {}) });
    const waiting = codeOfFailure((await clientOf(stuck, 1000)).statusOf(OWNER, null));
    await sleep(50);
    await stuck.stop(50);
    expect(['RPC_UNAVAILABLE', 'RPC_DEADLINE']).toContain(await waiting);
  });
});
