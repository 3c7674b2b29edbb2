// Who may ask what: every method of the door, by every kind of caller, over real mutual TLS with
// tokens of a real issuer. A method without a row in the table fails here.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { testCallers } from '../../testkit/src/rpc/callers.ts';
import { cannedSources } from '../../testkit/src/rpc/canned-sources.ts';
import { selfSignedCertificate } from '../../testkit/src/tls/self-signed-certificate.ts';
import { rules } from './access.ts';
import { connectRpc, signOwnerToken, type RpcClient, type RpcClientOptions } from './client.ts';
import { HealthService } from './generated/grpc/health/v1/health.ts';
import { AttestationService } from './generated/trackrecord/v1/attestation.ts';
import { CheckpointService } from './generated/trackrecord/v1/checkpoint.ts';
import { ResultsService } from './generated/trackrecord/v1/results.ts';
import { StatusService, WatchService } from './generated/trackrecord/v1/status.ts';
import { UnsealService } from './generated/trackrecord/v1/unseal.ts';
import { startRpcServer, type RpcServer } from './server.ts';
import type { OwnedStatus } from './sources.ts';

const OWNER = '00000000-0000-4000-8000-000000000001';
const STRANGER = '00000000-0000-4000-8000-000000000002';
const ACCOUNT = '00000000-0000-4000-8000-0000000000a1';
const SECOND = '00000000-0000-4000-8000-0000000000a2';
const OTHERS = '00000000-0000-4000-8000-0000000000b1';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const gatewayName = ['spiffe://test.example/role/gateway'];
const tls = selfSignedCertificate();
const spkiSha256 = createHash('sha256').update(tls.spki).digest();
const callers = testCallers();
const { authority, issuerKey, access } = callers;
const audience = 'spiffe://test.example/enclave';
const ownerOf: Readonly<Record<string, string>> = {
  [ACCOUNT]: OWNER,
  [SECOND]: OWNER,
  [OTHERS]: STRANGER,
};
const statuses: readonly OwnedStatus[] = Object.entries(ownerOf).map(([accountId, ownerId]) => ({
  accountId,
  ownerId,
  state: 'active',
  lastHourMs: null,
  hoursMissing: 0,
  code: null,
  syncing: false,
  coverage: null,
  queuePosition: null,
  backfill: null,
}));
const open: RpcClient[] = [];
const asked: string[] = [];
let server: RpcServer;

beforeAll(async () => {
  server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    access,
    now: Date.now,
    onBug: (_method, error) => {
      throw error;
    },
    sources: cannedSources({
      statusOf: async (owners) => statuses.filter(({ ownerId }) => owners.includes(ownerId)),
      headOf: async (owner, accountId) => {
        asked.push(accountId);
        if (ownerOf[accountId] !== owner) throw new RecordError('ACCOUNT_UNKNOWN');
        return 1;
      },
      hourlyReturns: async function* () {},
      dailyReturns: async function* () {},
      statements: async function* () {},
      monthlyTable: async () => ({ months: [], years: [] }),
      metrics: async () => ({ figures: [], returns: 0, hoursWithoutReturn: 0 }),
      checkpoint: async () => new Uint8Array(1),
      attestation: () => Promise.reject(new RecordError('ATTESTATION_UNAVAILABLE')),
      submitShare: async () => ({ held: 0, threshold: 1 }),
      handOver: async () => [],
    }),
  });
});

afterAll(async () => {
  for (const client of open) client.close();
  await server.stop(100);
});

type Presented = Pick<RpcClientOptions, 'identity' | 'ownerToken'>;

async function clientOf(presented: Presented): Promise<RpcClient> {
  const endpoint = `127.0.0.1:${server.port}`;
  const client = await connectRpc({
    endpoint,
    trust: { spkiSha256 },
    deadlineMs: 5_000,
    ...presented,
  });
  open.push(client);
  return client;
}

async function all(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items);
}

async function first(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items) return;
}

