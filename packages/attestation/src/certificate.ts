// One X.509 v3 certificate (RFC 5280) as AMD issues them: parsed, and nothing believed. Every byte
// is untrusted. What a leaf says of its chip is read in leaf.ts; who vouches for it is asked in
// verify-report.ts.

import { type Bytes, sameBytes } from './bytes.ts';
import { refusal } from './refusal.ts';
import {
  contentOf,
  type DerValue,
  objectIdOf,
  octetsOfBits,
  partsOf,
  readDer,
  TAG,
  textOf,
  timeOf,
  unsignedOf,
} from './der.ts';
import { hex } from './hex.ts';

/**
 * AMD's certificates are 1.3 to 1.7 KB, in PEM 2.4; ten times that bounds the work of a hostile
 * one.
 */
export const CERTIFICATE_SIZE_BYTES_MAX = 16 * 1024;

/** The first byte of every certificate in DER: a SEQUENCE. PEM text never begins so. */
const DER_FIRST_BYTE = TAG.sequence;

/** One certificate and nothing else: the class has no dash, so that a second one does not match. */
const PEM =
  /^\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\s*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt (RFC 4055): the two encodings in
 * AMD's certificates. The second writes out the default trailer field, which DER forbids and AMD
 * did until 2024. A certificate with PKCS #1 v1.5 or weaker parameters by the right key is refused
 * here.
 */
const PSS_PARAMETERS =
  'a00f300d06096086480165030402020500' +
  'a11c301a06092a864886f70d010108300d06096086480165030402020500' +
  'a203020130';
const PSS_ALGORITHMS = [
  `304106092a864886f70d01010a3034${PSS_PARAMETERS}`,
  `304606092a864886f70d01010a3039${PSS_PARAMETERS}a303020101`,
];

const VERSION_3 = 2;
/** TBSCertificate: version, serial, algorithm. */
const ALGORITHM_INDEX = 2;
const COMMON_NAME = '550403';
const KEY_USAGE = '551d0f';
const BASIC_CONSTRAINTS = '551d13';
/** RFC 5280 4.2.1.3: bit 5, counted from the highest. */
const KEY_CERT_SIGN = 0x04;
const NO_USAGES = 0;

export interface Certificate {
  /** The common names of subject and issuer: AMD's names differ in nothing else. */
  readonly commonName: string;
  readonly issuerCommonName: string;
  /** The whole names in DER. */
  readonly subject: Bytes;
  readonly issuer: Bytes;
  /** Hex, as in a revocation list. */
  readonly serial: string;
  /** Milliseconds UTC; the certificate is valid at both ends. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Bytes;
  /** extnValue by object id in hex. */
  readonly extensions: ReadonlyMap<string, Bytes>;
  readonly signed: SignedDer;
}

export interface SignedFields {
  readonly fields: readonly DerValue[];
  readonly signed: SignedDer;
}

/** What a signature covers, and the signature. */
export interface SignedDer {
  readonly bytes: Bytes;
  readonly signature: Bytes;
}

/** One certificate, DER or PEM as its content shows. The input is copied. */
export function parseCertificate(input: Uint8Array): Certificate {
  const { fields, signed } = parseSigned(input, ALGORITHM_INDEX);
  const [version, serial, , issuer, validity, subject, spki, extensions, ...rest] = fields;
  const [number] = partsOf(version, 0xa0);
  const [notBefore, notAfter, ...times] = partsOf(validity);
  if (issuer === undefined || subject === undefined || spki === undefined) throw malformed();
  if (unsignedOf(number)[0] !== VERSION_3 || rest.length > 0 || times.length > 0) throw malformed();
  return {
    commonName: commonNameOf(subject),
    issuerCommonName: commonNameOf(issuer),
    subject: subject.bytes,
    issuer: issuer.bytes,
    serial: hex(unsignedOf(serial)),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    spki: spki.bytes,
    extensions: extensionsOf(extensions),
    signed,
  };
}

