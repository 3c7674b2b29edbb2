// Whom a verifier believes before it has seen any evidence. Nothing that comes with evidence adds
// to it.

import type { Bytes } from './bytes.ts';
import { hex } from './hex.ts';

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

export async function spkiSha256Of(spki: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', spki)));
}
