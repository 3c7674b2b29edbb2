// The certificates that vouch for a chip, and the table in which the host hands them to a guest:
// the auxblob of configfs-tsm, which is the certificate table of the GHCB protocol (AMD 56421, SNP
// Extended Guest Request). Everything here comes from the host and is untrusted; a role is told by
// the certificate, not by its label.

import { isZero } from './bytes.ts';
import { parseCertificate } from './certificate.ts';
import { refusal } from './refusal.ts';
import { hex } from './hex.ts';
import { leafNameOf, lineOfIssuer, signers } from './product.ts';

/** Certificates as DER or PEM, the list as DER. */
export interface Endorsements {
  readonly leaf: Uint8Array;
  /** ASK or ASVK; null for one that the trust anchors know. */
  readonly intermediate: Uint8Array | null;
  /** From the verifier's own store: a list that the host may leave out protects nobody. */
  readonly revocationList: Uint8Array | null;
}

/**
 * GUID (RFC 4122 byte order), u32 offset from the start of the table, u32 length; little endian.
 */
const ENTRY_SIZE = 24;
const GUID_SIZE = 16;
/** Six kinds of entry are known. */
const ENTRIES_MAX = 16;

/** VCEK, VLEK, ASK or ASVK, ARK. Other entries are no certificates. */
const CERTIFICATE_GUIDS = new Set([
  '63da758de6644564adc5f4b93be8accd',
  'a8074bc2a25a483eaae639c045a0b8a1',
  '4ab7b379bbac4fe4a02f05aef327c782',
  'c0b406a4a803495297433fb6014cd0ae',
]);

/**
 * Leaf and issuer of a host's certificate table. A root in it is no root of ours and is left out.
 */
export function endorsementsOfAuxBlob(input: Uint8Array): Endorsements {
  const certificates = certificatesIn(new Uint8Array(input)).map((bytes) => ({
    bytes,
    commonName: parseCertificate(bytes).commonName,
  }));
  const leafNames = signers.map(leafNameOf);
  const leaves = certificates.filter(({ commonName }) => leafNames.includes(commonName));
  const issuers = certificates.filter(({ commonName }) => lineOfIssuer(commonName) !== null);
  const [leaf] = leaves;
  if (leaf === undefined || leaves.length > 1 || issuers.length > 1) {
    throw refusal('endorsements.roles');
  }
  return { leaf: leaf.bytes, intermediate: issuers[0]?.bytes ?? null, revocationList: null };
}

function certificatesIn(table: Uint8Array<ArrayBuffer>): readonly Uint8Array[] {
  const view = new DataView(table.buffer);
  const certificates: Uint8Array[] = [];
  for (let index = 0; index < ENTRIES_MAX; index += 1) {
    const at = index * ENTRY_SIZE;
    if (at + ENTRY_SIZE > table.length) throw refusal('endorsements.table');
    const guid = table.subarray(at, at + GUID_SIZE);
    // Sums of two u32 are exact in a number; in u32 arithmetic they wrap, which others got wrong.
    const from = view.getUint32(at + GUID_SIZE, true);
    const to = from + view.getUint32(at + GUID_SIZE + 4, true);
    if (isZero(table.subarray(at, at + ENTRY_SIZE))) return certificates;
    if (from < at + ENTRY_SIZE || to > table.length) throw refusal('endorsements.table');
    if (CERTIFICATE_GUIDS.has(hex(guid))) certificates.push(table.subarray(from, to));
  }
  throw refusal('endorsements.table');
}
