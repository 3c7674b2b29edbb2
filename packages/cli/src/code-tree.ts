// The list of digests of a deployed worker, made of what is really there: a folder, or the folder
// /app of an OCI image in the layout that skopeo and buildah write. An image is untrusted: every
// blob is read only when it has the digest that names it, and nothing of it is written anywhere.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { RecordError } from '@track-record/errors';
import { formatSums, listFiles, SUMS_FILE } from '@track-record/worker/code-digest';
import { unpackTar, type ParsedTarEntryWithData } from 'modern-tar';

const OCI_LAYOUT = 'oci-layout';
const APP = 'app/';
/** OCI image specification, layers: a name with this prefix removes the file without it. */
const WHITEOUT = '.wh.';
/** Removes whatever earlier layers put into its folder. */
const OPAQUE = '.wh..wh..opq';
/** A descriptor's digest, which is also the name of its file. */
const BLOB = /^sha256:(?<digest>[0-9a-f]{64})$/;
/** Ten times a layer with Node in it. */
const LAYER_SIZE_BYTES_MAX = 2 ** 31 - 1;

/** One line per file, sorted: see code-digest.ts. CODE_UNEXPECTED for an image of another form. */
export async function readCodeTree(place: string): Promise<string> {
  if (!existsSync(path.join(place, OCI_LAYOUT))) return await listFiles(place);
  return formatSums(await readImage(place));
}

/** By path below /app: SHA-256 in hex. Later layers replace and remove what earlier ones hold. */
async function readImage(place: string): Promise<ReadonlyMap<string, string>> {
  const index = await readFile(path.join(place, 'index.json'));
  const [image, ...others] = parseDescriptors(index, 'manifests');
  if (image === undefined || others.length > 0) throw new RecordError('CODE_UNEXPECTED');
  const digests = new Map<string, string>();
  for (const layer of parseDescriptors(await readBlob(place, image), 'layers')) {
    const tar = gunzipSync(await readBlob(place, layer), { maxOutputLength: LAYER_SIZE_BYTES_MAX });
    for (const entry of await unpackTar(tar)) applyEntry(entry, digests);
  }
  digests.delete(SUMS_FILE);
  return digests;
}

function applyEntry({ header, data }: ParsedTarEntryWithData, digests: Map<string, string>): void {
  const name = path.posix.normalize(header.name).replace(/^\//, '');
  if (!name.startsWith(APP) || header.type === 'directory') return;
  const file = name.slice(APP.length);
  const { dir, base } = path.posix.parse(file);
  if (!base.startsWith(WHITEOUT)) {
    if (header.type !== 'file') throw new RecordError('CODE_UNEXPECTED');
    const hash = createHash('sha256').update(data ?? new Uint8Array());
    digests.set(file, hash.digest('hex'));
    return;
  }
  const gone = base === OPAQUE ? dir : path.posix.join(dir, base.slice(WHITEOUT.length));
  for (const known of digests.keys()) {
    if (known === gone || gone === '' || known.startsWith(`${gone}/`)) digests.delete(known);
  }
}

async function readBlob(place: string, digest: string): Promise<Uint8Array> {
  const bytes = await readFile(path.join(place, 'blobs/sha256', digest));
  if (createHash('sha256').update(bytes).digest('hex') === digest) return bytes;
  throw new RecordError('CODE_UNEXPECTED');
}

/** The digests that one list of a manifest names. */
function parseDescriptors(bytes: Uint8Array, list: string): readonly string[] {
  const document = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  const descriptors = document[list];
  if (!Array.isArray(descriptors)) throw new RecordError('CODE_UNEXPECTED');
  return descriptors.map((each: { readonly digest?: unknown }) => {
    const digest = BLOB.exec(String(each.digest))?.groups?.['digest'];
    if (digest === undefined) throw new RecordError('CODE_UNEXPECTED');
    return digest;
  });
}
