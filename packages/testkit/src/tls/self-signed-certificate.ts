// A self-signed TLS certificate for tests, made with node:crypto and the few DER forms it needs
// (RFC 5280 section 4.1, X.690). No key lies in the repository and no openssl binary is needed. Not
// for production: the worker makes its own.

import { generateKeyPairSync, sign } from 'node:crypto';
import { bitString, der, objectId, pem, sequence, utcTime } from '../der-writer.ts';

export interface SelfSignedCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** The DER SubjectPublicKeyInfo, whose SHA-256 clients pin. */
  readonly spki: Buffer;
}

export interface SelfSignedOptions {
  /** Milliseconds UTC between 1950 and 2049, as UTCTime has two digits for the year. */
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));
const COMMON_NAME = objectId('550403');
const SUBJECT_ALTERNATIVE_NAME = objectId('551d11');

/** A certificate for `localhost` and 127.0.0.1, valid from 2020 to 2049 unless told otherwise. */
export function selfSignedCertificate(options: SelfSignedOptions = {}): SelfSignedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const notBeforeMs = options.notBeforeMs ?? Date.UTC(2020, 0, 1);
  const notAfterMs = options.notAfterMs ?? Date.UTC(2049, 11, 31);
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('localhost')))));
  const names = sequence(
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    name,
    sequence(utcTime(notBeforeMs), utcTime(notAfterMs)),
    name,
    spki,
    der(0xa3, sequence(sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, names)))),
  );
  const signature = sign('sha256', tbs, privateKey);
  const certificate = sequence(tbs, ECDSA_WITH_SHA256, bitString(signature));
  return {
    certificatePem: pem('CERTIFICATE', certificate),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spki,
  };
}