/** One call of each method, about an account of OWNER. */
const calls: Readonly<Record<string, (client: RpcClient) => Promise<unknown>>> = {
  '/grpc.health.v1.Health/Check': (client) => client.isServing(''),
  '/grpc.health.v1.Health/Watch': (client) => first(client.watchServing('')),
  '/trackrecord.v1.Attestation/GetAttestation': (client) =>
    client.attestation(new Uint8Array()).catch((error: unknown) => {
      if (codeOf(error) !== 'ATTESTATION_UNAVAILABLE') throw error;
    }),
  '/trackrecord.v1.Checkpoint/GetCheckpoint': (client) => client.checkpoint(),
  '/trackrecord.v1.Unseal/SubmitShare': (client) => client.submitShare('ann', new Uint8Array(1)),
  '/trackrecord.v1.Unseal/RequestHandOver': (client) =>
    client.handOver(new Uint8Array(1), new Uint8Array(1)),
  '/trackrecord.v1.Status/GetStatus': (client) => client.statusOf(OWNER, ACCOUNT),
  '/trackrecord.v1.Watch/WatchStatus': (client) => first(client.watchStatus(OWNER, ACCOUNT)),
  '/trackrecord.v1.Results/GetHourlyReturns': (client) =>
    all(client.hourlyReturns(ACCOUNT, 0, HOUR_MS)),
  '/trackrecord.v1.Results/GetDailyReturns': (client) =>
    all(client.dailyReturns(ACCOUNT, 0, HOUR_MS)),
  '/trackrecord.v1.Results/GetMonthlyReturns': (client) => client.monthlyTable(ACCOUNT),
  '/trackrecord.v1.Results/GetMetrics': (client) =>
    client.metrics(ACCOUNT, { fromMs: 0, toMs: HOUR_MS, period: 'hour' }),
  '/trackrecord.v1.Results/ExportStatements': (client) =>
    all(client.statements(ACCOUNT, 0, HOUR_MS)),
};
const methods = [
  HealthService,
  AttestationService,
  CheckpointService,
  UnsealService,
  StatusService,
  WatchService,
  ResultsService,
].flatMap((service) => Object.values(service).map(({ path }) => path));

const codeOf = (error: unknown) => (error instanceof RecordError ? error.code : String(error));
const outcome = (work: Promise<unknown>) => work.then(() => 'passes', codeOf);

const token = callers.tokensOf(OWNER);
/** A token with something of it changed, at a time from now. */
const tokenWith = (claims: object, atMs = 0, key = issuerKey) =>
  signOwnerToken(
    { ownerId: OWNER, audience, nonce: randomBytes(16), ...claims },
    key,
    Date.now() + atMs,
  );
/** Any header and payload under the issuer's own signature. */
function signed(header: string, payload: object): string {
  const parts = [header, JSON.stringify(payload)].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  const text = parts.join('.');
  return `${text}.${sign(null, Buffer.from(text), issuerKey).toString('base64url')}`;
}
const HEADER = '{"alg":"EdDSA","typ":"JWT"}';
function claims(changes: object = {}): object {
  const iat = Math.floor(Date.now() / 1000);
  const jti = randomBytes(16).toString('base64url');
  return { aud: audience, sub: OWNER, iat, exp: iat + 60, jti, ...changes };
}

/** Per caller, what each kind of method answers: public, progress, results. */
const matrix: readonly (readonly [string, () => Presented, string, string, string])[] = [
  ['nobody', () => ({}), 'passes', 'RPC_UNAUTHENTICATED', 'RPC_UNAUTHENTICATED'],
  ['a token alone', () => ({ ownerToken: token }), 'passes', ...both('RPC_UNAUTHENTICATED')],
  ['gateway', () => as('gateway', token), 'passes', 'passes', 'passes'],
  ['operator', () => as('operator', token), 'passes', 'passes', 'RPC_FORBIDDEN'],
  ['auditor', () => as('auditor', token), 'passes', 'RPC_FORBIDDEN', 'passes'],
  ['gateway without a token', () => as('gateway'), 'passes', ...both('RPC_UNAUTHENTICATED')],
  ['a role that is none', () => as('admin', token), 'passes', ...both('RPC_UNAUTHENTICATED')],
  ...(
    [
      ['another owner', () => callers.tokensOf(STRANGER)(), 'RPC_FORBIDDEN', 'ACCOUNT_UNKNOWN'],
      ['another account', () => tokenWith({ accountIds: [SECOND] }), ...both('ACCOUNT_UNKNOWN')],
      ['this account', () => tokenWith({ accountIds: [SECOND, ACCOUNT] }), ...both('passes')],
      ['an expired token', () => tokenWith({}, -5 * MINUTE_MS), ...both('RPC_UNAUTHENTICATED')],
      ['a token of the future', () => tokenWith({}, 5 * MINUTE_MS), ...both('RPC_UNAUTHENTICATED')],
      ['another audience', () => tokenWith({ audience: 'x' }), ...both('RPC_UNAUTHENTICATED')],
      [
        'another issuer',
        () => tokenWith({}, 0, generateKeyPairSync('ed25519').privateKey),
        ...both('RPC_UNAUTHENTICATED'),
      ],
      ['no token at all', () => 'x', ...both('RPC_UNAUTHENTICATED')],
    ] as const
  ).map(
    ([name, made, progress, results]) =>
      [name, () => as('gateway', made), 'passes', progress, results] as const,
  ),
];

