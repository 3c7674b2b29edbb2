// The enclave's TLS key: made in memory at start, never written, never read from disk, so that the
// host cannot impersonate the enclave. Clients pin the SHA-256 of its public key, which the
// evidence carries.

import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface TlsIdentity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo. */
  readonly spkiSha256: Uint8Array;
}

const DAY_MS = 86_400_000;
/** The key lives as long as the process; a year outlasts any process between two releases. */
const VALIDITY_MS = 365 * DAY_MS;
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function createTlsIdentity(
  now: number,
  serialNumber: Uint8Array,
): Promise<TlsIdentity> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=track-record-enclave',
    serialNumber: Buffer.from(serialNumber).toString('hex'),
    // A day back, so that a client whose clock is behind still connects.
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALIDITY_MS),
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'track-record-enclave' },
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    spkiSha256: createHash('sha256').update(new Uint8Array(spki)).digest(),
  };
}
