// What every operator verb begins with: a connection as the role operator, and the forms of an id,
// a count and a reason on the command line.

import { RecordError } from '@track-record/errors';
import { openStore, type Store } from '@track-record/store';
import { UsageError, type VerbInput } from '../verb.ts';

type Options = VerbInput['options'];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** As the database has it: no word is as long as a key. */
const REASON = /^(?!.*[^ ]{21})[A-Za-z0-9 .,:/#-]{3,80}$/;

/** The URL holds a password, so it comes from the environment and not from the command line. */
export async function asOperator<T>(work: (db: Store['db']) => Promise<T>): Promise<T> {
  const url = process.env['DATABASE_OPERATOR_URL'];
  if (url === undefined) {
    throw new RecordError('CONFIG_INVALID', { place: 'DATABASE_OPERATOR_URL' });
  }
  const store = openStore(url, { connectionsMax: 1 });
  try {
    return await work(store.db);
  } finally {
    await store.close();
  }
}

/** The one id that follows the verb. */
export function idOf({ positionals }: VerbInput, what: string): string {
  const [id] = positionals;
  if (positionals.length !== 1 || id === undefined || !UUID.test(id)) {
    throw new UsageError(`Give the id of one ${what}.`);
  }
  return id.toLowerCase();
}

/** What the verb takes no id for. */
export function checkAlone({ positionals }: VerbInput): void {
  if (positionals.length > 0) throw new UsageError('This verb takes options only.');
}

export function reasonOf(options: Options): string {
  const reason = options['reason'];
  if (typeof reason !== 'string' || !REASON.test(reason)) {
    throw new UsageError(
      '--reason TEXT is required: 3 to 80 of letters, digits, spaces and .,:/#- in words of 20.',
    );
  }
  return reason;
}

export function textOf(options: Options, name: string, form: RegExp): string | null {
  const text = options[name];
  if (text === undefined) return null;
  if (typeof text !== 'string' || !form.test(text)) {
    throw new UsageError(`--${name} does not have its form.`);
  }
  return text;
}

/** One of the states that a list may be of. */
export function stateOf(options: Options, states: readonly string[]): string | null {
  const state = textOf(options, 'state', /^[a-z]+$/);
  if (state !== null && !states.includes(state)) {
    throw new UsageError(`--state is one of ${states.join(' ')}.`);
  }
  return state;
}

export function accountOf(options: Options): string | null {
  return textOf(options, 'account', UUID);
}

export function limitOf(options: Options, otherwise: number): number {
  const text = textOf(options, 'limit', /^[1-9][0-9]{0,3}$/);
  return text === null ? otherwise : Number(text);
}
