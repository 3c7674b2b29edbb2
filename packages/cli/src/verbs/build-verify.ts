// `track-record build verify DIR|IMAGE`: is this the code that was published? Makes the list of
// digests anew from a folder or an OCI image and compares it, file by file, with the published one.

import path from 'node:path';
import { RecordError } from '@track-record/errors';
import { codeSha256, SUMS_FILE } from '@track-record/worker/code-digest';
import { readCodeTree } from '../code-tree.ts';
import { readTextFile } from '../input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** A hundred thousand files. */
const SUMS_SIZE_BYTES_MAX = 16 * 1024 * 1024;
const LINE = /^(?<digest>[0-9a-f]{64}) {2}(?<file>.+)$/;

export const buildVerify: Verb = {
  name: 'build verify',
  summary: 'Compare a deployed worker, a folder or an OCI image, with the published digests.',
  example: 'build verify release --sums SHA256SUMS',
  options: { sums: { type: 'string' } },
  run,
};

async function run({ options, positionals }: VerbInput): Promise<VerbOutput> {
  const [place, ...others] = positionals;
  if (place === undefined || others.length > 0) throw new UsageError('Name one folder or image.');
  const sums = options['sums'];
  const file = typeof sums === 'string' ? sums : path.join(place, SUMS_FILE);
  const expected = parseSums(await readTextFile(file, 'sums', SUMS_SIZE_BYTES_MAX));
  const actualSums = await readCodeTree(place);
  const actual = parseSums(actualSums);
  const differing = [...expected].flatMap(([file, digest]) =>
    actual.has(file) && actual.get(file) !== digest ? [file] : [],
  );
  const missing = [...expected.keys()].filter((file) => !actual.has(file));
  const unexpected = [...actual.keys()].filter((file) => !expected.has(file));
  const failed = differing.length + missing.length + unexpected.length > 0;
  const digest = Buffer.from(codeSha256(actualSums)).toString('hex');
  const lines = [
    ...differing.map((file) => `differs     ${file}`),
    ...missing.map((file) => `missing     ${file}`),
    ...unexpected.map((file) => `unexpected  ${file}`),
    failed ? 'This is not the published code.' : `All ${actual.size} files are as published.`,
    `code digest ${digest}`,
  ];
  return {
    document: {
      verdict: failed ? 'different' : 'same',
      codeSha256: digest,
      files: actual.size,
      differing,
      missing,
      unexpected,
    },
    text: `${lines.join('\n')}\n`,
    failed,
  };
}

function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const { digest, file } = LINE.exec(line)?.groups ?? {};
      if (digest === undefined || file === undefined)
        throw new RecordError('ARGUMENT_INVALID', { place: 'sums' });
      return [file, digest] as const;
    }),
  );
}
