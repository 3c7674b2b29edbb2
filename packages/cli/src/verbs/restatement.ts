// `track-record restatement`: two ledgers of one account, and what the later one says differently
// of the same hours, and why. Offline; both files are untrusted.

import { RecordError } from '@track-record/errors';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { computeHours } from '@track-record/returns';
import {
  type Computation,
  type Restatement,
  restatements,
} from '@track-record/returns/restatement';
import { readJsonFile, requiredText } from '../input.ts';
import type { Verb, VerbInput, VerbOutput } from '../verb.ts';

/** A ledger of a million entries is some hundred megabytes. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

export const restatement: Verb = {
  name: 'restatement',
  summary: 'What a later ledger says differently of the same hours, and why.',
  example: 'restatement --earlier yesterday.json --ledger today.json --json',
  options: { earlier: { type: 'string' }, ledger: { type: 'string' } },
  run,
};

async function run({ options }: VerbInput): Promise<VerbOutput> {
  const earlier = await computed(requiredText(options, 'earlier', 'FILE'), 'earlier');
  const later = await computed(requiredText(options, 'ledger', 'FILE'), 'ledger');
  if (earlier.document.account.id !== later.document.account.id) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'earlier' });
  }
  const found = restatements(earlier, later);
  return { document: { restatements: found }, text: found.map(lineOf).join('') };
}

async function computed(file: string, place: string): Promise<Computation> {
  const document = parseLedgerDocument(await readJsonFile(file, place, FILE_BYTES_MAX));
  return { document, report: computeHours(document) };
}

/** Ids of entries are the owner's own: this is read where the ledger is. */
function lineOf({ hour, changed, because }: Restatement): string {
  const was = changed['return'];
  const move = was === undefined ? '' : ` return ${String(was.before)} -> ${String(was.after)}`;
  const causes = because.map(({ what, how, name }) =>
    how === null ? what : `${what} ${name} ${how}`,
  );
  return `${hour}${move} (${Object.keys(changed).join(', ')}): ${causes.join('; ')}\n`;
}
