export {
  checkExtends,
  formatProofLines,
  parseProofLines,
  signCheckpoint,
  verifyCheckpoint,
  type Checkpoint,
  type LogPolicy,
  type VerifiedCheckpoint,
} from './checkpoint.ts';
export {
  parseLogProof,
  parseLogTrust,
  proveRecord,
  verifyLogProof,
  type LogProof,
  type LogTrust,
} from './log-proof.ts';
export {
  formatNoteKey,
  noteKey,
  parseNoteKey,
  signNoteText,
  verifyNote,
  type NoteKey,
  type NoteSignature,
} from './note.ts';
export {
  hashLeaf,
  proveConsistency,
  proveInclusion,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  type TreeHash,
} from './tree.ts';
