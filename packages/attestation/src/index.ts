export { amdTrustAnchors } from './amd-roots.ts';
export { bindingFields, reportDataOf, type Binding, type BindingField } from './binding.ts';
export { CERTIFICATE_SIZE_BYTES_MAX } from './certificate.ts';
export { checkReport } from './check-report.ts';
export { endorsementsOfAuxBlob, type Endorsements } from './endorsements.ts';
export { EVIDENCE_FORMAT, type Evidence } from './evidence.ts';
export { parsePolicy, type Policy } from './policy.ts';
export type { Cpu, Product, Signer } from './product.ts';
export { parseReport, REPORT_SIZE } from './report.ts';
export type { Firmware, ReportFields, UnverifiedReport } from './report.ts';
export type { Tcb, TcbComponent } from './tcb.ts';
export type { TrustAnchor, TrustAnchors } from './trust-anchors.ts';
export { verifyReport, type VerifiedReport } from './verify-report.ts';
export {
  parseEvidence,
  verifyEvidence,
  type UnverifiedEvidence,
  type VerifiedEvidence,
} from './verify-evidence.ts';
