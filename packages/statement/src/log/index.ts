export {
  checkExtends,
  formatProofLines,
  parseCheckpoint,
  parseProofLines,
  verifyCheckpoint,
  type LogPolicy,
  type VerifiedCheckpoint,
} from './checkpoint.ts';
export { signCheckpoint, type Checkpoint } from './signer.ts';
export {
  parseLogProof,
  parseLogTrust,
  proveRecord,
  verifyLogProof,
  type KnownCheckpoint,
  type LogProof,
  type LogTrust,
} from './log-proof.ts';
export { noteKey, type NoteKey } from './note-key.ts';
export {
  formatNoteKey,
  parseNoteKey,
  signNoteText,
  verifyNote,
  type NoteSignature,
} from './note.ts';
export { tileTree, type ReadPublished } from './tile-tree.ts';
export { hashLeaf, treeRoot, type TreeHash } from './tree-hash.ts';
export {
  proveConsistency,
  proveInclusion,
  treeOf,
  verifyConsistency,
  verifyInclusion,
  type LogTree,
} from './tree.ts';
