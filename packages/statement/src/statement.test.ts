// Known answers were made with Python's json, hashlib and `cryptography` 48: bytes by
// json.dumps(sort_keys=True, separators=(',', ':')), hash and signature from the labels in
// signing-key.ts, the seed as derived in packages/sealing from the master key 000102...1f.

import { describe, expect, it } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { parseDecimal } from '@track-record/ledger';
import { signatureCheckOf, signingKeyFromSeed } from './signing-key.ts';
import {
  encodeStatement,
  formatCoverage,
  formatHour,
  NO_PREVIOUS,
  parseStatement,
  residualClass,
  signStatement,
  statementHash,
  type StatementBody,
} from './statement.ts';

const SEED = '382c6b02f0c9772b4029435b032d8cb24a14b808a22d8b0776aef2849411175f';
const PUBLIC_KEY = '3f84a66bc3369b5201fba77f4c38211c55af4eae8c2cd4eaec8801b0620cc2e4';
const BYTES =
  '{"account":"8019b8446b847dc2bbf8478fde13f2d3","coverage":"1",' +
  '"disclosure":{"delayHours":24,"digits":6,"grid":"hour","publicDigits":4,"thin":"merged"},' +
  '"format":"track-record-statement/2","hour":"2026-01-05T00:00:00Z",' +
  '"keyId":"663827a6aaec33e3","method":"twr-cut-at-flows/1",' +
  '"observedAt":"2026-01-05T01:05:00.000Z","owner":{"connected":1,"ended":0,"ordinal":1,' +
  '"pseudonym":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","restarts":0},"paper":false,' +
  '"permissions":{"ipRestricted":null,"read":true,"trade":false,"withdraw":false},' +
  '"previous":"0000000000000000000000000000000000000000000000000000000000000000",' +
  '"provenance":"backfilled","reason":null,"reportingCurrency":"USDT","residual":"none",' +
  '"restates":null,"return":"0.010000","salt":"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a","sequence":0,' +
  '"since":"2026-01-05T00:00:00Z","spans":1,"status":"measured","venue":"binance"}';
const HASH = '97856e7454a49b5c0ee48f692253d5854528cebf43735e1c61335e4c3235bee0';
const SIGNATURE =
  'df4fe8d1bce13c5cbd255c8cadcfe0d072675dcea62a6bcd9c15b7974bf9ed5a' +
  'cf2d1e0c0fd268d8846292d01fe3d8d2983b7aece2e03ee96a4e72d7e4cdc801';

const body: StatementBody = {
  format: 'track-record-statement/2',
  account: '8019b8446b847dc2bbf8478fde13f2d3',
  venue: 'binance',
  paper: false,
  hour: '2026-01-05T00:00:00Z',
  since: '2026-01-05T00:00:00Z',
  sequence: 0,
  status: 'measured',
  reason: null,
  return: '0.010000',
  spans: 1,
  coverage: '1',
  residual: 'none',
  provenance: 'backfilled',
  permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
  method: 'twr-cut-at-flows/1',
  reportingCurrency: 'USDT',
  disclosure: { grid: 'hour', delayHours: 24, thin: 'merged', digits: 6, publicDigits: 4 },
  owner: { pseudonym: 'ee'.repeat(16), connected: 1, ended: 0, ordinal: 1, restarts: 0 },
  salt: '5a'.repeat(16),
  observedAt: '2026-01-05T01:05:00.000Z',
  restates: null,
  previous: NO_PREVIOUS,
  keyId: '663827a6aaec33e3',
};

const key = await signingKeyFromSeed(Buffer.from(SEED, 'hex'));

function textOf(bytes: Uint8Array, encoding: 'hex' | 'utf8' = 'hex'): string {
  return Buffer.from(bytes).toString(encoding);
}

/** `CODE place`, so that a row of the table names the field at fault. */
function refusalOf(changed: unknown): string {
  try {
    encodeStatement(changed as StatementBody);
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : codeOf(error);
  }
  return 'accepted';
}

