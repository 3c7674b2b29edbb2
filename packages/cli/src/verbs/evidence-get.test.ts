// The verb against a door whose answers the test decides. What a worker answers is asked for in
// packages/testkit/src/tsm.

import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { startRpcServer, type RpcServer } from '../../../testkit/src/index.ts';
import { cannedSources } from '../../../testkit/src/rpc/canned-sources.ts';
import { selfSignedCertificate } from '../../../testkit/src/tls/self-signed-certificate.ts';
import { UsageError, type VerbInput, type VerbOutput } from '../verb.ts';
import { evidenceGet } from './evidence-get.ts';

const LABEL = 'track-record/v1/nonce-signature\0';
const folder = mkdtempSync(join(tmpdir(), 'track-record-evidence-get-'));
const output = join(folder, 'evidence.json');
const certificate = join(folder, 'enclave.pem');
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
const good = { insecure: false, binding: { statementPublicKey: raw.toString('hex') } };

let door: RpcServer;
let evidence: unknown = good;
let signature = signed;

beforeAll(async () => {
  const tls = selfSignedCertificate();
  writeFileSync(certificate, tls.certificatePem);
  door = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    onBug: () => undefined,
    access: null,
    now: Date.now,
    sources: cannedSources({
      attestation: async (nonce) => ({
        evidenceFormat: 'track-record-evidence/1',
        evidence: Buffer.from(typeof evidence === 'string' ? evidence : JSON.stringify(evidence)),
        insecure: false,
        signingPublicKey: raw,
        intakePublicKey: raw,
        tlsSpkiSha256: raw,
        nonceSignature: signature(nonce),
      }),
    }),
  });
});

afterAll(async () => {
  await door.stop(0);
  rmSync(folder, { recursive: true });
});

function signed(nonce: Uint8Array): Uint8Array {
  return sign(null, Buffer.concat([Buffer.from(LABEL), nonce]), privateKey);
}

function run(options: VerbInput['options'] = {}): Promise<VerbOutput> {
  const endpoint = `127.0.0.1:${door.port}`;
  return evidenceGet.run({
    options: { endpoint, certificate, output, ...options },
    positionals: [],
    stdin: process.stdin,
    progress: () => undefined,
  });
}

describe('accepts', () => {
  test('evidence whose statement key answers now', async () => {
    const { document } = await run();
    expect(document).toEqual({
      file: output,
      format: 'track-record-evidence/1',
      insecure: false,
      statementKeyAnswers: true,
    });
    expect(JSON.parse(readFileSync(output, 'utf8'))).toEqual(good);
  });
});

describe('refuses', () => {
  const otherKey = { ...good, binding: { statementPublicKey: '00'.repeat(32) } };
  const rows: readonly (readonly [string, unknown, typeof signed, string])[] = [
    ['a signature over nothing', good, () => new Uint8Array(64), 'STATEMENT_KEY_UNBOUND'],
    ['no signature', good, () => new Uint8Array(), 'STATEMENT_KEY_UNBOUND'],
    ['a recorded signature', good, () => signed(new Uint8Array(32)), 'STATEMENT_KEY_UNBOUND'],
    ['evidence for another key', otherKey, signed, 'STATEMENT_KEY_UNBOUND'],
    ['evidence for no key', { ...good, binding: null }, signed, 'STATEMENT_KEY_UNBOUND'],
    ['evidence that is no JSON', '<html>', signed, 'RPC_ANSWER_MALFORMED'],
    ['evidence that is no object', '"text"', signed, 'RPC_ANSWER_MALFORMED'],
  ];
  test.each(rows)('%s, and writes nothing', async (_name, served, signature_, code) => {
    [evidence, signature] = [served, signature_];
    rmSync(output, { force: true });
    expect(await run().then(() => 'written', codeOf)).toBe(code);
    expect(existsSync(output)).toBe(false);
    [evidence, signature] = [good, signed];
  });

  test('a certificate that cannot be read, another one, and a missing option', async () => {
    const missing = join(folder, 'none');
    expect(await run({ certificate: missing }).catch(codeOf)).toBe('ARGUMENT_INVALID');
    const other = join(folder, 'other.pem');
    writeFileSync(other, selfSignedCertificate().certificatePem);
    expect(await run({ certificate: other }).catch(codeOf)).toMatch(/^RPC_/);
    await expect(run({ output: undefined })).rejects.toThrow(UsageError);
  });
});
