// What the verbs read from the command line, each form in one place.

import { readFile, stat } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { UsageError, type VerbInput } from './verb.ts';

type Options = VerbInput['options'];

/** The text of an option that must be given; `form` names it in the sentence of a refusal. */
export function requiredText(options: Options, name: string, form: string): string {
  const text = options[name];
  if (typeof text !== 'string' || text === '') {
    throw new UsageError(`--${name} ${form} is required.`);
  }
  return text;
}

/** ISO 8601 in UTC with `Z`, as milliseconds; `otherwise` when the option is absent. */
export function instant(options: Options, name: string, otherwise: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  const at = typeof text === 'string' && text.endsWith('Z') ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(`--${name} takes a time such as 2026-11-22T00:00:00Z.`);
  }
  return at;
}

/** ARGUMENT_INVALID, at `place`, for a file that cannot be read or has more bytes than it may. */
export async function readTextFile(
  file: string,
  place: string,
  sizeBytesMax: number,
): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= sizeBytesMax) return await readFile(file, 'utf8');
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place });
  }
  throw new RecordError('ARGUMENT_INVALID', { place });
}
