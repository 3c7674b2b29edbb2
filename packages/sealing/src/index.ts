export {
  openAccountKeys,
  resealAccountRoot,
  sealAccountRoot,
  type AccountKeys,
} from './account-root.ts';
export { contextBytes, type ContextPart } from './context.ts';
export { openCredential, sealCredential, type CredentialField } from './credential.ts';
export {
  envelopeKeyId,
  open,
  seal,
  sealAndProve,
  type RandomBytes,
  type SealingKey,
} from './envelope.ts';
export { MasterKey, parseMasterKey, RecordRoot } from './key-hierarchy.ts';
export { keyLabels } from './key-labels.ts';
export { Secret } from './secret.ts';
export {
  openSegment,
  openState,
  sealSegment,
  sealState,
  type SegmentRange,
  type StateVersion,
} from './segment.ts';
export { openRecordRoot, resealRecordRoot, sealRecordRoot } from './sentinel.ts';