function both(code: string): readonly [string, string] {
  return [code, code];
}

function as(role: string, ownerToken?: () => string): Presented {
  return { identity: callers.identityOf(role), ...(ownerToken && { ownerToken }) };
}

describe('accepts', () => {
  it('one row per method of the interface', () => {
    expect(new Set(Object.keys(rules))).toEqual(new Set(methods));
    expect(new Set(Object.keys(calls))).toEqual(new Set(methods));
  });

  it.each(matrix)('exactly what %s may', async (_name, presented, open, progress, results) => {
    const client = await clientOf(presented());
    const answers = Object.entries(calls).map(async ([path, call]) => {
      const isResults = path.startsWith('/trackrecord.v1.Results/');
      const isProgress = /Status\/|Watch\/W/.test(path);
      const expected = isResults ? results : isProgress ? progress : open;
      expect([path, await outcome(call(client))]).toEqual([path, expected]);
    });
    await Promise.all(answers);
  });

  it('components of health for the roles, and the whole for everybody', async () => {
    const nobody = await clientOf({});
    expect(await outcome(nobody.isServing('queue'))).toBe('RPC_UNAUTHENTICATED');
    expect(await outcome(first(nobody.watchServing('queue')))).toBe('RPC_UNAUTHENTICATED');
    for (const role of ['gateway', 'operator', 'auditor']) {
      expect(await (await clientOf(as(role))).isServing('scheduler')).toBe(true);
    }
  });

  it('only the accounts that a token names', async () => {
    const some = await clientOf(as('gateway', () => tokenWith({ accountIds: [SECOND] })));
    const found = await some.statusOf(OWNER, null);
    expect(found.map(({ accountId }) => accountId)).toEqual([SECOND]);
    const every = await clientOf(as('gateway', token));
    expect(await every.statusOf(OWNER, null)).toHaveLength(2);
    expect(await outcome(every.statusOf(OWNER, OTHERS))).toBe('ACCOUNT_UNKNOWN');
    expect(await outcome(first(every.watchStatus(OWNER, OTHERS)))).toBe('ACCOUNT_UNKNOWN');
    expect(await outcome(every.monthlyTable(OTHERS))).toBe('ACCOUNT_UNKNOWN');
  });

  it('a token that an ordinary library wrote', async () => {
    const client = await clientOf(as('gateway', () => signed(HEADER, claims())));
    expect(await outcome(client.monthlyTable(ACCOUNT))).toBe('passes');
  });
});

