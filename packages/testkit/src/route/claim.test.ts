// What an owner has proved of a record without showing it: asked by the gateway's login, answered
// by the route, believed by `track-record verify`, and refused once it was changed.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createGateway, type Gateway } from '@track-record/gateway';
import { parseStatement, signingKeyFromSeed } from '@track-record/statement';
import { buildClaimFile } from '@track-record/statement/claim';
import { insertRows, openStore } from '@track-record/store';
import { verify } from '../../../cli/src/verbs/verify.ts';
import { developmentEvidence, signHours } from '../attacks/sample-export.ts';
import { fixedRecordRoot } from '../postgres/record-root.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openDesk, type Desk } from './desk.ts';
import { ACCOUNT } from './site.ts';
import { CONNECTED_AT, MASTER_KEY, scenario } from './small-account.ts';

const DAYS = 31;
const DAY_MS = 86_400_000;
/** Three months later every hour is released. */
const NOW = CONNECTED_AT + 90 * DAY_MS;
const FROM = '2026-01-05T00:00:00Z';
const TO = '2026-02-05T00:00:00Z';
const terms = [{ metric: 'coverage', comparison: 'at_least', threshold: '1' }];
const folder = mkdtempSync(join(tmpdir(), 'track-record-claim-'));
const key = await fixedRecordRoot(MASTER_KEY).statementSigningSeed().open(signingKeyFromSeed);

let database: FreshDatabase;
let desk: Desk;
let gateway: Gateway;

beforeAll(async () => {
  database = await freshDatabase();
  desk = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
  gateway = createGateway({ databaseUrl: database.urlFor('gateway') });
  await desk.handIn();
  expect(await desk.connect()).toBe('DONE');
  desk.setClock(NOW);
  await stateMonth();
  expect(await desk.release()).toBe('DONE');
  await desk.admin.query(`select pgboss.create_queue('prove-claim', '{"policy": "exclusive"}')`);
});

afterAll(async () => {
  await gateway.close();
  await desk.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** A month of hours, signed as the worker signs. */
async function stateMonth(): Promise<void> {
  const pseudonym = fixedRecordRoot(MASTER_KEY).pseudonym(ACCOUNT);
  const hours = Array.from({ length: DAYS * 24 }, () => () => ({}));
  const signed = await signHours(key, pseudonym, hours);
  const store = openStore(database.urlFor('enclave_worker'), { connectionsMax: 1 });
  const rows = signed.map(({ bytes, hash, signature }, sequence) => ({
    accountId: ACCOUNT,
    sequence,
    hour: Date.parse(parseStatement(bytes).hour),
    body: Buffer.from(bytes),
    hash: Buffer.from(hash, 'hex'),
    previous: sequence === 0 ? null : Buffer.from(signed[sequence - 1]?.hash ?? '', 'hex'),
    signature: Buffer.from(signature),
    keyId: key.keyId,
    restates: null,
    releaseAt: (Math.floor(sequence / 24) + 2) * DAY_MS + Date.parse(FROM),
  }));
  await insertRows(store.db, 'record.statement', rows);
  await store.close();
}

async function answerTo(request: object): Promise<Awaited<ReturnType<Gateway['claim']>>> {
  const claimId = randomUUID();
  await gateway.requestClaim(claimId, ACCOUNT, { from: FROM, to: TO, terms, ...request });
  expect(await gateway.claim(claimId)).toEqual({ signed: null, code: null });
  expect(await desk.prove()).toBe('DONE');
  return gateway.claim(claimId);
}

describe('accepts', () => {
  test('a month, claimed and verified by the command, which says what is not shown', async () => {
    const answer = await answerTo({
      terms: [...terms, { metric: 'max_drawdown', comparison: 'below', threshold: '0.1' }],
    });
    const file = join(folder, 'claim.json');
    const signed = answer?.signed ?? { bytes: Buffer.of(), signature: Buffer.of() };
    const text = JSON.stringify(buildClaimFile(signed, key.publicKey, developmentEvidence(key)));
    writeFileSync(file, text);
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, '{"allowDevelopmentEvidence": true}');
    const options = { policy, at: new Date(NOW).toISOString() };
    const input = { options, stdin: process.stdin, progress: () => undefined };
    const { text: said, failed } = await verify.run({ ...input, positionals: [file] });
    expect(failed).toBe(false);
    expect(said.split('\n')).toEqual(
      expect.arrayContaining([
        `${file}: VERIFIED CLAIM (signed by a development enclave: no hardware evidence)`,
        `  ${FROM} to ${TO}: 31 days, 744 hours`,
        '  744 measured, 0 without a return, 0 backfilled, 0 corrected later',
        '  CLAIMED      share of hours that were measured at least 1',
        '  CLAIMED      largest drawdown below 0.1',
        '  NOT SHOWN    the hours: the enclave that signed computed this from 744 statements',
      ]),
    );
    const altered = join(folder, 'altered.json');
    writeFileSync(altered, text.replace('"signature":"', '"signature":"A'));
    const refused = await verify.run({ ...input, positionals: [altered] });
    expect([refused.failed, refused.text.includes('REFUSED')]).toEqual([true, true]);
  });
});

describe('refuses', () => {
  test.each([
    [
      'what is not so',
      { terms: [{ ...terms[0], metric: 'total_return', comparison: 'above', threshold: '99' }] },
      'CLAIM_NOT_MET',
    ],
    ['hours that are not there', { to: '2026-03-05T00:00:00Z' }, 'CLAIM_PERIOD_UNKNOWN'],
    ['another metric', { terms: [{ ...terms[0], metric: 'fills' }] }, 'CLAIM_MALFORMED'],
    ['a further member', { note: 'x' }, 'CLAIM_MALFORMED'],
  ])('%s', async (_name, request, code) => {
    expect(await answerTo(request)).toEqual({ signed: null, code });
  });

  test('the claim of an account that is not there, and the same id twice', async () => {
    const id = randomUUID();
    const asked = { from: FROM, to: TO, terms };
    const unknown = gateway.requestClaim(id, randomUUID(), asked);
    await expect(unknown).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    await gateway.requestClaim(id, ACCOUNT, asked);
    const again = gateway.requestClaim(id, ACCOUNT, asked);
    await expect(again).rejects.toMatchObject({ code: 'STORE_CONFLICT' });
  });

  test('more than twenty in a day: CLAIM_RATIONED', async () => {
    const ask = () => gateway.requestClaim(randomUUID(), ACCOUNT, { from: FROM, to: TO, terms });
    const codes: string[] = [];
    for (let count = 0; count < 21; count += 1) {
      codes.push(
        await ask().then(
          () => 'asked',
          (error: { code: string }) => error.code,
        ),
      );
    }
    expect(new Set(codes)).toEqual(new Set(['asked', 'CLAIM_RATIONED']));
  });
});

describe('holds', () => {
  test('an answer is given once: the database changes none', async () => {
    await desk.prove();
    const change = `update record.claim set code = 'CLAIM_NOT_MET', body = null, signature = null`;
    await expect(desk.admin.query(change)).rejects.toThrow('append-only');
  });
});
