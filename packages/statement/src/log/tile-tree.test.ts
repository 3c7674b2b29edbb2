// Paths are those of the examples in C2SP tlog-tiles.

import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import fc from 'fast-check';
import { tileTree, type ReadPublished } from './tile-tree.ts';
import {
  appendNode,
  edgeRoot,
  hashLeaf,
  nodesAt,
  tilePath,
  treeRoot,
  type TreeEdge,
  type TreeHash,
} from './tree-hash.ts';
import { proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from './tree.ts';

const leaves = await Promise.all(
  Array.from({ length: 700 }, (_each, at) => hashLeaf(Uint8Array.of(at >> 8, at & 0xff))),
);

/** A log as it is published, from what a growing tree says of itself. */
async function published(size: number): Promise<{ root: TreeHash; read: ReadPublished }> {
  const edge: TreeEdge = [];
  const levels: TreeHash[][] = [];
  for (const leaf of leaves.slice(0, size)) {
    await appendNode(edge, leaf, (level, hash) => (levels[level] ??= []).push(hash));
  }
  const files = new Map<string, Uint8Array>();
  for (const [level, nodes] of levels.entries()) {
    expect(nodes).toHaveLength(nodesAt(level, size));
    for (let tile = 0; tile * 256 < nodes.length; tile += 1) {
      const part = nodes.slice(tile * 256, (tile + 1) * 256);
      files.set(tilePath(String(level), tile, nodes.length), Buffer.concat(part));
    }
  }
  return { root: await edgeRoot(edge), read: async (path) => files.get(path) ?? null };
}

describe('accepts', () => {
  it.each([
    ['0', 0, 256, 'tile/0/000'],
    ['0', 1, 300, 'tile/0/001.p/44'],
    ['1', 999, 256_000, 'tile/1/999'],
    ['entries', 1_234_067, 315_921_408, 'tile/entries/x001/x234/067'],
    ['2', 1_000, 256_001, 'tile/2/x001/000.p/1'],
  ])('level %s, tile %d of %d nodes: %s', (level, tile, nodes, path) => {
    expect(tilePath(level, tile, nodes)).toBe(path);
  });

  it('the whole tile of a log that has grown since', async () => {
    const [before, now] = await Promise.all([published(500), published(600)]);
    const partial = 'tile/0/001.p/244';
    expect(await before.read(partial)).not.toBeNull();
    const read: ReadPublished = async (path) =>
      path === partial ? null : ((await now.read(path)) ?? before.read(path));
    expect(await tileTree(read, 500).subtrees(0, 500)).toEqual(before.root);
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [string, ReadPublished, string])[] = [
    ['a tile that is not there', async () => null, 'LOG_UNPUBLISHED'],
    ['a tile that is cut', async () => new Uint8Array(95), 'LOG_UNPUBLISHED'],
    ['a leaf that is in no tile', async () => new Uint8Array(96), 'LOG_INCLUSION_INVALID'],
  ];
  it.each(rows)('%s', async (_name, read, code) => {
    const [leaf = new Uint8Array(32)] = leaves;
    await expect(tileTree(read, 3).indexOf(leaf).catch(codeOf)).resolves.toBe(code);
  });
});

describe('holds', () => {
  it('every proof that is made of tiles, at every size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: leaves.length }),
        fc.nat(),
        fc.nat(),
        async (size, one, other) => {
          const { root, read } = await published(size);
          expect(root).toEqual(await treeRoot(leaves.slice(0, size)));
          const index = one % size;
          const leaf = leaves[index] ?? root;
          const tree = tileTree(read, size);
          expect(await tree.indexOf(leaf)).toBe(index);
          const path = await proveInclusion(tree.subtrees, index, size);
          await verifyInclusion({ size, root }, index, leaf, path);
          const oldSize = 1 + (other % size);
          const old = { size: oldSize, root: await treeRoot(leaves.slice(0, oldSize)) };
          const growth = await proveConsistency(tree.subtrees, oldSize, size);
          await verifyConsistency(old, { size, root }, growth);
        },
      ),
      { numRuns: 12 },
    );
  });
});