describe('refuses', () => {
  it('a token the second time, also for another call', async () => {
    const once = token();
    const client = await clientOf(as('gateway', () => once));
    expect(await outcome(client.statusOf(OWNER, null))).toBe('passes');
    expect(await outcome(client.statusOf(OWNER, null))).toBe('RPC_UNAUTHENTICATED');
    expect(await outcome(client.monthlyTable(ACCOUNT))).toBe('RPC_UNAUTHENTICATED');
  });

  it.each([
    ['no algorithm', '{"alg":"none"}', {}],
    ['a shared secret', '{"alg":"HS256","typ":"JWT"}', {}],
    ['a key of its own', '{"alg":"EdDSA","typ":"JWT","jwk":{}}', {}],
    ['a life of an hour', HEADER, { exp: Math.floor(Date.now() / 1000) + 3600 }],
    ['an end before its beginning', HEADER, { exp: 1 }],
    ['no nonce', HEADER, { jti: undefined }],
    ['a short nonce', HEADER, { jti: 'a' }],
    ['a claim nobody knows', HEADER, { role: 'operator' }],
    ['two audiences', HEADER, { aud: [audience, 'x'] }],
    ['an owner that is none', HEADER, { sub: 'x' }],
    ['accounts that are no list', HEADER, { accounts: ACCOUNT }],
    ['a time that is no number', HEADER, { iat: '1' }],
  ])('a signed token with %s', async (_name, header, changes) => {
    const client = await clientOf(as('gateway', () => signed(header, claims(changes))));
    expect(await outcome(client.statusOf(OWNER, null))).toBe('RPC_UNAUTHENTICATED');
  });

  it.each([
    ['under another authority', () => testCallers().identityOf('gateway')],
    ['that signed itself', () => selfSignedCertificate()],
    ['that has expired', () => authority.issue(gatewayName, { notAfterMs: Date.UTC(2021, 0, 1) })],
  ])('every call with a certificate %s', async (_name, identity) => {
    const client = await clientOf({ identity: identity(), ownerToken: token });
    const answers = Object.values(calls).map((call) => outcome(call(client)));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['RPC_UNAVAILABLE']));
  });

  it.each([
    ['of another domain', ['spiffe://other.example/role/gateway']],
    ['with a role and more', ['spiffe://test.example/role/gateway/x']],
    [
      'with two roles',
      ['spiffe://test.example/role/gateway', 'spiffe://test.example/role/auditor'],
    ],
    ['with another name besides', ['spiffe://test.example/role/gateway', 'https://x']],
    ['with a list in a name', ['x, URI:spiffe://test.example/role/gateway']],
    ['without a name', []],
  ])('a role to a certificate %s', async (_name, uris) => {
    const client = await clientOf({ identity: authority.issue(uris), ownerToken: token });
    expect(await outcome(client.statusOf(OWNER, null))).toBe('RPC_UNAUTHENTICATED');
    expect(await outcome(client.isServing(''))).toBe('passes');
  });

  it('issuer keys of another kind: CONFIG_INVALID', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const issuerKeysPem of [rsa, '', 'x']) {
      expect(() => server.renew({ tls, access: { ...access, issuerKeysPem } })).toThrow(
        new RecordError('CONFIG_INVALID', { place: 'issuer key' }),
      );
    }
  });
});

describe('holds', () => {
  it('asks no source about an account that the token does not name', async () => {
    asked.length = 0;
    const client = await clientOf(as('gateway', () => tokenWith({ accountIds: [SECOND] })));
    await outcome(client.monthlyTable(ACCOUNT));
    expect(asked).toEqual([]);
  });

  it('no session is taken up again: its certificate would outlive its authority', async () => {
    const { certificatePem: cert, privateKeyPem: key } = callers.identityOf('gateway');
    const reached = { port: server.port, host: '127.0.0.1', rejectUnauthorized: false };
    const options = { ...reached, cert, key, ALPNProtocols: ['h2'] };
    const socket = connect(options).on('error', () => undefined);
    const [session] = await once(socket, 'session');
    socket.destroy();
    const again = connect({ ...options, session }).on('error', () => undefined);
    await once(again, 'secureConnect');
    expect(again.isSessionReused()).toBe(false);
    again.destroy();
  });

  it('a new authority and issuer count at once, and no token counts again', async () => {
    const replayed = token();
    const before = await clientOf(as('gateway', token));
    const used = await clientOf(as('gateway', () => replayed));
    expect(await outcome(before.statusOf(OWNER, null))).toBe('passes');
    expect(await outcome(used.statusOf(OWNER, null))).toBe('passes');
    const next = testCallers();
    server.renew({ tls, access: next.access });
    expect(await outcome(before.statusOf(OWNER, null))).toBe('RPC_UNAVAILABLE');
    const after = await clientOf({
      identity: next.identityOf('gateway'),
      ownerToken: next.tokensOf(OWNER),
    });
    expect(await outcome(after.statusOf(OWNER, null))).toBe('passes');
    server.renew({ tls, access });
    const reused = await clientOf(as('gateway', () => replayed));
    expect(await outcome(reused.statusOf(OWNER, null))).toBe('RPC_UNAUTHENTICATED');
    const again = await clientOf(as('gateway', token));
    expect(await outcome(again.statusOf(OWNER, null))).toBe('passes');
  });

  it('another certificate of the door from the next connection on', async () => {
    const other = selfSignedCertificate();
    server.renew({ tls: other, access });
    const trust = { spkiSha256: createHash('sha256').update(other.spki).digest() };
    const endpoint = `127.0.0.1:${server.port}`;
    const client = await connectRpc({ endpoint, trust, deadlineMs: 5_000 });
    open.push(client);
    expect(await client.isServing('')).toBe(true);
    server.renew({ tls, access });
  });
});
