// AMD's side of SEV-SNP for tests: a root (ARK), its two intermediates (ASK, ASVK) and the chips
// they certify, per product. Certificates have the names and extension encodings of AMD's own (KDS
// specification 57230), so that one of them differs from a genuine one in its keys only. Every part
// can be made wrong on purpose.

import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bitString, der, objectId, pem, sequence, utcTime } from '../der-writer.ts';
import { FAKE_CHIP, FAKE_TCB, type FakeProduct, type FakeSigner } from './fake-chip.ts';
import { type ReportOptions, signedReport } from './fake-report.ts';

export interface CertificateOptions {
  readonly product: FakeProduct;
  readonly signer: FakeSigner;
  readonly commonName?: string;
  readonly issuerName?: string;
  /** Milliseconds UTC. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** extnValue by object id in hex; null leaves the extension out. */
  readonly extensions?: Readonly<Record<string, Uint8Array | null>>;
  /** Object ids in hex of extensions that are marked critical besides AMD's own. */
  readonly critical?: readonly string[];
  /** PKCS #1 v1.5, or PSS with a salt of 32, by the right key. */
  readonly signature?: 'pss' | 'pkcs1' | 'shortSalt';
}

export interface LeafOptions extends CertificateOptions {
  /** The HWID: 64 bytes, on Turin 8. */
  readonly chip?: Uint8Array;
  /** REPORTED_TCB, 8 bytes in the layout of the product. */
  readonly tcb?: Uint8Array;
  readonly curve?: 'P-384' | 'P-256';
}

export interface FakeLeaf {
  readonly der: Buffer;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

export interface FakeAmdAuthority {
  /** The roots of all three products, for `--trust-anchors`. */
  readonly rootsPem: string;
  readonly root: (product: FakeProduct) => Buffer;
  readonly intermediate: (options: CertificateOptions) => Buffer;
  readonly leaf: (options: LeafOptions) => FakeLeaf;
  /** 1184 bytes, signed by the leaf's key. */
  readonly report: (options: ReportOptions, leaf: FakeLeaf) => Buffer;
  readonly revocationList: (options: RevocationOptions) => Buffer;
}

export interface RevocationOptions {
  readonly product: FakeProduct;
  /** Serial numbers of one byte each; intermediates have 0x01 (ASK) and 0x02 (ASVK). */
  readonly revoked: readonly number[];
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

/** 1.3.6.1.4.1.3704.1 */
export const AMD_ARC = '2b060104019c7801';

const PRODUCTS: readonly FakeProduct[] = ['Milan', 'Genoa', 'Turin'];
const NOT_BEFORE = Date.UTC(2024, 0, 1);
const NOT_AFTER = Date.UTC(2045, 0, 1);
/**
 * A quarter of what AMD uses takes a sixtieth of the time to make; the verifier trusts a key by its
 * pin.
 */
const MODULUS_BITS = 2048;
const SHA384 = sequence(objectId('608648016503040202'), der(0x05));
const MGF1 = sequence(objectId('2a864886f70d010108'), SHA384);
const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const ROOT_SERIAL = 0x10;
const SERIALS: Readonly<Record<FakeSigner, number>> = { VCEK: 0x01, VLEK: 0x02 };

/** Keys are made when they are first needed. */
export function fakeAmdAuthority(modulusBits: number = MODULUS_BITS): FakeAmdAuthority {
  const keys = new Map<string, KeyPair>();
  const keyOf = (name: string): KeyPair => {
    const key = keys.get(name) ?? generateKeyPairSync('rsa', { modulusLength: modulusBits });
    keys.set(name, key);
    return key;
  };
  const root = (product: FakeProduct): Buffer => {
    const name = rootName(product);
    const shape = { product, signer: 'VCEK', commonName: name, issuerName: name } as const;
    return certificate(shape, ROOT_SERIAL, keyOf(name), keyOf(name), ROOT_EXTENSIONS);
  };
  return {
    get rootsPem() {
      return PRODUCTS.map((product) => pem('CERTIFICATE', root(product))).join('');
    },
    root,
    intermediate: (options) => {
      const name = intermediateName(options);
      const named = { commonName: name, issuerName: rootName(options.product), ...options };
      const issuerKey = keyOf(rootName(options.product));
      const serial = SERIALS[options.signer];
      return certificate(named, serial, keyOf(name), issuerKey, AUTHORITY_EXTENSIONS);
    },
    leaf: (options) => {
      const name = intermediateName(options);
      const named = { commonName: `SEV-${options.signer}`, issuerName: name, ...options };
      const key = generateKeyPairSync('ec', { namedCurve: options.curve ?? 'P-384' });
      const bytes = certificate(named, 0, key, keyOf(name), leafExtensions(options));
      return { der: bytes, pem: pem('CERTIFICATE', bytes), privateKey: key.privateKey };
    },
    report: (options, leaf) => signedReport(options, leaf.privateKey),
    revocationList: (options) => revocationList(options, keyOf(rootName(options.product))),
  };
}

/** The host's certificate table, as configfs-tsm gives it in `auxblob`. */
export function fakeCertificateTable(entries: readonly (readonly [string, Buffer])[]): Buffer {
  const header = Buffer.alloc((entries.length + 1) * 24);
  let offset = header.length;
  for (const [index, [guid, bytes]] of entries.entries()) {
    header.write(guid.replaceAll('-', ''), index * 24, 'hex');
    header.writeUInt32LE(offset, index * 24 + 16);
    header.writeUInt32LE(bytes.length, index * 24 + 20);
    offset += bytes.length;
  }
  return Buffer.concat([header, ...entries.map(([, bytes]) => bytes)]);
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

type NamedOptions = CertificateOptions & {
  readonly commonName: string;
  readonly issuerName: string;
};
type Extensions = Readonly<Record<string, Uint8Array>>;

/** CA:TRUE, and the right to sign certificates; an intermediate signs leaves only. */
const ROOT_EXTENSIONS: Extensions = {
  [BASIC_CONSTRAINTS]: sequence(der(0x01, Buffer.from([0xff]))),
  [KEY_USAGE]: der(0x03, Buffer.from([0x02, 0x04])),
};
const AUTHORITY_EXTENSIONS: Extensions = {
  ...ROOT_EXTENSIONS,
  [BASIC_CONSTRAINTS]: sequence(der(0x01, Buffer.from([0xff])), integer(0)),
};

function certificate(
  options: NamedOptions,
  serial: number,
  subject: KeyPair,
  issuer: KeyPair,
  defaults: Extensions,
): Buffer {
  const extensions = Object.entries({ ...defaults, ...options.extensions });
  const critical = [BASIC_CONSTRAINTS, KEY_USAGE, ...(options.critical ?? [])];
  const algorithm = algorithmOf(options.signature);
  const content = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    algorithm,
    nameOf(options.issuerName),
    sequence(utcTime(options.notBefore ?? NOT_BEFORE), utcTime(options.notAfter ?? NOT_AFTER)),
    nameOf(options.commonName),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions.flatMap(([id, value]) => extensionOf(id, value, critical)))),
  );
  return sequence(content, algorithm, bitString(signatureOf(content, issuer, options.signature)));
}

