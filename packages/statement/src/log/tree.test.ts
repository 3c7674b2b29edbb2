// Known answers: the eight leaves, roots and proofs that Certificate Transparency's reference
// implementation published (google/certificate-transparency, merkletree tests), which every
// implementation of RFC 6962 repeats.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOf } from '@track-record/errors';
import { fromHex, toHex } from '../text-bytes.ts';
import { hashLeaf, treeRoot, type TreeHash } from './tree-hash.ts';
import {
  proveConsistency,
  proveInclusion,
  treeOf,
  verifyConsistency,
  verifyInclusion,
} from './tree.ts';

const leafInputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leaves = await Promise.all(leafInputs.map((each) => hashLeaf(fromHex(each))));
const { subtrees } = treeOf(leaves);

interface Tree {
  readonly size: number;
  readonly root: TreeHash;
}

function published(size: number): Tree {
  return { size, root: fromHex(roots[size] ?? '') };
}

async function wholeTree(all: readonly TreeHash[]): Promise<Tree> {
  return { size: all.length, root: await treeRoot(all) };
}

/** `accepted`, or the code. */
async function outcomeOf(work: Promise<void>): Promise<string> {
  return work.then(() => 'accepted', codeOf);
}

describe('accepts', () => {
  it.each(roots.map((root, size) => [size, root] as const))(
    'the published root of %d leaves',
    async (size, root) => {
      expect(toHex(await treeRoot(leaves.slice(0, size)))).toBe(root);
    },
  );

  const paths: readonly (readonly [number, number, readonly string[]])[] = [
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      1,
      5,
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ];
  it.each(paths)('the published path of leaf %d of %d', async (index, size, path) => {
    expect((await proveInclusion(subtrees, index, size)).map(toHex)).toEqual(path);
    const proof = path.map((each) => fromHex(each));
    await verifyInclusion(published(size), index, leafAt(index), proof);
  });

  const proofs: readonly (readonly [number, number, readonly string[]])[] = [
    [1, 1, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ];
  it.each(proofs)('the published proof from %d to %d leaves', async (old, size, path) => {
    expect((await proveConsistency(subtrees, old, size)).map(toHex)).toEqual(path);
    const proof = path.map((each) => fromHex(each));
    await verifyConsistency(published(old), published(size), proof);
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['a leaf that is not there', () => proveInclusion(subtrees, 8, 8), 'LOG_MALFORMED'],
    ['a leaf before the first', () => proveInclusion(subtrees, -1, 8), 'LOG_MALFORMED'],
    ['to shrink', () => proveConsistency(subtrees, 9, 8), 'LOG_MALFORMED'],
    ['an index beyond the tree', () => included(8), 'LOG_INCLUSION_INVALID'],
    ['half an index', () => included(0.5), 'LOG_INCLUSION_INVALID'],
    ['another index', () => included(6), 'LOG_INCLUSION_INVALID'],
    ['a path cut short', () => included(5, (path) => path.slice(1)), 'LOG_INCLUSION_INVALID'],
    [
      'a path with more',
      () => included(5, (path) => [...path, leafAt(0)]),
      'LOG_INCLUSION_INVALID',
    ],
    ['a reversed path', () => included(5, (path) => path.toReversed()), 'LOG_INCLUSION_INVALID'],
    [
      'a node shown as a leaf',
      () => verifyInclusion(published(2), 0, published(2).root, []),
      'LOG_INCLUSION_INVALID',
    ],
    [
      'a hash of another size',
      () => included(5, (path) => path.map((hash) => hash.subarray(1))),
      'LOG_INCLUSION_INVALID',
    ],
    ['anything in the empty tree', () => emptyIncluded(), 'LOG_INCLUSION_INVALID'],
    ['a smaller tree', () => extended(8, 6), 'LOG_INCONSISTENT'],
    ['no proof', () => extended(6, 8, () => []), 'LOG_INCONSISTENT'],
    ['a proof with more', () => extended(6, 8, (path) => [...path, leafAt(0)]), 'LOG_INCONSISTENT'],
    [
      'a proof from nothing that claims something',
      () => extended(0, 8, () => [leafAt(0)]),
      'LOG_INCONSISTENT',
    ],
    [
      'another tree of one size',
      () => verifyConsistency({ ...published(8), root: leafAt(0) }, published(8), []),
      'LOG_INCONSISTENT',
    ],
  ];
  it.each(rows)('%s', async (_name, work, expected) => {
    await expect(work().catch(codeOf)).resolves.toBe(expected);
  });

  async function included(
    index: number,
    change: (path: readonly TreeHash[]) => readonly TreeHash[] = (path) => path,
  ): Promise<void> {
    const path = await proveInclusion(subtrees, 5, 8);
    await verifyInclusion(published(8), index, leafAt(5), change(path));
  }

  function emptyIncluded(): Promise<void> {
    return verifyInclusion(published(0), 0, published(0).root, []);
  }

  async function extended(
    old: number,
    size: number,
    change: (path: readonly TreeHash[]) => readonly TreeHash[] = (path) => path,
  ): Promise<void> {
    const proof = old <= size ? await proveConsistency(subtrees, old, size) : [];
    await verifyConsistency(published(old), published(size), change(proof));
  }
});

describe('holds', () => {
  const many = Array.from({ length: 40 }, (_each, at) => Uint8Array.of(at));

  it('every leaf of every tree is provable, at its own index only', async () => {
    const all = await Promise.all(many.map(hashLeaf));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(39), fc.nat(39), async (...each) => {
        const [size, one, other] = each;
        const held = all.slice(0, size);
        const [index, claimed] = [one % size, other % size];
        const proof = await proveInclusion(treeOf(held).subtrees, index, held.length);
        const leaf = held[index] ?? leafAt(0);
        const outcome = await outcomeOf(
          verifyInclusion(await wholeTree(held), claimed, leaf, proof),
        );
        expect(outcome).toBe(claimed === index ? 'accepted' : 'LOG_INCLUSION_INVALID');
      }),
    );
  });

  it('every tree extends every earlier one, and none with a leaf changed', async () => {
    const all = await Promise.all(many.map(hashLeaf));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(40), fc.nat(39), async (...each) => {
        const [size, smaller, flipped] = each;
        const held = all.slice(0, size);
        const old = all.slice(0, smaller % (size + 1));
        const proof = await proveConsistency(treeOf(held).subtrees, old.length, held.length);
        await verifyConsistency(await wholeTree(old), await wholeTree(held), proof);
        if (flipped >= old.length) return;
        const changed = await wholeTree(old.with(flipped, leafAt(7)));
        const outcome = await outcomeOf(verifyConsistency(changed, await wholeTree(held), proof));
        expect(outcome).toBe('LOG_INCONSISTENT');
      }),
    );
  });
});

function leafAt(index: number): TreeHash {
  const leaf = leaves[index];
  if (leaf === undefined) throw new Error('no such leaf');
  return leaf;
}
