// A report with the certificates that vouch for it, all of them good except for what a test
// changes.

import type { CertificateOptions, FakeAmdAuthority, LeafOptions } from './fake-authority.ts';
import type { ReportOptions } from './fake-report.ts';

/** What is different from a good Genoa report with its VCEK and ASK. */
export interface EvidenceChange {
  readonly leaf?: Partial<LeafOptions>;
  readonly issuer?: Partial<CertificateOptions>;
  readonly report?: Partial<ReportOptions>;
  /** Whatever becomes of the report after it is signed. */
  readonly after?: (report: Buffer) => Buffer;
  readonly leafBytes?: (der: Buffer) => Buffer;
  readonly intermediate?: Buffer | null;
  readonly revocationList?: Buffer;
}

export interface FakeEvidence {
  readonly report: Buffer;
  readonly endorsements: {
    readonly leaf: Buffer;
    readonly intermediate: Buffer | null;
    readonly revocationList: Buffer | null;
  };
}

export function fakeEvidence(
  authority: FakeAmdAuthority,
  change: EvidenceChange = {},
): FakeEvidence {
  const kind = { product: 'Genoa', signer: 'VCEK' } as const;
  const leaf = authority.leaf({ ...kind, ...change.leaf });
  const report = authority.report({ ...kind, ...change.report }, leaf);
  const { product, signer } = { ...kind, ...change.leaf };
  const issuer = authority.intermediate({ product, signer, ...change.issuer });
  return {
    report: change.after?.(report) ?? report,
    endorsements: {
      leaf: change.leafBytes?.(leaf.der) ?? leaf.der,
      intermediate: change.intermediate === undefined ? issuer : change.intermediate,
      revocationList: change.revocationList ?? null,
    },
  };
}
