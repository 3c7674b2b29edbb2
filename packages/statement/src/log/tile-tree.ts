// The tree of a published log (C2SP tlog-tiles), read tile by tile: what is needed to prove that a
// statement is in it or that it grew. Tiles are untrusted; a proof made of wrong ones fails where
// it is verified.

import { RecordError } from '@track-record/errors';
import {
  hashNode,
  nodesAt,
  splitOf,
  TILE_WIDTH,
  tilePath,
  treeRoot,
  type TreeHash,
} from './tree-hash.ts';
import { HASH_SIZE_BYTES, isSame, type LogTree, type Subtrees } from './tree.ts';

/** The bits of an index that stay within a tile. */
const TILE_HEIGHT = 8;

/** What is published under a path of the log; null where nothing is. */
export type ReadPublished = (path: string) => Promise<Uint8Array | null>;

/** The tree of the first `size` leaves. LOG_UNPUBLISHED for a tile that is missing or cut. */
export function tileTree(read: ReadPublished, size: number): LogTree {
  const cache = new Map<string, Promise<readonly TreeHash[]>>();
  const tileOf = (level: number, tile: number): Promise<readonly TreeHash[]> => {
    const nodes = nodesAt(level, size);
    const path = tilePath(String(level), tile, nodes);
    const found =
      cache.get(path) ?? readTile(read, path, Math.min(TILE_WIDTH, nodes - tile * TILE_WIDTH));
    cache.set(path, found);
    return found;
  };
  const subtrees: Subtrees = async (from, to) => {
    const width = to - from;
    const bits = Math.log2(width);
    if (!Number.isInteger(bits)) {
      const middle = from + splitOf(width);
      return hashNode(await subtrees(from, middle), await subtrees(middle, to));
    }
    const level = Math.floor(bits / TILE_HEIGHT);
    const first = nodesAt(level, from);
    const tile = await tileOf(level, Math.floor(first / TILE_WIDTH));
    const start = first % TILE_WIDTH;
    return treeRoot(tile.slice(start, start + nodesAt(level, width)));
  };
  const indexOf = async (leaf: TreeHash): Promise<number> => {
    for (let tile = Math.ceil(size / TILE_WIDTH) - 1; tile >= 0; tile -= 1) {
      const at = (await tileOf(0, tile)).findIndex((hash) => isSame(hash, leaf));
      if (at >= 0) return tile * TILE_WIDTH + at;
    }
    throw new RecordError('LOG_INCLUSION_INVALID');
  };
  return { size, subtrees, indexOf };
}

/** A log that has grown may have the whole tile alone. */
async function readTile(
  read: ReadPublished,
  path: string,
  width: number,
): Promise<readonly TreeHash[]> {
  const bytes = (await read(path)) ?? (await read(path.replace(/\.p\/.*$/, '')));
  if (bytes === null || bytes.length < width * HASH_SIZE_BYTES) {
    throw new RecordError('LOG_UNPUBLISHED', { place: path });
  }
  return Array.from({ length: width }, (_each, at) =>
    Uint8Array.from(bytes.subarray(at * HASH_SIZE_BYTES, (at + 1) * HASH_SIZE_BYTES)),
  );
}
