// The Merkle tree of RFC 6962, section 2.1: its root, proofs that a leaf is in it, and proofs that
// a larger tree extends a smaller one. Verification follows the recursive definitions of the RFC
// rather than an unrolled loop, so that it can be read beside them. Proofs, sizes and roots to
// verify are untrusted.

import { RecordError } from '@track-record/errors';

export const HASH_SIZE_BYTES = 32;
/** Two audit-path hashes per level of a tree of 2^53 leaves, the most a number counts exactly. */
const PROOF_LENGTH_MAX = 106;
/** The two prefixes keep a leaf from being shown as a node and a node as a leaf. */
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

export type TreeHash = Uint8Array<ArrayBuffer>;

/** MTH({d}): the hash of one leaf's data. */
export function hashLeaf(leaf: Uint8Array): Promise<TreeHash> {
  return sha256(Uint8Array.of(LEAF_PREFIX, ...leaf));
}

/** MTH(D[n]) of leaf hashes. The empty tree has the hash of nothing. */
export async function treeRoot(leaves: readonly TreeHash[]): Promise<TreeHash> {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return hashNode(await treeRoot(leaves.slice(0, split)), await treeRoot(leaves.slice(split)));
}

/** PATH(m, D[n]) of RFC 6962, 2.1.1. LOG_MALFORMED for a leaf the tree does not have. */
export async function proveInclusion(
  leaves: readonly TreeHash[],
  index: number,
): Promise<readonly TreeHash[]> {
  if (!isCount(index) || index >= leaves.length) malformed();
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...(await proveInclusion(left, index)), await treeRoot(right)]
    : [...(await proveInclusion(right, index - split)), await treeRoot(left)];
}

/** PROOF(m, D[n]) of RFC 6962, 2.1.2; from the empty tree and to the same tree it is empty. */
export async function proveConsistency(
  leaves: readonly TreeHash[],
  oldSize: number,
): Promise<readonly TreeHash[]> {
  if (!isCount(oldSize) || oldSize > leaves.length) malformed();
  return oldSize === 0 ? [] : subproof(leaves, oldSize, true);
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

/** SUBPROOF(m, D[n], b): `whole` while the old tree's own root is a node the verifier has. */
async function subproof(
  leaves: readonly TreeHash[],
  oldSize: number,
  whole: boolean,
): Promise<readonly TreeHash[]> {
  if (oldSize === leaves.length) return whole ? [] : [await treeRoot(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return oldSize <= split
    ? [...(await subproof(left, oldSize, whole)), await treeRoot(right)]
    : [...(await subproof(right, oldSize - split, false)), await treeRoot(left)];
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

/** The largest power of two below `size`, which is at least 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function hashNode(left: TreeHash, right: TreeHash): Promise<TreeHash> {
  return sha256(Uint8Array.of(NODE_PREFIX, ...left, ...right));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<TreeHash> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
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
