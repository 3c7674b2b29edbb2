// Other authorities than AMD's, from a file: for a verifier that says so, such as a test's.

import { type Certificate, isAuthority, parseCertificate } from '../certificate.ts';
import { products, rootNameOf } from '../product.ts';
import { refusal } from '../refusal.ts';
import { spkiSha256Of, type TrustAnchor, type TrustAnchors } from '../trust-anchors.ts';

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The authorities in a file of certificates, one in DER or any number in PEM, taken at their word.
 */
export async function parseTrustAnchors(file: Uint8Array): Promise<TrustAnchors> {
  const blocks = new TextDecoder().decode(file).match(PEM_BLOCK) ?? [];
  const pem = blocks.map((block) => new TextEncoder().encode(block));
  const certificates = (pem.length === 0 ? [file] : pem).map(parseCertificate);
  const anchors = await Promise.all(certificates.map(anchorOf));
  const rootNames = products.map(rootNameOf);
  const isRoot = ({ commonName }: TrustAnchor): boolean => rootNames.includes(commonName);
  return {
    roots: anchors.filter(isRoot),
    intermediates: anchors.filter((anchor) => !isRoot(anchor)),
  };
}

async function anchorOf(certificate: Certificate): Promise<TrustAnchor> {
  if (!isAuthority(certificate)) throw refusal('intermediate.authority');
  const { commonName, serial, notBefore, notAfter, spki } = certificate;
  return { commonName, serial, notBefore, notAfter, spki, spkiSha256: await spkiSha256Of(spki) };
}