function extensionOf(
  id: string,
  value: Uint8Array | null,
  critical: readonly string[],
): readonly Buffer[] {
  if (value === null) return [];
  const flag = critical.includes(id) ? [der(0x01, Buffer.from([0xff]))] : [];
  return [sequence(objectId(id), ...flag, der(0x04, value))];
}

/** What KDS puts into a leaf, in its encodings: numbers as INTEGER, the HWID as bare bytes. */
function leafExtensions({
  product,
  signer,
  chip,
  tcb = FAKE_TCB[product],
}: LeafOptions): Extensions {
  const isTurin = product === 'Turin';
  const [first = 0, second = 0, third = 0, fourth = 0, , , seventh = 0, microcode = 0] = tcb;
  const older = { '0301': first, '0302': second, '0304': 0, '0303': seventh };
  const turin = { '0309': first, '0301': second, '0302': third, '0303': fourth };
  const versions = {
    ...(isTurin ? turin : older),
    '0305': 0,
    '0306': 0,
    '0307': 0,
    '0308': microcode,
  };
  const name = product === 'Milan' && signer === 'VCEK' ? 'Milan-B0' : product;
  const hwid = chip ?? FAKE_CHIP.subarray(0, isTurin ? 8 : 64);
  return {
    [`${AMD_ARC}01`]: integer(isTurin ? 1 : 0),
    [`${AMD_ARC}02`]: der(0x16, Buffer.from(name)),
    ...Object.fromEntries(
      Object.entries(versions).map(([id, value]) => [`${AMD_ARC}${id}`, integer(value)]),
    ),
    ...(signer === 'VCEK'
      ? { [`${AMD_ARC}04`]: hwid }
      : { [`${AMD_ARC}05`]: der(0x16, Buffer.from('CN=cc-us-test-1.example.com')) }),
  };
}

function revocationList(
  { product, revoked, thisUpdate, nextUpdate }: RevocationOptions,
  root: KeyPair,
): Buffer {
  const algorithm = algorithmOf('pss');
  const entries = revoked.map((serial) => sequence(integer(serial), utcTime(thisUpdate)));
  const content = sequence(
    integer(1),
    algorithm,
    nameOf(rootName(product)),
    utcTime(thisUpdate),
    utcTime(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return sequence(content, algorithm, bitString(signatureOf(content, root, 'pss')));
}

function algorithmOf(signature: CertificateOptions['signature']): Buffer {
  if (signature === 'pkcs1') return sequence(objectId('2a864886f70d01010c'), der(0x05));
  const salt = integer(signature === 'shortSalt' ? 32 : 48);
  const parameters = sequence(der(0xa0, SHA384), der(0xa1, MGF1), der(0xa2, salt));
  return sequence(objectId('2a864886f70d01010a'), parameters);
}

function signatureOf(
  content: Buffer,
  { privateKey }: KeyPair,
  signature: CertificateOptions['signature'],
): Buffer {
  if (signature === 'pkcs1') return sign('sha384', content, privateKey);
  const saltLength = signature === 'shortSalt' ? 32 : 48;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign('sha384', content, { key: privateKey, padding, saltLength });
}

function rootName(product: FakeProduct): string {
  return `ARK-${product}`;
}

function intermediateName({ product, signer }: CertificateOptions): string {
  return signer === 'VLEK' ? `SEV-VLEK-${product}` : `SEV-${product}`;
}

function nameOf(commonName: string): Buffer {
  const attributes: readonly (readonly [string, number, string])[] = [
    ['55040b', 0x0c, 'Engineering'],
    ['550406', 0x13, 'US'],
    ['550407', 0x0c, 'Santa Clara'],
    ['550408', 0x0c, 'CA'],
    ['55040a', 0x0c, 'Advanced Micro Devices'],
    ['550403', 0x0c, commonName],
  ];
  return sequence(
    ...attributes.map(([id, tag, text]) =>
      der(0x31, sequence(objectId(id), der(tag, Buffer.from(text)))),
    ),
  );
}

/** A number of one byte; from 128 on a zero before it keeps it positive. */
function integer(value: number): Buffer {
  return der(0x02, Buffer.from(value < 0x80 ? [value] : [0, value]));
}
