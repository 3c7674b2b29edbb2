// TLS certificates for tests, made with node:crypto and the few DER forms they need (RFC 5280
// section 4.1, X.690): self-signed ones of servers, and an authority that gives clients their names
// (SPIFFE X509-SVID). No key lies in the repository and no openssl binary is needed. Not for
// production: the worker makes its own, and an operator's authority is a real one.

import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
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

export interface TestAuthority {
  readonly certificatePem: string;
  /** A client's certificate with these URIs as its names. */
  issue(uris: readonly string[], options?: SelfSignedOptions): SelfSignedCertificate;
}

const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));
const COMMON_NAME = objectId('550403');
const SUBJECT_ALTERNATIVE_NAME = objectId('551d11');
const BASIC_CONSTRAINTS = objectId('551d13');
const IS_AUTHORITY = sequence(
  BASIC_CONSTRAINTS,
  der(0x01, Buffer.from([0xff])),
  der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
);

/** A certificate for `localhost` and 127.0.0.1, valid from 2020 to 2049 unless told otherwise. */
export function selfSignedCertificate(options: SelfSignedOptions = {}): SelfSignedCertificate {
  const names = sequence(
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  return certificate('localhost', sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, names)), options);
}

export function testAuthority(): TestAuthority {
  const authority = certificate('test authority', IS_AUTHORITY, {});
  return {
    certificatePem: authority.certificatePem,
    issue: (uris, options = {}) => {
      const names = sequence(...uris.map((uri) => der(0x86, Buffer.from(uri))));
      const extension = sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, names));
      const issuer = { name: 'test authority', key: authority.privateKey };
      return certificate('client', extension, options, issuer);
    },
  };
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

function certificate(
  subject: string,
  extension: Buffer,
  options: SelfSignedOptions,
  issuer: Issuer | null = null,
): SelfSignedCertificate & { readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const notBeforeMs = options.notBeforeMs ?? Date.UTC(2020, 0, 1);
  const notAfterMs = options.notAfterMs ?? Date.UTC(2049, 11, 31);
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer?.name ?? subject),
    sequence(utcTime(notBeforeMs), utcTime(notAfterMs)),
    nameOf(subject),
    spki,
    der(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', tbs, issuer?.key ?? privateKey);
  return {
    certificatePem: pem('CERTIFICATE', sequence(tbs, ECDSA_WITH_SHA256, bitString(signature))),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spki,
    privateKey,
  };
}

function nameOf(common: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(common)))));
}
