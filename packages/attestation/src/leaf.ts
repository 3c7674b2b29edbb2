// What a VCEK or VLEK certificate says of the chip that holds its key (AMD 57230, tables of the
// extensions), compared with the report. Read only after the chain is verified; each value has one
// exact encoding.

import { type Bytes, isZero } from './bytes.ts';
import type { Certificate } from './certificate.ts';
import { refusal } from './refusal.ts';
import { contentOf, readDer, TAG, textOf, unsignedOf } from './der.ts';
import { hex } from './hex.ts';
import type { Line, Product } from './product.ts';
import { type Tcb, type TcbComponent, tcbComponents } from './tcb.ts';

/** 1.3.6.1.4.1.3704.1, AMD's arc. */
const AMD = '2b060104019c7801';
const STRUCT_VERSION = `${AMD}01`;
const PRODUCT_NAME = `${AMD}02`;
const HWID = `${AMD}04`;
const CSP_ID = `${AMD}05`;
const SPL: Readonly<Record<TcbComponent, string>> = {
  bootloader: `${AMD}0301`,
  tee: `${AMD}0302`,
  snp: `${AMD}0303`,
  microcode: `${AMD}0308`,
  fmc: `${AMD}0309`,
};
/** Bytes 2 to 5 of the older TCB layout: zero wherever they stand. */
const SPL_RESERVED = [`${AMD}0304`, `${AMD}0305`, `${AMD}0306`, `${AMD}0307`];

const HWID_SIZES: Readonly<Record<Product, number>> = { Milan: 64, Genoa: 64, Turin: 8 };

/** SubjectPublicKeyInfo of an uncompressed P-384 point up to its 96 bytes (RFC 5480). */
const P384_SPKI = '3076301006072a8648ce3d020106052b8104002203620004';
const P384_SPKI_SIZE = 120;

/** Whether the key can verify a report; WebCrypto then checks that the point is on the curve. */
export function isP384Key(spki: Bytes): boolean {
  return spki.length === P384_SPKI_SIZE && hex(spki).startsWith(P384_SPKI);
}

/**
 * Refuses a leaf that is not for this chip at these versions; gives the cloud that holds a VLEK.
 */
export function matchLeaf(
  leaf: Certificate,
  chipId: string,
  reported: Tcb,
  line: Line,
): string | null {
  requireStructVersion(leaf, line);
  requireProductName(leaf, line.product);
  const cspId = line.signer === 'VCEK' ? matchChip(leaf, chipId, line.product) : cspIdOf(leaf);
  matchTcb(leaf, reported);
  return cspId;
}

/** Of a VLEK for Turin no specimen is known: it may have the version of either. */
function requireStructVersion(leaf: Certificate, { product, signer }: Line): void {
  const version = integerOf(leaf, STRUCT_VERSION);
  const known = product !== 'Turin' ? [0] : signer === 'VCEK' ? [1] : [0, 1];
  if (!known.includes(version)) throw refusal('leaf.structVersion');
}

/** `Milan-B0` also stands on parts of other steppings: only what is before the dash counts. */
function requireProductName(leaf: Certificate, product: Product): void {
  const name = textOf(contentOf(readDer(extensionOf(leaf, PRODUCT_NAME)), TAG.ia5));
  if (name.split('-')[0] !== product) throw refusal('leaf.productName');
}

/** The HWID is the bare bytes: one that begins like a DER tag must not be unwrapped. */
function matchChip(leaf: Certificate, chipId: string, product: Product): null {
  const hwid = extensionOf(leaf, HWID);
  const isOfChip = hwid.length === HWID_SIZES[product] && !leaf.extensions.has(CSP_ID);
  if (!isOfChip) throw refusal('leaf.extensions');
  // A masked chip id is zero and names no chip; nor does a certificate for chip zero.
  const isNamed = !isZero(hwid) && hex(hwid).padEnd(chipId.length, '0') === chipId;
  if (!isNamed) throw refusal('leaf.chip');
  return null;
}

function cspIdOf(leaf: Certificate): string {
  if (leaf.extensions.has(HWID)) throw refusal('leaf.extensions');
  return textOf(contentOf(readDer(extensionOf(leaf, CSP_ID)), TAG.ia5));
}

/** The key is derived from the chip and these versions: another version has another key. */
function matchTcb(leaf: Certificate, reported: Tcb): void {
  const reserved = SPL_RESERVED.filter((id) => leaf.extensions.has(id));
  const isZeroed = reserved.every((id) => integerOf(leaf, id) === 0);
  if (!isZeroed) throw refusal('leaf.extensions');
  for (const name of tcbComponents) {
    const isThere = leaf.extensions.has(SPL[name]);
    if (isThere !== name in reported) throw refusal('leaf.extensions');
    if (isThere && integerOf(leaf, SPL[name]) !== reported[name]) throw refusal('leaf.tcb');
  }
}

/** A number of one byte; from 128 on it takes two, the first of them zero. */
function integerOf(leaf: Certificate, id: string): number {
  const [value, ...more] = unsignedOf(readDer(extensionOf(leaf, id)));
  if (value === undefined || more.length > 0) throw refusal('leaf.extensions');
  return value;
}

/** A missing extension is a refusal: verifiers that skipped it took any chip for any other. */
function extensionOf(leaf: Certificate, id: string): Bytes {
  const value = leaf.extensions.get(id);
  if (value === undefined) throw refusal('leaf.extensions');
  return value;
}
