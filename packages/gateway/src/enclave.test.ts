// An enclave entered by a real door whose answers the test decides. Certificates, roles and tokens
// are tried in packages/testkit/src/interop.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import {
  developmentEvidence,
  sampleKey,
  signHours,
} from '../../testkit/src/attacks/sample-export.ts';
import { startRpcServer, type RpcServer } from '../../testkit/src/index.ts';
import { cannedSources } from '../../testkit/src/rpc/canned-sources.ts';
import { selfSignedCertificate } from '../../testkit/src/tls/self-signed-certificate.ts';
import { openEnclave, type BoundKeys, type Enclave, type EvidenceJson } from './enclave.ts';

const OWNER = '00000000-0000-4000-8000-000000000001';
const ACCOUNT = '00000000-0000-4000-8000-0000000000a1';
const tls = selfSignedCertificate();
const key = await sampleKey(1);
const statements = await signHours(key, 'ab'.repeat(16), [() => ({}), () => ({})]);
const hour = {
  hourMs: Date.UTC(2026, 0, 5),
  status: 'measured',
  reason: null,
  hourlyReturn: '0.010000000000000000',
  coverage: '1',
  provenance: 'observed',
  sequence: 0,
  statementHash: new Uint8Array(32),
} as const;
const account = {
  ownerId: OWNER,
  accountId: ACCOUNT,
  state: 'active',
  lastHourMs: hour.hourMs,
  hoursMissing: 0,
  code: null,
  syncing: false,
  coverage: '1',
  queuePosition: null,
  backfill: null,
} as const;

let door: RpcServer;
let evidence: string;
let isSecond = false;
const asked: string[] = [];

beforeAll(async () => {
  door = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    access: null,
    now: () => hour.hourMs,
    onBug: (_method, error) => {
      throw error;
    },
    sources: cannedSources({
      attestation: async () => {
        asked.push('attestation');
        return {
          evidenceFormat: 'track-record-evidence/1',
          evidence: Buffer.from(evidence),
          insecure: false,
          signingPublicKey: key.publicKey,
          intakePublicKey: key.publicKey,
          tlsSpkiSha256: new Uint8Array(32),
          nonceSignature: new Uint8Array(),
        };
      },
      statusOf: async () => {
        asked.push('status');
        isSecond = !isSecond;
        return [{ ...account, syncing: isSecond }];
      },
      hourlyReturns: async function* () {
        yield [hour];
      },
      statements: async function* () {
        const numbered = statements.map(({ bytes, signature }, sequence) => ({
          body: Buffer.from(bytes),
          signature: Buffer.from(signature),
          sequence,
        }));
        yield numbered;
      },
    }),
  });
});

afterAll(async () => {
  await door.stop(0);
});

/** The keys that the enclave has, unless the test binds others. */
async function open(change: Partial<BoundKeys> = {}): Promise<Enclave> {
  asked.length = 0;
  evidence = JSON.stringify(developmentEvidence(key));
  const judged: EvidenceJson[] = [];
  const enclave = await openEnclave({
    endpoint: `127.0.0.1:${door.port}`,
    judge: async (given) => {
      judged.push(given);
      return {
        tlsSpkiSha256: createHash('sha256').update(tls.spki).digest(),
        statementPublicKey: key.publicKey,
        ...change,
      };
    },
  });
  expect(judged).toEqual([JSON.parse(evidence)]);
  expect(asked).toEqual(['attestation']);
  return enclave;
}

describe('accepts', () => {
  test('an enclave whose evidence passes: status, changes, hours and an export', async () => {
    const enclave = await open();
    expect(await enclave.status(OWNER, ACCOUNT)).toMatchObject([{ accountId: ACCOUNT }]);
    const seen: boolean[] = [];
    for await (const [each] of enclave.watch(OWNER, null)) {
      seen.push(each?.syncing === true);
      if (seen.length === 2) break;
    }
    expect(new Set(seen)).toEqual(new Set([true, false]));
    const hours: unknown[] = [];
    for await (const each of enclave.results(ACCOUNT)) hours.push(each.hourlyReturn);
    expect(hours).toEqual([hour.hourlyReturn]);
    expect(await enclave.exportStatement(ACCOUNT)).toMatchObject({
      format: 'track-record-export/1',
      evidence: enclave.evidence,
      summary: { hours: 2 },
    });
    enclave.close();
  });
});

describe('refuses', () => {
  test('evidence that the caller refuses, and then nothing else is sent', async () => {
    asked.length = 0;
    evidence = '{}';
    const refused = openEnclave({
      endpoint: `127.0.0.1:${door.port}`,
      judge: () => Promise.reject(new RecordError('POLICY_MEASUREMENT')),
      ownerToken: () => {
        throw new Error('asked for a token');
      },
    });
    expect(await refused.catch(codeOf)).toBe('POLICY_MEASUREMENT');
    expect(asked).toEqual(['attestation']);
  });

  test('a door under another key than the evidence binds: RPC_PEER_UNTRUSTED', async () => {
    const other = open({ tlsSpkiSha256: new Uint8Array(32) });
    expect(await other.catch(codeOf)).toBe('RPC_PEER_UNTRUSTED');
  });

  test('a record that another key signed: STATEMENT_SIGNATURE_INVALID', async () => {
    const { publicKey } = await sampleKey(2);
    const enclave = await open({ statementPublicKey: publicKey });
    expect(await enclave.exportStatement(ACCOUNT).catch(codeOf)).toBe(
      'STATEMENT_SIGNATURE_INVALID',
    );
    enclave.close();
  });

  test.each(['<html>', '[]', 'null', '"evidence"'])('%s in place of evidence', async (text) => {
    evidence = text;
    const judge = () => Promise.reject(new Error('judged what is none'));
    const refused = openEnclave({ endpoint: `127.0.0.1:${door.port}`, judge });
    expect(await refused.catch(codeOf)).toBe('RPC_ANSWER_MALFORMED');
  });
});

describe('holds', () => {
  test('a call ends with its caller', async () => {
    const enclave = await open();
    const signal = AbortSignal.abort(new Error('left'));
    await expect(enclave.status(OWNER, null, { signal })).rejects.toThrow('left');
    await expect(enclave.exportStatement(ACCOUNT, undefined, { signal })).rejects.toThrow('left');
    enclave.close();
  });
});
