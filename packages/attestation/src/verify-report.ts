// Is this report from an AMD chip, and which? Follows the certificates from a pinned root to the
// chip and the chip's signature to the report. It does not ask whether the report is the one that
// is wanted: check-report.ts does. Report and endorsements are untrusted; the trust anchors and the
// time are the caller's.

import { type Bytes, sameBytes } from './bytes.ts';
import { type Certificate, isAuthority, parseCertificate, type SignedDer } from './certificate.ts';
import { type CheckName, refusal } from './refusal.ts';
import type { Endorsements } from './endorsements.ts';
import { isP384Key, matchLeaf } from './leaf.ts';
import { issuerNameOf, leafNameOf, type Line, lineOfIssuer } from './product.ts';
import { productOf, rootNameOf, type Product } from './product.ts';
import { parseReport, type ReportFields, type Tcbs, tcbsOf } from './report.ts';
import { signatureOf, signedBytesOf, type UnverifiedReport } from './report.ts';
import { parseRevocationList, requireNotRevoked } from './revocation.ts';
import { spkiSha256Of, type TrustAnchor, type TrustAnchors } from './trust-anchors.ts';

/** RFC 8017: as long as the digest, which is how AMD signs. */
const PSS_SALT_SIZE = 48;

/** Not exported, so that no other module can write down an object of type VerifiedReport. */
const VERIFIED = Symbol('verified');
/** Nor does a copy of one, or an object that says so of itself, pass for one that was made here. */
const verifiedReports = new WeakSet<object>();

/** What a pinned root vouches for. */
export interface VerifiedReport {
  readonly [VERIFIED]: true;
  readonly fields: ReportFields;
  readonly product: Product;
  readonly tcb: Tcbs;
  /** Which cloud holds the VLEK; null for a chip's own key. */
  readonly cspId: string | null;
  readonly rootSpkiSha256: string;
  readonly revocation: 'checked' | 'not checked';
}

export function isVerifiedReport(value: object): value is VerifiedReport {
  return verifiedReports.has(value);
}

/** `now` in ms UTC. Refuses with REPORT_MALFORMED, CHAIN_INVALID or SIGNATURE_INVALID. */
export async function verifyReport(
  unverified: UnverifiedReport,
  endorsements: Endorsements,
  trustAnchors: TrustAnchors,
  now: number,
): Promise<VerifiedReport> {
  const report = parseReport(unverified.bytes);
  const { fields } = report;
  const leaf = parseCertificate(endorsements.leaf);
  const line = lineOf(fields, leaf);
  const { product } = line;
  const root = await findAnchor(trustAnchors.roots, rootNameOf(product), 'root.unknown');
  const issuer = await verifyIssuer(leaf, line, root, endorsements, trustAnchors);
  await requireSigned(leaf.signed, issuer.spki, 'leaf.signature');
  requireValid(root, now, 'root.validity');
  requireValid(issuer, now, 'intermediate.validity');
  requireValid(leaf, now, 'leaf.validity');
  const revocation = await checkRevocation(issuer, root, endorsements.revocationList, now);
  const tcb = tcbsOf(report, product);
  const cspId = matchLeaf(leaf, fields.chipId, tcb.reported, line);
  await verifySignature(report, leaf);
  const { spkiSha256: rootSpkiSha256 } = root;
  const proof = { fields, product, tcb, cspId, rootSpkiSha256, revocation };
  const verified: VerifiedReport = { ...proof, [VERIFIED]: true };
  verifiedReports.add(Object.freeze(verified));
  return verified;
}

/** The certificates say which product and kind of key it is, and the report must say the same. */
function lineOf({ signer, cpu }: ReportFields, leaf: Certificate): Line {
  if (leaf.commonName !== leafNameOf(signer)) throw refusal('leaf.subject');
  const line = lineOfIssuer(leaf.issuerCommonName);
  if (line === null || line.signer !== signer) throw refusal('leaf.issuer');
  if (cpu !== null && productOf(cpu) !== line.product) throw refusal('leaf.product');
  return line;
}

/** A key table that was altered does not meet its pins. */
async function findAnchor(
  anchors: readonly TrustAnchor[],
  name: string,
  missing: CheckName,
): Promise<TrustAnchor> {
  const anchor = anchors.find(({ commonName }) => commonName === name);
  if (anchor === undefined) throw refusal(missing);
  const isPinned = (await spkiSha256Of(anchor.spki)) === anchor.spkiSha256;
  if (!isPinned) throw refusal('root.key');
  return anchor;
}

/** A certificate that came with the evidence counts through the root's signature, and only so. */
async function verifyIssuer(
  leaf: Certificate,
  line: Line,
  root: TrustAnchor,
  { intermediate }: Endorsements,
  { intermediates }: TrustAnchors,
): Promise<Certificate | TrustAnchor> {
  const name = issuerNameOf(line);
  if (intermediate === null) return await findAnchor(intermediates, name, 'intermediate.missing');
  const issuer = parseCertificate(intermediate);
  const isNamed = issuer.commonName === name && issuer.issuerCommonName === root.commonName;
  if (!isNamed || !sameBytes(issuer.subject, leaf.issuer)) throw refusal('intermediate.subject');
  if (!isAuthority(issuer)) throw refusal('intermediate.authority');
  await requireSigned(issuer.signed, root.spki, 'intermediate.signature');
  return issuer;
}

async function checkRevocation(
  issuer: Certificate | TrustAnchor,
  root: TrustAnchor,
  list: Uint8Array | null,
  now: number,
): Promise<VerifiedReport['revocation']> {
  if (list === null) return 'not checked';
  const parsed = parseRevocationList(list);
  await requireSigned(parsed.signed, root.spki, 'revocation.list');
  requireNotRevoked(parsed, issuer, now);
  return 'checked';
}

async function verifySignature(report: UnverifiedReport, leaf: Certificate): Promise<void> {
  if (!isP384Key(leaf.spki)) throw refusal('leaf.key');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
  const key = await crypto.subtle
    .importKey('spki', leaf.spki, algorithm, false, ['verify'])
    // A point that is not on the curve.
    .catch((cause: unknown) => Promise.reject(refusal('leaf.key', cause)));
  const [signature, signed] = [signatureOf(report), signedBytesOf(report)];
  const isSigned = await crypto.subtle.verify(algorithm, key, signature, signed);
  if (!isSigned) throw refusal('report.signature');
}

/** The key is a pinned one or was signed by one; WebCrypto takes none that is not RSA. */
async function requireSigned(
  { bytes, signature }: SignedDer,
  spki: Bytes,
  check: CheckName,
): Promise<void> {
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-384', saltLength: PSS_SALT_SIZE };
  const key = await crypto.subtle
    .importKey('spki', spki, algorithm, false, ['verify'])
    .catch((cause: unknown) => Promise.reject(refusal('intermediate.key', cause)));
  const isSigned = await crypto.subtle.verify(algorithm, key, signature, bytes);
  if (!isSigned) throw refusal(check);
}

/** RFC 5280 4.1.2.5: valid at both ends, at the time the caller asks about. */
function requireValid(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  now: number,
  check: CheckName,
): void {
  const isValid = notBefore <= now && now <= notAfter;
  if (!isValid) throw refusal(check);
}
