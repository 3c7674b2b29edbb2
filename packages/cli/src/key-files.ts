// What a ceremony leaves behind: a succession for everybody, and one file per share, for its holder
// alone. The key itself is made, split and wiped here; it is written nowhere and shown to nobody.

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordError } from '@track-record/errors';
import {
  parseSuccession,
  Secret,
  splitMasterKey,
  type Quorum,
  type Succession,
} from '@track-record/sealing/unseal';
import { readFileAtMost, readJsonFile, requiredText } from './input.ts';
import { UsageError, type VerbInput, type VerbOutput } from './verb.ts';

type Options = VerbInput['options'];

const KEY_SIZE_BYTES = 32;
const OWNER_ONLY = 0o600;
const SUCCESSION_SIZE_BYTES_MAX = 64 * 1024;
const SHARE_SIZE_BYTES_MAX = 256;

export interface ReleaseKeys {
  readonly releaseKeys: readonly string[];
  readonly releaseThreshold: number;
}

/** A new key, split as `--threshold` and `--holders` say, into files of the folder `--output`. */
export async function splitNewKey(
  options: Options,
  releaseKeys: ReleaseKeys,
  previous: Quorum | null,
): Promise<VerbOutput> {
  const folder = requiredText(options, 'output', 'FOLDER');
  const [threshold, holders] = [count(options, 'threshold'), count(options, 'holders')];
  const master = new Secret(new Uint8Array(randomBytes(KEY_SIZE_BYTES)));
  const { quorum, shares } = await splitMasterKey(master, threshold, holders).finally(() =>
    master.wipe(),
  );
  const format = 'track-record-succession/1';
  const succession = parseSuccession({ format, quorum, previous, ...releaseKeys });
  const [succeeding, ...shareFiles] = [
    'succession.json',
    ...shares.map((_, index) => `share-${index + 1}`),
  ].map((name) => join(folder, name));
  try {
    await mkdir(folder, { recursive: true });
    await create(succeeding ?? '', `${JSON.stringify(succession, null, 2)}\n`);
    for (const [index, file] of shareFiles.entries()) {
      const text = shares[index]?.open((bytes) => Buffer.from(bytes).toString('base64'));
      await create(file, `${text}\n`);
    }
  } finally {
    for (const share of shares) share.wipe();
  }
  return {
    document: { succession: succeeding, shares: shareFiles, keyCommitment: quorum.keyCommitment },
    text:
      `${succeeding}: for the configuration of every enclave, and for who verifies one\n` +
      shareFiles.map((file) => `${file}: for one holder; then delete it here\n`).join(''),
  };
}

/** ARGUMENT_INVALID, at `succession`. */
export async function readSuccession(options: Options): Promise<Succession> {
  const file = requiredText(options, 'succession', 'FILE');
  const json = await readJsonFile(file, 'succession', SUCCESSION_SIZE_BYTES_MAX);
  try {
    return parseSuccession(json);
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'succession' });
  }
}

/** The caller wipes it. */
export async function readShare(options: Options): Promise<Secret> {
  const file = requiredText(options, 'share', 'FILE');
  const bytes = await readFileAtMost(file, 'share', SHARE_SIZE_BYTES_MAX);
  const share = Buffer.from(Buffer.from(bytes).toString('latin1').trim(), 'base64');
  bytes.fill(0);
  return new Secret(new Uint8Array(share));
}

export function count(options: Options, name: string): number {
  const text = requiredText(options, name, 'NUMBER');
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw new UsageError(`--${name} takes a number.`);
  return Number(text);
}

/** ARGUMENT_INVALID, at `output`: nothing that is there is overwritten. */
async function create(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode: OWNER_ONLY, flag: 'wx' });
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'output' });
  }
}
