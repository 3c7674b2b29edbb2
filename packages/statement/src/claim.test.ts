// What is claimed is compared with the same figures in plain floating point.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOf, RecordError } from '@track-record/errors';
import { verifyChain, type Chain } from './chain.ts';
import { buildClaimFile, verifyClaimFile } from './claim-file.ts';
import { parseClaimBytes, signClaim, type ClaimRequest, type ClaimTerm } from './claim.ts';
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
const AT = Date.parse('2026-03-01T00:00:00Z');
const DAYS = 32;
const key = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const otherKey = await signingKeyFromSeed(new Uint8Array(32).fill(8));
const policy = { allowDevelopmentEvidence: true };

type Change = Partial<StatementBody>;

/** `returns` in millionths, one per hour; null is a gap. */
async function chainOf(
  returns: readonly (number | null)[],
  change: (hour: number) => Change = () => ({}),
): Promise<Chain> {
  const signed: SignedStatement[] = [];
  for (const [index, millionths] of returns.entries()) {
    const isGap = millionths === null;
    signed.push(
      await signStatement(
        {
          format: 'track-record-statement/2',
          account: 'ab'.repeat(16),
          venue: 'binance',
          paper: false,
          hour: formatHour(START + index * HOUR_MS),
          since: formatHour(START),
          sequence: index,
          status: isGap ? 'unpriced' : 'measured',
          reason: isGap ? 'unpriced' : null,
          return: isGap ? null : (millionths / 1e6).toFixed(6),
          spans: 1,
          coverage: '1',
          residual: 'none',
          provenance: 'observed',
          permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
          method: 'twr-cut-at-flows/1',
          reportingCurrency: 'USDT',
          disclosure: disclosureOf({ grid: null, delayHours: null, thin: null }),
          owner: { pseudonym: 'ee'.repeat(16), connected: 3, ended: 1, ordinal: 2, restarts: 0 },
          salt: '5a'.repeat(16),
          observedAt: '2026-02-20T00:00:00.000Z',
          restates: null,
          previous: signed.at(-1)?.hash ?? NO_PREVIOUS,
          keyId: key.keyId,
          ...change(index),
        },
        key,
      ),
    );
  }
  return verifyChain(signed, key.publicKey);
}

function request(terms: readonly ClaimTerm[], days = DAYS): ClaimRequest {
  return { from: formatHour(START), to: formatHour(START + days * 24 * HOUR_MS), terms };
}

const coverage = { metric: 'coverage', comparison: 'at_least', threshold: '0' } as const;

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'signed',
    (error: unknown) => (error instanceof RecordError ? error.code : codeOf(error)),
  );
}

const hours = DAYS * 24;
const steady = Array.from({ length: hours }, (_, at) => (at % 3 === 0 ? -400 : 500));
const chain = await chainOf(steady);
const signed = await signClaim(chain, request([coverage]), AT, key);

const asStatement = Buffer.from(await key.sign(signed.bytes)).toString('base64url');

describe('accepts', () => {
  it('bounds that are met, and says of which hours', async () => {
    const terms: readonly ClaimTerm[] = [
      { metric: 'total_return', comparison: 'above', threshold: '0.10' },
      { metric: 'sharpe_daily', comparison: 'above', threshold: '1' },
      { metric: 'max_drawdown', comparison: 'below', threshold: '0.1' },
      { metric: 'coverage', comparison: 'at_least', threshold: '1' },
    ];
    const uneven = steady.map((each, at) => (at < 24 ? 0 : each));
    const record = await chainOf(uneven);
    const { bytes } = await signClaim(record, request(terms), AT, key);
    expect(parseClaimBytes(bytes)).toMatchObject({
      terms,
      hours,
      measured: hours,
      backfilled: 0,
      corrected: 0,
      head: record.head,
      statements: hours,
      since: '2026-01-05T00:00:00Z',
      owner: { connected: 3, ordinal: 2 },
    });
  });

  it('a file, verified without the hours', async () => {
    const evidence = {
      insecure: true,
      binding: { statementPublicKey: Buffer.from(key.publicKey).toString('hex') },
    };
    const file = buildClaimFile(signed, key.publicKey, evidence);
    const verdict = await verifyClaimFile(JSON.parse(JSON.stringify(file)), policy, AT);
    expect(verdict).toMatchObject({ verdict: 'verified', code: null, developmentEvidence: true });
    expect(verdict.claim?.hours).toBe(hours);
    expect(JSON.stringify(file).length).toBeLessThan(2_000);
  });
});

