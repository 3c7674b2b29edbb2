// An OCI image in a folder, made here from the image specification: an index, a manifest, layers.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { packTar, type TarHeader } from 'modern-tar';
import { readCodeTree } from './code-tree.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'track-record-image-'));
  mkdirSync(path.join(folder, 'blobs/sha256'), { recursive: true });
  writeFileSync(path.join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
});

afterEach(() => rmSync(folder, { recursive: true }));

type Layer = readonly (readonly [name: string, content: string, type?: TarHeader['type']])[];

describe('accepts', () => {
  test('the files below /app, as the last layer has them', async () => {
    await writeImage([
      [
        ['usr/bin/node', 'not ours'],
        ['app/a.js', 'one'],
        ['app/old/b.js', 'two'],
        ['app/gone.js', 'three'],
      ],
      [
        ['app/a.js', 'four'],
        ['app/old/.wh..wh..opq', ''],
        ['app/old/c.js', 'five'],
        ['app/.wh.gone.js', ''],
        ['app/SHA256SUMS', 'the list itself'],
      ],
    ]);
    const lines = [`${sha256('four')}  a.js\n`, `${sha256('five')}  old/c.js\n`];
    expect(await readCodeTree(folder)).toBe(lines.join(''));
  });
});

describe('refuses', () => {
  test.each<readonly [string, () => Promise<void> | void]>([
    [
      'a link below /app, which leads out of what was compared',
      () => writeImage([[['app/a.js', '', 'symlink']]]),
    ],
    [
      'a layer whose bytes are not those of its digest',
      async () => {
        await writeImage([[['app/a.js', 'one']]]);
        const [digest] = await digestsOfLayers([[['app/a.js', 'one']]]);
        writeFileSync(blob(digest ?? ''), gzipSync(await tarOf([['app/a.js', 'two']])));
      },
    ],
    [
      'a manifest that was replaced',
      async () => {
        await writeImage([[['app/a.js', 'one']]]);
        writeIndex([{ digest: `sha256:${sha256('another')}` }]);
        writeFileSync(blob(sha256('another')), '{"layers":[]}');
      },
    ],
    ['two images in one folder', () => writeIndex([{ digest: 'sha256:' }, { digest: 'sha256:' }])],
    ['no image', () => writeIndex([])],
    ['a digest that leads to another folder', () => writeIndex([{ digest: 'sha256:../../x' }])],
    ['an index without a list', () => writeFileSync(path.join(folder, 'index.json'), '{}')],
  ])('%s: CODE_UNEXPECTED', async (_name, prepare) => {
    await prepare();
    const read = readCodeTree(folder).then(() => 'accepted', codeOf);
    expect(await read).toBe('CODE_UNEXPECTED');
  });
});

async function writeImage(layers: readonly Layer[]): Promise<void> {
  const digests = await digestsOfLayers(layers);
  const manifest = JSON.stringify({
    layers: digests.map((digest) => ({ digest: `sha256:${digest}` })),
  });
  writeFileSync(blob(sha256(manifest)), manifest);
  writeIndex([{ digest: `sha256:${sha256(manifest)}` }]);
}

function writeIndex(manifests: readonly { readonly digest: string }[]): void {
  writeFileSync(path.join(folder, 'index.json'), JSON.stringify({ manifests }));
}

async function digestsOfLayers(layers: readonly Layer[]): Promise<readonly string[]> {
  return await Promise.all(
    layers.map(async (layer) => {
      const bytes = gzipSync(await tarOf(layer));
      writeFileSync(blob(sha256(bytes)), bytes);
      return sha256(bytes);
    }),
  );
}

function tarOf(layer: Layer): Promise<Uint8Array> {
  return packTar(
    layer.map(([name, content, type = 'file']) => ({
      header: {
        name,
        type,
        size: content.length,
        mtime: new Date(0),
        ...(type === 'symlink' ? { linkname: '/etc/hostname' } : {}),
      },
      body: content,
    })),
  );
}

function blob(digest: string): string {
  return path.join(folder, 'blobs/sha256', digest);
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