/**
 * Certificate and CertificateList alike: what is signed, the algorithm, the signature. The
 * algorithm stands once more among the signed fields, at the given index.
 */
export function parseSigned(input: Uint8Array, algorithmIndex: number): SignedFields {
  if (input.length === 0 || input.length > CERTIFICATE_SIZE_BYTES_MAX) {
    throw refusal('certificate.size');
  }
  const [content, algorithm, signature, ...rest] = partsOf(readDer(derOf(new Uint8Array(input))));
  if (content === undefined || rest.length > 0) throw malformed();
  const fields = partsOf(content);
  const inner = fields[algorithmIndex];
  if (algorithm === undefined || inner === undefined) throw malformed();
  // RFC 5280 4.1.1.2: what stands outside the signature must be what stands inside.
  const isSame = sameBytes(inner.bytes, algorithm.bytes);
  if (!isSame || !PSS_ALGORITHMS.includes(hex(algorithm.bytes))) {
    throw refusal('certificate.algorithm');
  }
  return { fields, signed: { bytes: content.bytes, signature: octetsOfBits(signature) } };
}

/** RFC 5280 4.2.1.9 and 4.2.1.3: whether it may issue certificates. */
export function isAuthority({ extensions }: Certificate): boolean {
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  const usage = extensions.get(KEY_USAGE);
  if (constraints === undefined || !isTrue(partsOf(readDer(constraints))[0])) return false;
  // Without this extension the key may be used for anything.
  if (usage === undefined) return true;
  const [, usages = NO_USAGES] = contentOf(readDer(usage), TAG.bits);
  return (usages & KEY_CERT_SIGN) !== 0;
}

function derOf(bytes: Bytes): Bytes {
  if (bytes[0] === DER_FIRST_BYTE) return bytes;
  const base64 = PEM.exec(textOf(bytes))?.[1]?.replaceAll(/[\r\n]/g, '');
  if (base64 === undefined || !BASE64.test(base64)) throw malformed();
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // Unused low bits in the last character would make a second text of the same certificate.
  if (btoa(String.fromCodePoint(...der)) !== base64) throw malformed();
  return der;
}

/** The one common name of a Name; a name with two could be read as either. */
function commonNameOf(name: DerValue): string {
  const names = partsOf(name).flatMap((relative) => {
    const [attribute, ...others] = partsOf(relative, TAG.set);
    const [type, value, ...rest] = partsOf(attribute);
    if (value === undefined || others.length + rest.length > 0) throw malformed();
    return objectIdOf(type) === COMMON_NAME ? [value] : [];
  });
  const [only, ...more] = names;
  if (only === undefined || more.length > 0) throw malformed();
  return textOf(contentOf(only, only.tag === TAG.printable ? TAG.printable : TAG.utf8));
}

function extensionsOf(value: DerValue | undefined): ReadonlyMap<string, Bytes> {
  const [list, ...rest] = partsOf(value, 0xa3);
  const extensions = new Map<string, Bytes>();
  if (rest.length > 0) throw malformed();
  for (const extension of partsOf(list)) {
    const [id, ...parts] = partsOf(extension);
    const isCritical = parts.length === 2 && isTrue(parts[0]);
    if (parts.length !== (isCritical ? 2 : 1)) throw malformed();
    const name = objectIdOf(id);
    // Of two values for one name, a verifier and an issuer may each read another.
    if (extensions.has(name)) throw malformed();
    // RFC 5280 4.2: a critical extension that is not understood is a reason to refuse.
    if (isCritical && name !== KEY_USAGE && name !== BASIC_CONSTRAINTS) throw malformed();
    extensions.set(name, contentOf(parts.at(-1), TAG.octets));
  }
  return extensions;
}

function isTrue(value: DerValue | undefined): boolean {
  return value?.tag === TAG.boolean && hex(value.content) === 'ff';
}

function malformed(): Error {
  return refusal('certificate.encoding');
}
