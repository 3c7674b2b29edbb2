import { describe, expect, it } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { verifyChain } from './chain.ts';
import { disclosureOf } from './disclosure.ts';
import { signingKeyFromSeed } from './signing-key.ts';
import {
  formatHour,
  NO_PREVIOUS,
  signStatement,
  type SignedStatement,
  type StatementBody,
} from './statement.ts';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-01-05T00:00:00Z');
const key = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const otherKey = await signingKeyFromSeed(new Uint8Array(32).fill(8));

type Change = Partial<StatementBody>;

function bodyAt(hour: number, sequence: number, previous: string): StatementBody {
  return {
    format: 'track-record-statement/2',
    account: 'ab'.repeat(16),
    venue: 'binance',
    paper: false,
    hour: formatHour(START + hour * HOUR_MS),
    since: formatHour(START),
    sequence,
    status: 'measured',
    reason: null,
    return: '0.010000',
    spans: 1,
    coverage: '1',
    residual: 'none',
    provenance: 'observed',
    permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
    method: 'twr-cut-at-flows/1',
    reportingCurrency: 'USDT',
    disclosure: disclosureOf({ grid: 'hour', delayHours: 24, thin: 'merged' }),
    owner: { pseudonym: 'ee'.repeat(16), connected: 3, ended: 1, ordinal: 2, restarts: 0 },
    salt: '5a'.repeat(16),
    observedAt: '2026-02-01T00:00:00.000Z',
    restates: null,
    previous,
    keyId: key.keyId,
  };
}

/** Statements of consecutive hours, each linked to the one before unless its change says else. */
async function chainOf(
  changes: readonly ((signed: readonly SignedStatement[]) => Change & { at?: number })[],
): Promise<readonly SignedStatement[]> {
  const signed: SignedStatement[] = [];
  for (const [index, change] of changes.entries()) {
    const { at = index, ...fields } = change(signed);
    const previous = signed.at(-1)?.hash ?? NO_PREVIOUS;
    signed.push(await signStatement({ ...bodyAt(at, index, previous), ...fields }, key));
  }
  return signed;
}

const plain = (): Change => ({});
const merged: Change = { return: null, reason: 'merged' };
const ownedBy = (change: Partial<StatementBody['owner']>): Change => ({
  owner: { ...bodyAt(0, 0, NO_PREVIOUS).owner, ...change },
});
const hashAt = (signed: readonly SignedStatement[], index: number): string =>
  signed[index]?.hash ?? 'none';

/** `CODE place`, or `accepted`. */
async function refusalOf(
  statements: readonly Pick<SignedStatement, 'bytes' | 'signature'>[],
  publicKey = key.publicKey,
): Promise<string> {
  try {
    await verifyChain(statements, publicKey);
  } catch (error) {
    if (error instanceof RecordError) return `${error.code} ${error.place}`;
    throw error;
  }
  return 'accepted';
}

const hours = await chainOf([plain, plain, plain, plain]);
const corrected = await chainOf([
  plain,
  plain,
  (signed) => ({ at: 0, restates: hashAt(signed, 0), return: '0.020000' }),
  () => ({ at: 2 }),
  (signed) => ({ at: 0, restates: hashAt(signed, 2), return: '0.030000' }),
]);

describe('accepts', () => {
  it('hours from inception', async () => {
    const chain = await verifyChain(hours, key.publicKey);
    expect(chain).toMatchObject({
      startsAtInception: true,
      from: '2026-01-05T00:00:00Z',
      to: '2026-01-05T04:00:00Z',
      restatements: 0,
      head: hours[3]?.hash,
    });
    expect(chain.subject).toEqual({
      account: 'ab'.repeat(16),
      venue: 'binance',
      paper: false,
      since: '2026-01-05T00:00:00Z',
      reportingCurrency: 'USDT',
      keyId: key.keyId,
    });
  });

  it('corrections: the last one holds for its hour', async () => {
    const chain = await verifyChain(corrected, key.publicKey);
    expect(chain.restatements).toBe(2);
    expect(chain.hours.map(({ body }) => [body.hour, body.return])).toEqual([
      ['2026-01-05T00:00:00Z', '0.030000'],
      ['2026-01-05T01:00:00Z', '0.010000'],
      ['2026-01-05T02:00:00Z', '0.010000'],
    ]);
  });

  it('a later part of a chain, which says so', async () => {
    const chain = await verifyChain(hours.slice(2), key.publicKey);
    expect(chain).toMatchObject({ startsAtInception: false, from: '2026-01-05T02:00:00Z' });
  });

  it('a later part with a correction of an hour before it', async () => {
    const chain = await verifyChain(corrected.slice(1), key.publicKey);
    expect(chain.hours.map(({ body }) => body.hour)).toEqual([
      '2026-01-05T01:00:00Z',
      '2026-01-05T02:00:00Z',
    ]);
  });
});

