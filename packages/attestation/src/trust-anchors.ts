// Whom a verifier believes before it has seen any evidence. Nothing that comes with evidence adds
// to it.

import type { Bytes } from './bytes.ts';
import { type Certificate, isAuthority, parseCertificate } from './certificate.ts';
import { refusal } from './checks.ts';
import { hex } from './hex.ts';
import { products, rootNameOf } from './product.ts';

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** An authority that is known by its key. */
export interface TrustAnchor {
  readonly commonName: string;
  readonly serial: string;
  /** Milliseconds UTC. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Bytes;
  /** The pin: SHA-256 of the above in hex. */
  readonly spkiSha256: string;
}

export interface TrustAnchors {
  /** One per product, `ARK-…`. */
  readonly roots: readonly TrustAnchor[];
  /** Issuers of leaves, `SEV-…`, so that evidence need not bring their certificates. */
  readonly intermediates: readonly TrustAnchor[];
}

/**
 * The authorities in a file of certificates, one in DER or any number in PEM, taken at their word:
 * for another authority than AMD, such as a test's.
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

export async function spkiSha256Of(spki: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', spki)));
}

async function anchorOf(certificate: Certificate): Promise<TrustAnchor> {
  if (!isAuthority(certificate)) throw refusal('intermediate.authority');
  const { commonName, serial, notBefore, notAfter, spki } = certificate;
  return { commonName, serial, notBefore, notAfter, spki, spkiSha256: await spkiSha256Of(spki) };
}
