// `track-record keys list`: under which master keys the database lies, as the role operator may see
// it. A rotation has ended when one key is left.

import { RecordError } from '@track-record/errors';
import { openStore } from '@track-record/store';
import { masterKeys } from '@track-record/store/operator';
import type { Verb, VerbOutput } from '../verb.ts';

export const keysList: Verb = {
  name: 'keys list',
  summary: 'Show what lies under which master key in the database of DATABASE_OPERATOR_URL.',
  example: 'keys list',
  options: {},
  run,
};

/** The URL holds a password, so it comes from the environment and not from the command line. */
async function run(): Promise<VerbOutput> {
  const url = process.env['DATABASE_OPERATOR_URL'];
  if (url === undefined) {
    throw new RecordError('CONFIG_INVALID', { place: 'DATABASE_OPERATOR_URL' });
  }
  const store = openStore(url, { connectionsMax: 1 });
  try {
    const keys = await masterKeys(store.db);
    const lines = keys.map(({ keyId, accounts, sealsRecord }) => {
      const record = sealsRecord ? ', and the record’s root' : '';
      return `${keyId}  seals the keys of ${accounts} accounts${record}\n`;
    });
    return { document: { keys }, text: lines.join('') };
  } finally {
    await store.close();
  }
}
