// An enclave's evidence as JSON, in the form of docs/evidence.md: a report of a fake chip over the
// keys in the binding, and the certificates that vouch for it.

import { bindingFields, reportDataOf, type Binding } from '@track-record/attestation/binding';
import { fakeCertificateTable, type FakeAmdAuthority } from './fake-authority.ts';
import type { ReportOptions } from './fake-report.ts';

/** In the certificate table: AMD's numbers for the chip's certificate and its issuer's. */
const VCEK_GUID = '63da758d-e664-4564-adc5-f4b93be8accd';
const ASK_GUID = '4ab7b379-bbac-4fe4-a02f-05aef327c782';

/** The fields of a binding in hex; what is left out is empty. */
export type FakeBinding = Readonly<Partial<Record<keyof Binding, string>>>;

/** What a worker that waits for nothing binds, besides its keys. */
export const SETTLED: FakeBinding = {
  hpkeSuite: '002000010002',
  successionSha256: '5c'.repeat(32),
};

/** `reported`: what the report is of, when it is not what the document says. */
export async function fakeEvidenceDocument(
  authority: FakeAmdAuthority,
  binding: FakeBinding,
  report: Partial<ReportOptions> = {},
  reported: FakeBinding = binding,
): Promise<Readonly<Record<string, unknown>>> {
  const { product = 'Genoa' } = report;
  const kind = { product, signer: 'VCEK' } as const;
  const leaf = authority.leaf(kind);
  const reportData = await reportDataOf(parseBinding(reported));
  const table = fakeCertificateTable([
    [VCEK_GUID, leaf.der],
    [ASK_GUID, authority.intermediate(kind)],
  ]);
  return {
    format: 'track-record-evidence/1',
    insecure: false,
    collectedAt: '2026-01-05T00:00:00.000Z',
    report: authority.report({ ...kind, reportData, ...report }, leaf).toString('base64'),
    certificateTable: table.toString('base64'),
    binding: Object.fromEntries(bindingFields.map((field) => [field, binding[field] ?? ''])),
  };
}

function parseBinding(binding: FakeBinding): Binding {
  const bytes = bindingFields.map((field) => [field, Buffer.from(binding[field] ?? '', 'hex')]);
  return Object.fromEntries(bytes) as Binding;
}
