// The certificate reader, DER reader and certificate table against hostile bytes.

import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { codeOf, RecordError } from '@track-record/errors';
import { fakeAmdAuthority, fakeCertificateTable } from '../../testkit/src/amd/fake-authority.ts';
import { der } from '../../testkit/src/der-writer.ts';
import { CERTIFICATE_SIZE_BYTES_MAX, parseCertificate } from './certificate.ts';
import { readDer, timeOf, unsignedOf } from './der.ts';
import { endorsementsOfAuxBlob } from './index.ts';

const authority = fakeAmdAuthority();
const kind = { product: 'Genoa', signer: 'VCEK' } as const;
const leaf = authority.leaf(kind);
const issuer = authority.intermediate(kind);
const root = authority.root('Genoa');

const VCEK = '63da758d-e664-4564-adc5-f4b93be8accd';
const ASK = '4ab7b379-bbac-4fe4-a02f-05aef327c782';
const ARK = 'c0b406a4-a803-4952-9743-3fb6014cd0ae';
const PLATFORM_INFO = 'ecae0c0f-9502-43b1-afa2-0ae2e0d565b6';

function placeOf(parse: () => unknown): string {
  try {
    parse();
    return 'accepted';
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

describe('accepts', () => {
  test('what node:crypto reads in the same certificate, from DER and from PEM', () => {
    const other = new X509Certificate(leaf.der);
    for (const bytes of [leaf.der, Buffer.from(leaf.pem)]) {
      const certificate = parseCertificate(bytes);
      expect(certificate.commonName).toBe('SEV-VCEK');
      expect(certificate.issuerCommonName).toBe('SEV-Genoa');
      expect(certificate.notBefore).toBe(Date.parse(other.validFrom));
      expect(certificate.notAfter).toBe(Date.parse(other.validTo));
      const spki = other.publicKey.export({ type: 'spki', format: 'der' });
      expect(Buffer.from(certificate.spki)).toEqual(spki);
    }
  });

  test('a certificate table in DER or PEM, whatever the labels say', () => {
    const pem = Buffer.from(leaf.pem);
    for (const certificate of [leaf.der, pem]) {
      const table = fakeCertificateTable([
        [ARK, root],
        [VCEK, issuer],
        [ASK, certificate],
        [PLATFORM_INFO, Buffer.from('anything')],
      ]);
      const endorsements = endorsementsOfAuxBlob(table);
      expect(Buffer.from(endorsements.leaf)).toEqual(certificate);
      expect(Buffer.from(endorsements.intermediate ?? [])).toEqual(issuer);
    }
  });

  test('a table without an issuer', () => {
    const { intermediate } = endorsementsOfAuxBlob(fakeCertificateTable([[VCEK, leaf.der]]));
    expect(intermediate).toBeNull();
  });

  test('both forms of time', () => {
    const time = (tag: number, text: string): number =>
      timeOf(readDer(new Uint8Array(der(tag, Buffer.from(text)))));
    expect(time(0x17, '490101000000Z')).toBe(Date.UTC(2049, 0, 1));
    expect(time(0x17, '500101000000Z')).toBe(Date.UTC(1950, 0, 1));
    expect(time(0x18, '20500228235959Z')).toBe(Date.UTC(2050, 1, 28, 23, 59, 59));
  });
});

describe('refuses', () => {
  const base64 = leaf.der.toString('base64');
  const texts: readonly (readonly [string, string])[] = [
    ['two certificates in one PEM', leaf.pem + leaf.pem],
    ['a certificate and a key', `${leaf.pem}-----BEGIN PRIVATE KEY-----\nAA==\n`],
    ['text before it', `subject=SEV-VCEK\n${leaf.pem}`],
    ['another label', leaf.pem.replaceAll('CERTIFICATE', 'X509 CRL')],
    ['no end', leaf.pem.slice(0, 400)],
    ['bare base64', base64],
    ['padding in the middle', leaf.pem.replace(/\n(.{8})/, '\n$1==\n')],
    ['HTML instead', '<html><body>429 Too Many Requests</body></html>'],
    ['only white space', ' '.repeat(CERTIFICATE_SIZE_BYTES_MAX)],
  ];
  test.each(texts)('%s', (_name, text) => {
    const place = placeOf(() => parseCertificate(Buffer.from(text)));
    expect(place).toBe('CHAIN_INVALID certificate.encoding');
  });

  const values: readonly (readonly [string, string])[] = [
    ['an indefinite length', '30800000'],
    ['a length in two bytes that fits one', '308105'.padEnd(16, '0')],
    ['a length with a leading zero', `30820080${'00'.repeat(128)}`],
    ['a length of three bytes', '3083010000'],
    ['a length beyond the end', '3005020101'],
    ['a trailing byte', '0201010000'],
    ['a long tag', '1f810100'],
    ['half a header', '30'],
    ['nothing', ''],
  ];
  test.each(values)('DER with %s', (_name, hex) => {
    const place = placeOf(() => readDer(bytesOf(hex)));
    expect(place).toBe('CHAIN_INVALID certificate.encoding');
  });

  test.each(['0200', '0201ff', '02020001', '020200'])('the INTEGER %s', (hex) => {
    const place = placeOf(() => unsignedOf(readDer(bytesOf(hex))));
    expect(place).toBe('CHAIN_INVALID certificate.encoding');
  });

  const times = ['2601010000Z', '260101000000', '260230000000Z', '260101T00000Z', '26010100000AZ'];
  test.each(times)('the time %s', (text) => {
    const bytes = new Uint8Array(der(0x17, Buffer.from(text)));
    expect(placeOf(() => timeOf(readDer(bytes)))).toBe('CHAIN_INVALID certificate.encoding');
  });

  test('an extension that is critical and unknown', () => {
    const extensions = { '551d1e': new Uint8Array(2) };
    const optional = authority.leaf({ ...kind, extensions });
    const critical = authority.leaf({ ...kind, extensions, critical: ['551d1e'] });
    expect(placeOf(() => parseCertificate(optional.der))).toBe('accepted');
    const place = placeOf(() => parseCertificate(critical.der));
    expect(place).toBe('CHAIN_INVALID certificate.encoding');
  });

  test('an extension that stands there twice', () => {
    const id = Buffer.from('06092b060104019c780101', 'hex');
    const copy = Buffer.from(leaf.der);
    const second = copy.indexOf(Buffer.from('06092b060104019c780102', 'hex'));
    id.copy(copy, second);
    expect(placeOf(() => parseCertificate(copy))).toBe('CHAIN_INVALID certificate.encoding');
  });

  const table = fakeCertificateTable([
    [VCEK, leaf.der],
    [ASK, issuer],
  ]);
  const altered = (at: number, value: number): Buffer => {
    const copy = Buffer.from(table);
    copy.writeUInt32LE(value, at);
    return copy;
  };
  const tables: readonly (readonly [string, Buffer, string])[] = [
    ['an offset beyond the end', altered(16, table.length + 1), 'table'],
    ['a length beyond the end', altered(20, table.length), 'table'],
    ['a sum that wraps in 32 bits', altered(16, 0xffffffff), 'table'],
    [
      'both at their highest',
      Buffer.concat([Buffer.alloc(16, 1), Buffer.alloc(8, 0xff), table]),
      'table',
    ],
    ['an entry over the table itself', altered(16, 0), 'table'],
    ['no end', table.subarray(0, 30), 'table'],
    ['no bytes', Buffer.alloc(0), 'table'],
    ['only labels', Buffer.alloc(24 * 1000, 1), 'table'],
    ['no entry', Buffer.alloc(24), 'roles'],
    [
      'two leaves',
      fakeCertificateTable([
        [VCEK, leaf.der],
        [ASK, leaf.der],
      ]),
      'roles',
    ],
    [
      'two issuers',
      fakeCertificateTable([
        [VCEK, leaf.der],
        [ASK, issuer],
        [ARK, issuer],
      ]),
      'roles',
    ],
    ['an issuer only', fakeCertificateTable([[ASK, issuer]]), 'roles'],
  ];
  test.each(tables)('a certificate table with %s', (_name, bytes, place) => {
    const refused = `CHAIN_INVALID endorsements.${place}`;
    expect(placeOf(() => endorsementsOfAuxBlob(bytes))).toBe(refused);
  });

  test('a certificate table with an empty certificate', () => {
    const empty = fakeCertificateTable([[VCEK, Buffer.alloc(0)]]);
    const place = placeOf(() => endorsementsOfAuxBlob(empty));
    expect(place).toBe('CHAIN_INVALID certificate.size');
  });
});

describe('holds', () => {
  test('any bytes are read or refused with a code, whatever they are', () => {
    const mutated = fc
      .tuple(fc.nat(leaf.der.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([at, bytes]) => {
        const copy = new Uint8Array(leaf.der);
        copy.set(bytes.subarray(0, copy.length - at), at);
        return copy;
      });
    const readers = [parseCertificate, endorsementsOfAuxBlob];
    const property = fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      for (const read of readers) {
        try {
          read(bytes);
        } catch (error) {
          expect(codeOf(error)).toBe('CHAIN_INVALID');
        }
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
