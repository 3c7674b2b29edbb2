// What the verbs read from the command line, each form in one place.

import { open } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { UsageError, type VerbInput } from './verb.ts';

type Options = VerbInput['options'];

/** For a device, which says nothing of its size. */
const SIZE_BYTES_FIRST = 64 * 1024;

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
export async function readFileAtMost(
  file: string,
  place: string,
  sizeBytesMax: number,
): Promise<Uint8Array> {
  const bytes = await readFileStart(file, place, sizeBytesMax + 1);
  if (bytes.length > sizeBytesMax) throw new RecordError('ARGUMENT_INVALID', { place });
  return bytes;
}

/**
 * No more than the first bytes of a file, whatever it says of its size: a device has none, and a
 * file may grow. ARGUMENT_INVALID, at `place`, for one that cannot be read.
 */
export async function readFileStart(
  file: string,
  place: string,
  sizeBytes: number,
): Promise<Uint8Array> {
  try {
    await using handle = await open(file);
    const stated = (await handle.stat()).size;
    // One byte more than it says, so that what is longer shows, and what is not is read at once.
    let bytes = Buffer.alloc(Math.min(sizeBytes, Math.max(stated + 1, SIZE_BYTES_FIRST)));
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length);
      length += bytesRead;
      if (bytesRead === 0 || length === sizeBytes) return bytes.subarray(0, length);
      if (length < bytes.length) continue;
      const longer = Buffer.alloc(Math.min(sizeBytes, 2 * length));
      bytes.copy(longer);
      bytes = longer;
    }
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place });
  }
}

/** As readFileAtMost, decoded; bytes that are no UTF-8 become U+FFFD. */
export async function readTextFile(
  file: string,
  place: string,
  sizeBytesMax: number,
): Promise<string> {
  return new TextDecoder().decode(await readFileAtMost(file, place, sizeBytesMax));
}

/** ARGUMENT_INVALID, at `place`, also for what is no JSON. */
export async function readJsonFile(
  file: string,
  place: string,
  sizeBytesMax: number,
): Promise<unknown> {
  const text = await readTextFile(file, place, sizeBytesMax);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place });
  }
}