describe('accepts', () => {
  it('encodes, hashes and signs as Python does', async () => {
    const signed = await signStatement(body, key);
    expect(textOf(signed.bytes, 'utf8')).toBe(BYTES);
    expect(signed.hash).toBe(HASH);
    expect(textOf(signed.signature)).toBe(SIGNATURE);
    expect(textOf(key.publicKey)).toBe(PUBLIC_KEY);
    expect(key.keyId).toBe('663827a6aaec33e3');
  });

  it('parses what Python wrote', () => {
    expect(parseStatement(Buffer.from(BYTES))).toEqual(body);
  });

  it.each(['market_closed', 'stale'] as const)('an hour that is %s, with its return', (status) => {
    const carried = { ...body, status };
    expect(parseStatement(encodeStatement(carried))).toEqual(carried);
    const merged = { ...carried, return: null, reason: 'merged' };
    expect(parseStatement(encodeStatement(merged))).toEqual(merged);
  });

  it('checks what Python signed', async () => {
    const isSigned = await signatureCheckOf(Buffer.from(PUBLIC_KEY, 'hex'));
    expect(await isSigned(Buffer.from(BYTES), Buffer.from(SIGNATURE, 'hex'))).toBe(true);
  });

  it.each([
    ['2026-01-05T00:00:00.000Z', '2026-01-05T00:00:00Z'],
    ['2026-01-05T00:59:59.999Z', '2026-01-05T00:00:00Z'],
  ])('the hour of %s is %s', (at, hour) => {
    expect(formatHour(Date.parse(at))).toBe(hour);
  });

  it.each([
    ['1', '1'],
    ['0', '0'],
    ['0.5', '0.5'],
    ['0.99999', '0.9999'],
    ['1.000', '1'],
    ['0.00009', '0'],
  ])('coverage %s is written %s', (share, text) => {
    expect(formatCoverage(parseDecimal(share))).toBe(text);
  });

  const residuals: readonly (readonly [string | null, string | null, string])[] = [
    ['0', '1000', 'none'],
    ['0.00001', '1000', 'none'],
    ['0.000011', '1000', 'disclosed'],
    ['-1', '1000', 'disclosed'],
    ['-1.0001', '1000', 'material'],
    [null, '1000', 'unknown'],
    ['0', '0', 'none'],
    ['1', '0', 'unknown'],
    ['1', '-5', 'unknown'],
    ['1', null, 'unknown'],
  ];
  it.each(residuals)('a residual of %s in %s is %s', (value, equity, expected) => {
    const [residual, against] = [value, equity].map((each) => each && parseDecimal(each));
    expect(residualClass(residual || null, against || null)).toBe(expected);
  });
});

