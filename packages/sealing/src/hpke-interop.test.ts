// Our HPKE messages against an independent implementation, both ways, and both implementations
// against RFC 9180, appendix A. The appendix has no vector for AES-256-GCM: those of the same key
// encapsulation and key derivation with the two other ciphers are taken (A.1.1, A.2.1), and for our
// suite the two implementations are each other's witness.

import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import * as ours from 'hpke';
import { contextBytes, lengthPrefixed } from './context.ts';
import { type IntakeIdentity, intakeKeyPair, openIntake, sealIntake } from './intake.ts';
import { Secret } from './secret.ts';

/** RFC 9180, A.1.1: ikmR, enc, info; the first message. */
const A_1_1 = {
  ikmR: '6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037',
  enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
  ciphertext:
    'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9' +
    '6d8770ac83d07bea87e13c512a',
};
const A_2_1 = {
  ikmR: '1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df',
  enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
  ciphertext:
    '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db' +
    '21993c62ce81883d2dd1b51a28',
};
/** Of both: "Ode on a Grecian Urn", "Beauty is truth, truth beauty", "Count-0". */
const INFO = bytesOf('4f6465206f6e2061204772656369616e2055726e');
const PLAINTEXT = '4265617574792069732074727574682c20747275746820626561757479';
const AAD = bytesOf('436f756e742d30');

const identity: IntakeIdentity = { ownerId: 'owner-1', venue: 'binance', accountId: 'account-1' };
const fields = { apiKey: 'an api key', secret: 'ein Geheimnis, ünïcode' };
/** As intake.ts binds a message. */
const intakeInfo = new TextEncoder().encode('track-record/v1/intake');
const intakeAad = Uint8Array.from(
  contextBytes([
    ['owner', identity.ownerId],
    ['venue', identity.venue],
    ['account', identity.accountId],
  ]),
);
const theirs = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function hexOf(bytes: Uint8Array | ArrayBuffer): string {
  return Buffer.from(new Uint8Array(bytes)).toString('hex');
}

describe('accepts', () => {
  const vectors = [
    ['A.1.1', A_1_1, ours.AEAD_AES_128_GCM],
    ['A.2.1', A_2_1, ours.AEAD_ChaCha20Poly1305],
  ] as const;
  test.each(vectors)('RFC 9180 %s, in the implementation we use', async (_name, vector, aead) => {
    const kem = ours.KEM_DHKEM_X25519_HKDF_SHA256;
    const suite = new ours.CipherSuite(kem, ours.KDF_HKDF_SHA256, aead);
    const { privateKey } = await suite.DeriveKeyPair(bytesOf(vector.ikmR), false);
    const options = { info: INFO, aad: AAD };
    const [enc, ciphertext] = [bytesOf(vector.enc), bytesOf(vector.ciphertext)];
    expect(hexOf(await suite.Open(privateKey, enc, ciphertext, options))).toBe(PLAINTEXT);
  });

  test('RFC 9180 A.1.1, in the other implementation', async () => {
    const kem = new DhkemX25519HkdfSha256();
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes128Gcm() });
    const { privateKey } = await suite.kem.deriveKeyPair(bytesOf(A_1_1.ikmR));
    const recipient = { recipientKey: privateKey, enc: bytesOf(A_1_1.enc), info: INFO };
    const opened = await suite.open(recipient, bytesOf(A_1_1.ciphertext), AAD);
    expect(hexOf(opened)).toBe(PLAINTEXT);
  });

  test('R47 another-client-can-seal: what @hpke/core sealed opens here', async () => {
    const pair = await ourPair();
    const recipientPublicKey = await theirs.kem.deserializePublicKey(pair.publicKey);
    const plaintext = lengthPrefixed(
      Object.entries(fields)
        .flat()
        .map((text) => new TextEncoder().encode(text)),
    );
    const sealed = await theirs.seal(
      { recipientPublicKey, info: intakeInfo },
      Uint8Array.from(plaintext),
      intakeAad,
    );
    const parts = [Buffer.from('TRI\x01'), sealed.enc, sealed.ct].map(
      (part) => new Uint8Array(part),
    );
    const opened = await openIntake(pair, Buffer.concat(parts), identity);
    const texts = [...opened].map(([name, value]) => [
      name,
      value.open((bytes) => Buffer.from(bytes).toString()),
    ]);
    expect(Object.fromEntries(texts)).toEqual(fields);
  });

  test('R47 another-enclave-could-open: what is sealed here opens in @hpke/core', async () => {
    const { privateKey, publicKey } = await theirs.kem.generateKeyPair();
    const raw = new Uint8Array(await theirs.kem.serializePublicKey(publicKey));
    const message = Uint8Array.from(await sealIntake(raw, { ...identity, fields }));
    const recipient = { recipientKey: privateKey, enc: message.slice(4, 36), info: intakeInfo };
    const opened = await theirs.open(recipient, message.slice(36), intakeAad);
    expect(Buffer.from(opened).toString()).toContain(fields.secret);
  });
});

describe('refuses', () => {
  test('in the other implementation, another context, cipher text and key share', async () => {
    const { privateKey, publicKey } = await theirs.kem.generateKeyPair();
    const raw = new Uint8Array(await theirs.kem.serializePublicKey(publicKey));
    const message = Uint8Array.from(await sealIntake(raw, { ...identity, fields }));
    const open = async (
      enc: Uint8Array,
      ciphertext: Uint8Array,
      aad: Uint8Array,
    ): Promise<string> => {
      const recipient = { recipientKey: privateKey, enc: Uint8Array.from(enc), info: intakeInfo };
      return await theirs.open(recipient, Uint8Array.from(ciphertext), Uint8Array.from(aad)).then(
        () => 'opened',
        () => 'refused',
      );
    };
    const [enc, ciphertext] = [message.slice(4, 36), message.slice(36)];
    expect(await open(enc, ciphertext, intakeAad)).toBe('opened');
    expect(await open(enc, ciphertext, intakeAad.with(8, 0))).toBe('refused');
    expect(await open(enc, ciphertext.with(0, (ciphertext[0] ?? 0) ^ 1), intakeAad)).toBe(
      'refused',
    );
    expect(await open(new Uint8Array(32), ciphertext, intakeAad)).toBe('refused');
  });

  test('a message of the other implementation without our context', async () => {
    const pair = await ourPair();
    const recipientPublicKey = await theirs.kem.deserializePublicKey(pair.publicKey);
    const sealed = await theirs.seal({ recipientPublicKey, info: intakeInfo }, new Uint8Array(9));
    const parts = [Buffer.from('TRI\x01'), sealed.enc, sealed.ct].map(
      (part) => new Uint8Array(part),
    );
    const refused = openIntake(pair, Buffer.concat(parts), identity).catch(codeOf);
    expect(await refused).toBe('ENVELOPE_REFUSED');
  });
});

async function ourPair(): ReturnType<typeof intakeKeyPair> {
  return await intakeKeyPair(new Secret(bytesOf(A_1_1.ikmR)));
}
