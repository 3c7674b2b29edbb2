// Proofs over the Merkle tree of RFC 6962, section 2.1: that a leaf is in it, and that a larger
// tree extends a smaller one. Verification follows the recursive definitions of the RFC rather than
// an unrolled loop, so that it can be read beside them. Proofs, sizes and roots to verify are
// untrusted.

import { RecordError } from '@track-record/errors';
import { hashNode, splitOf, treeRoot, type TreeHash } from './tree-hash.ts';

export const HASH_SIZE_BYTES = 32;
/** Two audit-path hashes per level of a tree of 2^53 leaves, the most a number counts exactly. */
const PROOF_LENGTH_MAX = 106;

/** MTH(D[from:to]) of a tree that lies somewhere: what proofs are made of. */
export type Subtrees = (from: number, to: number) => Promise<TreeHash>;

/** A tree to prove from, wherever it lies. */
export interface LogTree {
  readonly size: number;
  readonly subtrees: Subtrees;
  /** Where a leaf hash stands, newest first. LOG_INCLUSION_INVALID when it does not. */
  readonly indexOf: (leaf: TreeHash) => Promise<number>;
}

export function treeOf(leaves: readonly TreeHash[]): LogTree {
  return {
    size: leaves.length,
    subtrees: (from, to) => treeRoot(leaves.slice(from, to)),
    indexOf: async (leaf) => {
      const index = leaves.findLastIndex((each) => isSame(each, leaf));
      if (index < 0) throw new RecordError('LOG_INCLUSION_INVALID');
      return index;
    },
  };
}

/** PATH(m, D[n]) of RFC 6962, 2.1.1. LOG_MALFORMED for a leaf the tree does not have. */
export async function proveInclusion(
  subtrees: Subtrees,
  index: number,
  size: number,
  from = 0,
): Promise<readonly TreeHash[]> {
  if (!isCount(index) || index >= size) malformed();
  if (size - from === 1) return [];
  const middle = from + splitOf(size - from);
  return index < middle
    ? [...(await proveInclusion(subtrees, index, middle, from)), await subtrees(middle, size)]
    : [...(await proveInclusion(subtrees, index, size, middle)), await subtrees(from, middle)];
}

/** PROOF(m, D[n]) of RFC 6962, 2.1.2; from the empty tree and to the same tree it is empty. */
export async function proveConsistency(
  subtrees: Subtrees,
  oldSize: number,
  size: number,
): Promise<readonly TreeHash[]> {
  if (!isCount(oldSize) || oldSize > size) malformed();
  return oldSize === 0 ? [] : subproof(subtrees, oldSize, 0, size);
}

/** LOG_INCLUSION_INVALID unless the leaf is at that index of the tree with that root. */
export async function verifyInclusion(
  tree: { readonly size: number; readonly root: TreeHash },
  index: number,
  leaf: TreeHash,
  proof: readonly TreeHash[],
): Promise<void> {
  const possible = isCount(index) && index < tree.size && isProof(proof);
  const root = possible ? await rootAbove(leaf, index, tree.size, proof) : null;
  if (root === null || !isSame(root, tree.root)) throw new RecordError('LOG_INCLUSION_INVALID');
}

/** LOG_INCONSISTENT unless the new tree is the old one with leaves added after it. */
export async function verifyConsistency(
  old: { readonly size: number; readonly root: TreeHash },
  tree: { readonly size: number; readonly root: TreeHash },
  proof: readonly TreeHash[],
): Promise<void> {
  const possible = isCount(old.size) && old.size <= tree.size && isProof(proof);
  const roots = possible ? await rootsOf(old, tree, proof) : null;
  if (roots === null || !isSame(roots.old, old.root) || !isSame(roots.new, tree.root)) {
    throw new RecordError('LOG_INCONSISTENT');
  }
}

export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

/** SUBPROOF(m, D[n], b): b while the subtree begins with the tree, whose old root is at hand. */
async function subproof(
  subtrees: Subtrees,
  oldSize: number,
  from: number,
  to: number,
): Promise<readonly TreeHash[]> {
  if (oldSize === to) return from === 0 ? [] : [await subtrees(from, to)];
  const middle = from + splitOf(to - from);
  return oldSize <= middle
    ? [...(await subproof(subtrees, oldSize, from, middle)), await subtrees(middle, to)]
    : [...(await subproof(subtrees, oldSize, middle, to)), await subtrees(from, middle)];
}

/** The root that a leaf and its path give; null when the path has another length than it must. */
async function rootAbove(
  leaf: TreeHash,
  index: number,
  size: number,
  proof: readonly TreeHash[],
): Promise<TreeHash | null> {
  const sibling = proof.at(-1);
  if (size === 1) return sibling === undefined ? leaf : null;
  if (sibling === undefined) return null;
  const split = splitOf(size);
  const rest = proof.slice(0, -1);
  const isLeft = index < split;
  const below = isLeft
    ? await rootAbove(leaf, index, split, rest)
    : await rootAbove(leaf, index - split, size - split, rest);
  if (below === null) return null;
  return isLeft ? hashNode(below, sibling) : hashNode(sibling, below);
}

interface Roots {
  readonly old: TreeHash;
  readonly new: TreeHash;
}

async function rootsOf(
  old: { readonly size: number; readonly root: TreeHash },
  tree: { readonly size: number; readonly root: TreeHash },
  proof: readonly TreeHash[],
): Promise<Roots | null> {
  if (old.size > 0) return rootsAbove(old.root, old.size, tree.size, proof, true);
  // Every tree extends the empty one: there is nothing to prove, and nothing may be claimed.
  return proof.length === 0 ? { old: await treeRoot([]), new: tree.root } : null;
}

/** Both roots that a consistency proof gives, in the recursion that made it. */
async function rootsAbove(
  oldRoot: TreeHash,
  oldSize: number,
  size: number,
  proof: readonly TreeHash[],
  whole: boolean,
): Promise<Roots | null> {
  const last = proof.at(-1);
  if (oldSize === size) {
    const shared = whole ? oldRoot : last;
    if (shared === undefined || proof.length !== (whole ? 0 : 1)) return null;
    return { old: shared, new: shared };
  }
  if (last === undefined) return null;
  const split = splitOf(size);
  const rest = proof.slice(0, -1);
  if (oldSize <= split) {
    const left = await rootsAbove(oldRoot, oldSize, split, rest, whole);
    return left && { old: left.old, new: await hashNode(left.new, last) };
  }
  const right = await rootsAbove(oldRoot, oldSize - split, size - split, rest, false);
  return right && { old: await hashNode(last, right.old), new: await hashNode(last, right.new) };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isProof(proof: readonly TreeHash[]): boolean {
  return proof.length <= PROOF_LENGTH_MAX && proof.every((hash) => hash.length === HASH_SIZE_BYTES);
}

function malformed(): never {
  throw new RecordError('LOG_MALFORMED');
}