describe('refuses', () => {
  const gap = { status: 'unpriced', return: null, reason: 'unpriced' } as const;
  const rows: readonly (readonly [string, object, string])[] = [
    ['another format', { format: 'track-record-statement/1' }, 'format'],
    ['a plain account id', { account: 'account-1' }, 'account'],
    ['an upper-case pseudonym', { account: body.account.toUpperCase() }, 'account'],
    ['a venue with a space', { venue: 'binance us' }, 'venue'],
    ['paper as text', { paper: 'false' }, 'paper'],
    ['half an hour', { hour: '2026-01-05T00:30:00Z' }, 'hour'],
    ['the 24th hour', { hour: '2026-01-05T24:00:00Z' }, 'hour'],
    ['30 February', { hour: '2026-02-30T00:00:00Z' }, 'hour'],
    ['another offset', { hour: '2026-01-05T00:00:00+00:00' }, 'hour'],
    ['a year of six digits', { hour: '-000001-01-05T00:00:00Z' }, 'hour'],
    ['an hour with milliseconds', { hour: '2026-01-05T00:00:00.000Z' }, 'hour'],
    ['a negative sequence', { sequence: -1 }, 'sequence'],
    ['half a sequence', { sequence: 0.5 }, 'sequence'],
    ['another status', { status: 'estimated' }, 'status'],
    ['prose as reason', { status: 'unpriced', return: null, reason: '12 BTC' }, 'reason'],
    ['a return with 5 decimals', { return: '0.01000' }, 'return'],
    ['a return of 18 decimals', { return: '0.010000000000000000' }, 'return'],
    ['minus zero', { return: '-0.000000' }, 'return'],
    ['a return as number', { return: 0.01 }, 'return'],
    ['a measured hour without return', { return: null, reason: 'unpriced_asset' }, 'return'],
    ['a return with a reason against it', { reason: 'unpriced_asset' }, 'reason'],
    ['no return and no reason', { status: 'unpriced', return: null }, 'reason'],
    ['hours without a return as one', { ...gap, spans: 2 }, 'spans'],
    ['no hours', { spans: 0 }, 'spans'],
    ['merged, and told all the same', { reason: 'merged', spans: 2 }, 'reason'],
    ['merged without anything to merge', { ...gap, reason: 'merged' }, 'reason'],
    ['a record that began later', { sequence: 1, since: '2026-01-05T01:00:00Z' }, 'since'],
    ['a first hour after the first', { since: '2026-01-04T00:00:00Z' }, 'since'],
    [
      'a policy of another grid',
      { disclosure: { ...body.disclosure, grid: 'week' } },
      'disclosure',
    ],
    ['a delay of years', { disclosure: { ...body.disclosure, delayHours: 721 } }, 'disclosure'],
    ['a policy of one word', { disclosure: { grid: 'hour' } }, 'disclosure'],
    ['an owner of nothing', { owner: { ...body.owner, connected: 0 } }, 'owner'],
    ['more accounts ended than there are', { owner: { ...body.owner, ended: 2 } }, 'owner'],
    ['the second account of one', { owner: { ...body.owner, ordinal: 2 } }, 'owner'],
    ['a restart of a first account', { owner: { ...body.owner, restarts: 1 } }, 'owner'],
    ['a salt of 64 bits', { salt: '5a'.repeat(8) }, 'salt'],
    ['coverage above 1', { coverage: '1.1' }, 'coverage'],
    ['coverage with a trailing zero', { coverage: '0.50' }, 'coverage'],
    ['coverage that tells amounts apart', { coverage: '0.12345' }, 'coverage'],
    ['another residual class', { residual: '12.5' }, 'residual'],
    ['another provenance', { provenance: 'live' }, 'provenance'],
    ['no permissions', { permissions: {} }, 'permissions'],
    ['a further permission', { permissions: { ...body.permissions, x: true } }, 'permissions'],
    ['another method', { method: 'modified-dietz/1' }, 'method'],
    ['a currency in lower case', { reportingCurrency: 'usdt' }, 'reportingCurrency'],
    ['an observation without milliseconds', { observedAt: '2026-01-05T01:05:00Z' }, 'observedAt'],
    ['an hour read before it ended', { observedAt: '2026-01-05T00:59:59.999Z' }, 'observedAt'],
    ['a restated hash that is none', { restates: '' }, 'restates'],
    ['no previous hash', { previous: null }, 'previous'],
    ['a key id that is none', { keyId: '' }, 'keyId'],
    ['a further field', { note: 'profit' }, 'body'],
  ];
  it.each(rows)('%s', (_name, change, place) => {
    expect(refusalOf({ ...body, ...change })).toBe(`STATEMENT_MALFORMED ${place}`);
  });

  it.each(Object.keys(body))('a statement without %s', (name) => {
    const { [name]: _absent, ...rest } = body as unknown as Record<string, unknown>;
    expect(refusalOf(rest)).toBe(`STATEMENT_MALFORMED ${name}`);
  });

  it.each([null, 'text', 7, []])('%j for a body', (value) => {
    expect(refusalOf(value)).toBe('STATEMENT_MALFORMED body');
  });

  it('to sign for another key', async () => {
    const signing = signStatement({ ...body, keyId: '00'.repeat(8) }, key);
    await expect(signing).rejects.toMatchObject({ code: 'STATEMENT_MALFORMED', place: 'keyId' });
  });

  it('a seed or a public key of another size', async () => {
    await expect(signingKeyFromSeed(new Uint8Array(31))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(signatureCheckOf(new Uint8Array(31))).rejects.toMatchObject({
      code: 'STATEMENT_SIGNATURE_INVALID',
    });
  });
});

describe('holds', () => {
  /** One other allowed value per field (field-lessons R58: a label outside the signature lied). */
  const others: Readonly<Partial<Record<keyof StatementBody, Partial<StatementBody>>>> = {
    account: { account: 'ff'.repeat(16) },
    venue: { venue: 'okx' },
    paper: { paper: true },
    hour: { hour: '2026-01-04T23:00:00Z', since: '2026-01-04T23:00:00Z' },
    since: { sequence: 1, since: '2026-01-04T23:00:00Z' },
    sequence: { sequence: 1 },
    status: { status: 'market_closed' },
    reason: { status: 'stale', return: null, reason: 'stale_venue' },
    return: { return: '0.010001' },
    spans: { spans: 2 },
    disclosure: { disclosure: { ...body.disclosure, delayHours: 0 } },
    owner: { owner: { ...body.owner, connected: 2 } },
    salt: { salt: '5b'.repeat(16) },
    coverage: { coverage: '0.9999' },
    residual: { residual: 'disclosed' },
    provenance: { provenance: 'observed' },
    permissions: { permissions: { ...body.permissions, trade: true } },
    reportingCurrency: { reportingCurrency: 'USD' },
    observedAt: { observedAt: '2026-01-05T01:05:00.001Z' },
    restates: { restates: HASH },
    previous: { previous: HASH },
    keyId: { keyId: 'ff'.repeat(8) },
  };

  it('everything a statement shows is signed', async () => {
    const isSigned = await signatureCheckOf(key.publicKey);
    for (const change of Object.values(others)) {
      const bytes = encodeStatement({ ...body, ...change });
      expect(await statementHash(bytes)).not.toBe(HASH);
      expect(await isSigned(bytes, Buffer.from(SIGNATURE, 'hex'))).toBe(false);
    }
    const single = ['format', 'method'];
    expect([...Object.keys(others), ...single].toSorted()).toEqual(Object.keys(body).toSorted());
  });

  it('a hash and a signature of other bytes under another label are none here', async () => {
    const isSigned = await signatureCheckOf(key.publicKey);
    const labelled = Buffer.concat([Buffer.from('track-record/v1/other\0'), Buffer.from(BYTES)]);
    expect(await isSigned(labelled, Buffer.from(SIGNATURE, 'hex'))).toBe(false);
  });
});
