// What the isolate of the verifier may be asked.

import type { TrustAnchors } from '@track-record/attestation/trust-anchors';

export interface PeerClaim {
  /** As it was sent: JSON, untrusted. */
  readonly evidence: Uint8Array;
  readonly release: Uint8Array;
  /** See verifyRelease. */
  readonly expected: {
    readonly releaseKeys: readonly string[];
    readonly releaseThreshold: number;
    readonly successionSha256: string;
    readonly minSvn: number;
    readonly now: number;
    /** AMD's where none are named. */
    readonly trustAnchors: TrustAnchors | null;
  };
}

export interface ProvenPeer {
  readonly svn: number;
  /** What a key for it is sealed to, and bound to. */
  readonly publicKey: Uint8Array;
  readonly reportData: Uint8Array;
}

export type VerifierCalls = {
  /** EVIDENCE_MALFORMED, MANIFEST_MALFORMED and what `verifyRelease` refuses. */
  readonly verifyRelease: (claim: PeerClaim) => Promise<ProvenPeer>;
};
