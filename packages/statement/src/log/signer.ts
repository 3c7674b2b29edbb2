export { logSignerFromSeed, type LogSigner } from './checkpoint-note.ts';
export {
  appendNode,
  edgeRoot,
  hashLeaf,
  nodesAt,
  TILE_WIDTH,
  tilePath,
  type TreeEdge,
  type TreeHash,
} from './tree-hash.ts';
