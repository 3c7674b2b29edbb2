export { withCertificates } from './certificate-folder.ts';
export { keepEvidence, type EvidenceKeeper } from './keep-evidence.ts';
export { reportSource } from './report-source.ts';
export { kernelFiles, type TsmFiles } from './tsm-files.ts';