describe('refuses', () => {
  type Statements = readonly Pick<SignedStatement, 'bytes' | 'signature'>[];
  const at = (index: number): SignedStatement => {
    const statement = hours[index];
    if (statement === undefined) throw new Error('The chain is shorter.');
    return statement;
  };
  const attacks: readonly (readonly [string, () => Statements | Promise<Statements>, string])[] = [
    ['no statement', () => [], 'LINK_BROKEN statements[0]'],
    ['a dropped hour', () => [at(0), at(2), at(3)], 'LINK_BROKEN statements[1]'],
    ['two hours reordered', () => [at(0), at(2), at(1), at(3)], 'LINK_BROKEN statements[1]'],
    ['a repeated hour', () => [at(0), at(1), at(1)], 'LINK_BROKEN statements[2]'],
    [
      'a signature of another hour',
      () => [at(0), { bytes: at(1).bytes, signature: at(2).signature }],
      'SIGNATURE_INVALID statements[1]',
    ],
    [
      'a signature cut short',
      () => [{ bytes: at(0).bytes, signature: at(0).signature.slice(0, 63) }],
      'SIGNATURE_INVALID statements[0]',
    ],
    ['a statement that is none', () => signedBytes('{}'), 'MALFORMED format'],
    [
      'a hole signed as if it were none',
      () => chainOf([plain, () => ({ at: 2 })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'an hour stated twice',
      () => chainOf([plain, () => ({ at: 0 })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'a skipped number',
      () => chainOf([plain, () => ({ sequence: 2 })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'another previous',
      () => chainOf([plain, () => ({ previous: 'ab'.repeat(32) })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'a first statement with a past',
      () => chainOf([() => ({ previous: 'ab'.repeat(32) })]),
      'LINK_BROKEN statements[0]',
    ],
    [
      'a later statement without a past',
      () => chainOf([() => ({ sequence: 1 })]),
      'LINK_BROKEN statements[0]',
    ],
    [
      'a chain that begins with a correction',
      () => corrected.slice(2),
      'LINK_BROKEN statements[0]',
    ],
    [
      'another account',
      () => chainOf([plain, () => ({ account: 'cd'.repeat(16) })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'another venue',
      () => chainOf([plain, () => ({ venue: 'okx' })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'paper hours within a live record',
      () => chainOf([plain, () => ({ paper: true })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'another currency',
      () => chainOf([plain, () => ({ reportingCurrency: 'BTC' })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'another beginning of the record',
      () => chainOf([plain, () => ({ since: '2026-01-04T00:00:00Z' })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'another owner',
      () => chainOf([plain, () => ownedBy({ pseudonym: 'dd'.repeat(16) })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'an account of the owner that is hidden',
      () => chainOf([plain, () => ownedBy({ connected: 2 })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'a restart that came later',
      () => chainOf([plain, () => ownedBy({ restarts: 1 })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'hours told as one that were told alone',
      () => chainOf([plain, () => ({ spans: 2 })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'a merged hour that is told nowhere',
      () => chainOf([() => merged, plain]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'a part that begins within a run',
      async () => (await chainOf([() => merged, () => ({ spans: 2 })])).slice(1),
      'LINK_BROKEN statements[0]',
    ],
    [
      'a correction of an hour never stated',
      () => chainOf([plain, () => ({ at: 5, restates: 'ab'.repeat(32) })]),
      'LINK_BROKEN statements[1]',
    ],
    [
      'a correction that cites another hour',
      () => chainOf([plain, plain, (signed) => ({ at: 0, restates: hashAt(signed, 1) })]),
      'LINK_BROKEN statements[2]',
    ],
    [
      'a correction of what was corrected already',
      () => chainOf([plain, ...[1, 2].map(() => firstAgain)]),
      'LINK_BROKEN statements[2]',
    ],
    [
      'backfill over what was observed',
      () => chainOf([plain, (signed) => ({ ...firstAgain(signed), provenance: 'backfilled' })]),
      'LINK_BROKEN statements[1]',
    ],
  ];
  it.each(attacks)('%s', async (_name, statements, expected) => {
    expect(await refusalOf(await statements())).toBe(`STATEMENT_${expected}`);
  });

  it('another key', async () => {
    const expected = 'STATEMENT_SIGNATURE_INVALID statements[0]';
    expect(await refusalOf(hours, otherKey.publicKey)).toBe(expected);
  });

  it('a body that names another key than the one that signed', async () => {
    const claim = { ...bodyAt(0, 0, NO_PREVIOUS), keyId: otherKey.keyId };
    const { bytes } = await signStatement(claim, { ...key, keyId: otherKey.keyId });
    const signature = await key.sign(bytes);
    const expected = 'STATEMENT_SIGNATURE_INVALID statements[0]';
    expect(await refusalOf([{ bytes, signature }])).toBe(expected);
  });

  it('every byte of a statement and of its signature changed', async () => {
    for (const part of ['bytes', 'signature'] as const) {
      for (let offset = 0; offset < at(1)[part].length; offset += 1) {
        const changed = { ...at(1), [part]: flipped(at(1)[part], offset) };
        const refusal = await refusalOf([at(0), changed, at(2)]);
        expect(refusal).toBe('STATEMENT_SIGNATURE_INVALID statements[1]');
      }
    }
  });

  function firstAgain(signed: readonly SignedStatement[]): Change & { at: number } {
    return { at: 0, restates: hashAt(signed, 0) };
  }

  function flipped(bytes: Uint8Array, offset: number): Uint8Array {
    return Uint8Array.from(bytes, (byte, index) => (index === offset ? byte ^ 1 : byte));
  }

  async function signedBytes(text: string): Promise<Statements> {
    const bytes = Buffer.from(text);
    return [{ bytes, signature: await key.sign(bytes) }];
  }
});

describe('holds', () => {
  it('every part of a chain that begins with an hour is a chain', async () => {
    for (let from = 0; from < hours.length; from += 1) {
      for (let to = from + 1; to <= hours.length; to += 1) {
        expect(await refusalOf(hours.slice(from, to))).toBe('accepted');
      }
    }
  });
});
