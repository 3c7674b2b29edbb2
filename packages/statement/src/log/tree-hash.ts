// The Merkle tree of RFC 6962, section 2.1, as whoever keeps a log needs it: hashes of leaves and
// nodes, the root of any number of them, and the right edge of a growing tree. Proofs are in
// tree.ts.

export type TreeHash = Uint8Array<ArrayBuffer>;

/** The two prefixes keep a leaf from being shown as a node and a node as a leaf. */
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;
/** C2SP tlog-tiles: a tile is eight levels of the tree. */
export const TILE_WIDTH = 256;

/** MTH({d}): the hash of one leaf's data. */
export function hashLeaf(leaf: Uint8Array): Promise<TreeHash> {
  return sha256(Uint8Array.of(LEAF_PREFIX, ...leaf));
}

export function hashNode(left: TreeHash, right: TreeHash): Promise<TreeHash> {
  return sha256(Uint8Array.of(NODE_PREFIX, ...left, ...right));
}

/** MTH(D[n]) of leaf hashes. The empty tree has the hash of nothing. */
export async function treeRoot(leaves: readonly TreeHash[]): Promise<TreeHash> {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return hashNode(await treeRoot(leaves.slice(0, split)), await treeRoot(leaves.slice(split)));
}

/** The largest power of two below `size`, which is at least 2. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/**
 * The last, unfinished tile of each level: leaf hashes at level 0, roots of 256 nodes of the level
 * below above it. All that a tree of any size needs to grow and to have a root.
 */
export type TreeEdge = TreeHash[][];

/** Calls `onNode` for what it adds, level by level. */
export async function appendNode(
  edge: TreeEdge,
  hash: TreeHash,
  onNode: (level: number, hash: TreeHash) => void,
  level = 0,
): Promise<void> {
  onNode(level, hash);
  const tile = (edge[level] ??= []);
  if (tile.push(hash) < TILE_WIDTH) return;
  edge[level] = [];
  await appendNode(edge, await treeRoot(tile), onNode, level + 1);
}

/** A smaller subtree to the right of whole ones is one more leaf of theirs (RFC 6962, 2.1). */
export async function edgeRoot(edge: TreeEdge): Promise<TreeHash> {
  let rest: TreeHash[] = [];
  for (const tile of edge) {
    const nodes = [...tile, ...rest];
    rest = nodes.length === 0 ? [] : [await treeRoot(nodes)];
  }
  return treeRoot(rest);
}

/** How many nodes a tree of `size` leaves has finished at a level of tiles. */
export function nodesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** Where C2SP tlog-tiles has the tile, of which `nodes` are finished at its level. */
export function tilePath(level: string, tile: number, nodes: number): string {
  const digits = String(tile);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const path = `tile/${level}/${padded.replaceAll(/...(?=...)/g, 'x$&/')}`;
  const width = nodes - tile * TILE_WIDTH;
  return width < TILE_WIDTH ? `${path}.p/${width}` : path;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<TreeHash> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