describe('refuses', () => {
  const term = (change: object): ClaimTerm => ({ ...coverage, ...change });
  const rows: readonly (readonly [string, ClaimRequest, string])[] = [
    [
      'what is not so',
      request([term({ metric: 'total_return', comparison: 'above', threshold: '9' })]),
      'CLAIM_NOT_MET',
    ],
    [
      'a drawdown that was deeper',
      request([term({ metric: 'max_drawdown', comparison: 'below', threshold: '0' })]),
      'CLAIM_NOT_MET',
    ],
    [
      'a Sharpe ratio without variance',
      request([term({ metric: 'sharpe_daily', comparison: 'above', threshold: '0' })]),
      'CLAIM_NOT_MET',
    ],
    ['no terms', request([]), 'CLAIM_MALFORMED'],
    ['another metric', request([term({ metric: 'alpha' })]), 'CLAIM_MALFORMED'],
    ['the other direction', request([term({ comparison: 'above' })]), 'CLAIM_MALFORMED'],
    ['a metric twice', request([coverage, term({ threshold: '1' })]), 'CLAIM_MALFORMED'],
    ['a bound that searches', request([term({ threshold: '0.123' })]), 'CLAIM_MALFORMED'],
    ['a negative coverage', request([term({ threshold: '-1' })]), 'CLAIM_MALFORMED'],
    ['a period of a week', request([coverage], 7), 'CLAIM_PERIOD_UNKNOWN'],
    ['a period after the record', request([coverage], 40), 'CLAIM_PERIOD_UNKNOWN'],
    [
      'a period before it',
      { ...request([coverage]), from: '2026-01-01T00:00:00Z' },
      'CLAIM_PERIOD_UNKNOWN',
    ],
    ['part of a day', { ...request([coverage]), to: '2026-02-06T01:00:00Z' }, 'CLAIM_MALFORMED'],
  ];
  it.each(rows)('%s', async (_name, asked, code) => {
    expect(await refusalOf(signClaim(chain, asked, AT, key))).toBe(code);
  });

  it('a period whose last hours are told later', async () => {
    const open = await chainOf(steady, (hour) =>
      hour < hours - 2 ? {} : { return: null, reason: 'merged' },
    );
    expect(await refusalOf(signClaim(open, request([coverage]), AT, key))).toBe(
      'CLAIM_PERIOD_UNKNOWN',
    );
  });

  const evidenceOf = (publicKey: Uint8Array) => ({
    insecure: true,
    binding: { statementPublicKey: Buffer.from(publicKey).toString('hex') },
  });
  const file = buildClaimFile(signed, key.publicKey, evidenceOf(key.publicKey));
  const better = Buffer.from(file.body, 'base64url').toString('utf8');
  const altered = Buffer.from(better.replace('"threshold":"0"', '"threshold":"1"'));
  const files: readonly (readonly [string, unknown, string])[] = [
    ['nothing', undefined, 'CLAIM_MALFORMED'],
    ['a further member', { ...file, note: '' }, 'CLAIM_MALFORMED'],
    ['another format', { ...file, format: 'track-record-claim-file/2' }, 'CLAIM_MALFORMED'],
    [
      'evidence for another key',
      { ...file, evidence: evidenceOf(otherKey.publicKey) },
      'STATEMENT_KEY_UNBOUND',
    ],
    ['no evidence', { ...file, evidence: {} }, 'STATEMENT_KEY_UNBOUND'],
    ['a higher bound', { ...file, body: altered.toString('base64url') }, 'CLAIM_SIGNATURE_INVALID'],
    [
      'the signature of a statement',
      { ...file, signature: asStatement },
      'CLAIM_SIGNATURE_INVALID',
    ],
  ];
  it.each(files)('a file with %s', async (_name, json, code) => {
    expect((await verifyClaimFile(json, policy, AT)).code).toBe(code);
  });

  it('a claim from the future, and development evidence unless it is allowed', async () => {
    expect((await verifyClaimFile(file, policy, AT - 1)).code).toBe('STATEMENT_TIME_INVALID');
    const strict = { allowDevelopmentEvidence: false };
    expect((await verifyClaimFile(file, strict, AT)).code).toBe('STATEMENT_KEY_UNBOUND');
  });
});

describe('holds', () => {
  it('a bound is signed if and only if floating point finds it met', async () => {
    const hour = fc.option(fc.integer({ min: -3_000, max: 3_100 }), { freq: 9, nil: null });
    const record = fc.array(hour, { minLength: 30, maxLength: 30 });
    const bound = fc.integer({ min: 0, max: 300 });
    await fc.assert(
      fc.asyncProperty(record, bound, async (pattern, hundredths) => {
        const returns = Array.from({ length: hours }, (_, at) => pattern[(at * 7) % 30] ?? null);
        const figures = figuresOf(returns);
        const made = await chainOf(returns);
        for (const [metric, comparison, scale, isMet] of [
          ['total_return', 'above', 100, (t: number) => figures.total > t],
          ['sharpe_daily', 'above', 10, (t: number) => figures.sharpe > t],
          ['max_drawdown', 'below', 300, (t: number) => figures.drawdown < t],
        ] as const) {
          const threshold = (hundredths / scale).toFixed(2);
          const asked = request([{ metric, comparison, threshold }]);
          const code = await refusalOf(signClaim(made, asked, AT, key));
          expect([metric, threshold, code]).toEqual([
            metric,
            threshold,
            isMet(Number(threshold)) ? 'signed' : 'CLAIM_NOT_MET',
          ]);
        }
      }),
      { numRuns: 12 },
    );
  });
});

function figuresOf(returns: readonly (number | null)[]) {
  let wealth = 1;
  let peak = 1;
  let drawdown = 0;
  const days: number[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    let growth = 1;
    for (const each of returns.slice(day * 24, day * 24 + 24)) {
      if (each === null) continue;
      growth *= 1 + each / 1e6;
      wealth *= 1 + each / 1e6;
      peak = Math.max(peak, wealth);
      drawdown = Math.max(drawdown, 1 - wealth / peak);
    }
    days.push(growth - 1);
  }
  const mean = days.reduce((sum, day) => sum + day, 0) / DAYS;
  const variance = days.reduce((sum, day) => sum + (day - mean) ** 2, 0) / (DAYS - 1);
  return { total: wealth - 1, drawdown, sharpe: (mean / Math.sqrt(variance)) * Math.sqrt(365) };
}
