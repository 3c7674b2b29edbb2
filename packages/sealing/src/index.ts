export {
  openAccountKeys,
  resealAccountRoot,
  sealAccountRoot,
  type AccountKeys,
} from './account-root.ts';
export { contextBytes } from './context.ts';
export { openCredential, sealCredential } from './credential.ts';
export { open, seal, type RandomBytes } from './envelope.ts';
export { MasterKey, parseMasterKey, RecordRoot } from './key-hierarchy.ts';
export { Secret } from './secret.ts';
export { openRow, sealRow } from './sealed-row.ts';
export { openRecordRoot, resealRecordRoot, sealRecordRoot } from './sentinel.ts';
