// `track-record log check`: for monitors. Two saved checkpoints of one log and the proof between
// them: either the later one extends the earlier one, or the log has rewritten, shrunk or split
// what it published. All three files are untrusted; the key is the monitor's own.

import { codes, RecordError, type Code } from '@track-record/errors';
import {
  checkExtends,
  noteKey,
  parseNoteKey,
  verifyCheckpoint,
  type NoteKey,
  type VerifiedCheckpoint,
} from '@track-record/statement/log';
import { requiredText } from '../input.ts';
import { growthOf, readLogFile } from '../log-input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** Only of two roots of one size are the files alone the evidence against the log. */
const advice: Partial<Readonly<Record<Code, string>>> = {
  LOG_SPLIT_VIEW: 'Keep both checkpoints and publish them: the log signed both, and one is a lie.',
  LOG_ROLLED_BACK: 'Unless the files were named in the wrong order, the log took entries back.',
  LOG_INCONSISTENT: 'Ask the log for another proof. If it has none, it changed what it published.',
};

const HEX_KEY = /^[0-9a-f]{64}$/;

export const logCheck: Verb = {
  name: 'log check',
  summary: 'Checks that a later checkpoint of the public log extends an earlier one.',
  example: 'log check monday.checkpoint tuesday.checkpoint --proof monday-tuesday.proof --key KEY',
  options: { proof: { type: 'string' }, log: { type: 'string' }, key: { type: 'string' } },
  run,
};

async function run({ options, positionals }: VerbInput): Promise<VerbOutput> {
  const [oldFile, newFile, ...more] = positionals;
  if (oldFile === undefined || newFile === undefined || more.length > 0) {
    throw new UsageError('Give the earlier checkpoint and the later one.');
  }
  const key = await readKey(requiredText(options, 'key', 'KEY'), oldFile);
  const policy = { key, witnesses: [], witnessesMin: 0 };
  const earlier = await verifyCheckpoint(await readLogFile(oldFile, 'OLD'), policy);
  const later = await verifyCheckpoint(await readLogFile(newFile, 'NEW'), policy);
  const grew = earlier.size > 0 && earlier.size < later.size;
  const isGiven = options['proof'] !== undefined;
  const proof = grew || isGiven ? await growthOf(options)(earlier.size, later.size) : [];
  try {
    await checkExtends(earlier, later, proof);
  } catch (error) {
    if (error instanceof RecordError) return refused(earlier, later, error);
    throw error;
  }
  return {
    document: { verdict: 'extends', ...sizesOf(earlier, later) },
    text:
      `${key.name}: ${later.size - earlier.size} entries were added after the first ` +
      `${earlier.size}, and none of those was changed or removed.\n`,
  };
}

/** As notes write it; or as evidence does, in hex, and then under the name in the checkpoint. */
async function readKey(text: string, file: string): Promise<NoteKey> {
  if (!HEX_KEY.test(text)) return await parseNoteKey(text);
  const [origin = ''] = (await readLogFile(file, 'OLD')).split('\n', 1);
  return await noteKey('log', origin, Buffer.from(text, 'hex'));
}

function refused(
  earlier: VerifiedCheckpoint,
  later: VerifiedCheckpoint,
  { code }: RecordError,
): VerbOutput {
  return {
    document: { verdict: 'refused', ...sizesOf(earlier, later), error: { code } },
    text:
      `${earlier.origin}: REFUSED at ${earlier.size} and ${later.size} entries\n` +
      `  ${code}: ${codes[code].message}\n  ${advice[code] ?? ''}\n`,
    failed: true,
  };
}

function sizesOf(earlier: VerifiedCheckpoint, later: VerifiedCheckpoint): Record<string, unknown> {
  return { log: earlier.origin, from: earlier.size, to: later.size };
}
