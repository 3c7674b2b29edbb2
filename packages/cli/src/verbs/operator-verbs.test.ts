// The operator's verbs against a database with one account: what they print fits a terminal, names
// codes and counts only, and what they refuse they refuse before they ask.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertAccount, openStore } from '@track-record/store';
import {
  freshDatabase,
  type FreshDatabase,
} from '../../../testkit/src/postgres/template-database.ts';
import { sampleAccount } from '../../../testkit/src/postgres/sample-record.ts';
import { UsageError, type VerbOutput } from '../verb.ts';
import { verbs } from './index.ts';

const COLUMNS = 80;
const ACCOUNT = '00000000-0000-4000-8000-0000000000d1';
const NOBODY = '00000000-0000-4000-8000-0000000000d2';

let database: FreshDatabase;
const before = { ...process.env };

beforeAll(async () => {
  database = await freshDatabase();
  const worker = openStore(database.urlFor('enclave_worker'), { connectionsMax: 1 });
  await insertAccount(worker.db, sampleAccount({ accountId: ACCOUNT }));
  await worker.close();
  process.env['DATABASE_OPERATOR_URL'] = database.urlFor('operator');
});

afterAll(async () => {
  process.env = before;
  await database.drop();
});

async function run(
  name: string,
  options: Record<string, string | boolean> = {},
  positionals: readonly string[] = [],
): Promise<VerbOutput> {
  const verb = await verbs[name]?.();
  if (verb === undefined) throw new Error(`no verb ${name}`);
  const progress = () => undefined;
  return await verb.run({ options, positionals, stdin: process.stdin, progress });
}

describe('accepts', () => {
  it.each(['queue status', 'queue list', 'accounts list', 'hours missing', 'schedule list'])(
    '%s, within the columns of a terminal',
    async (name) => {
      const { text, failed } = await run(name);
      expect(failed).toBeUndefined();
      expect(text.split('\n').filter((line) => line.length > COLUMNS)).toEqual([]);
    },
  );

  it('accounts pause, and then what the account and the missing hours show', async () => {
    const paused = await run('accounts pause', { reason: 'owner asked' }, [ACCOUNT]);
    expect(paused.document).toEqual({ accountId: ACCOUNT, state: 'paused', jobsEnded: '0' });
    const shown = await run('accounts show', {}, [ACCOUNT]);
    expect(shown.document).toMatchObject({
      account: { state: 'paused', code: 'ACCOUNT_PAUSED' },
      actions: [{ action: 'pause', reason: 'owner asked' }],
    });
    expect((await run('hours missing')).document).toMatchObject({
      hoursMissing: '0',
      venues: [{ venue: 'binance', active: '0', stopped: '1' }],
    });
  });

  it('worker check: what would refuse the start, with the first code', async () => {
    process.env['DATABASE_URL'] = database.urlFor('operator');
    process.env['ENCRYPTION_KEY'] = '5e'.repeat(32);
    const { document, failed } = await run('worker check');
    expect(failed).toBe(true);
    expect(document).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
    process.env['DATABASE_URL'] = database.urlFor('enclave_worker');
    const good = await run('worker check');
    expect(good.failed).toBe(false);
    expect(good.text).not.toContain(process.env['DATABASE_URL']);
    expect(good.text).not.toContain('5e5e');
    expect(good.text.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))).toEqual([
      'check result',
      'configuration passed',
      'database passed',
      'role passed',
      'schema passed',
      'clock passed',
      'attestation not asked',
      'operator passed',
      '',
    ]);
  });
});

describe('refuses', () => {
  const reason = 'a reason';
  it.each<[string, string, Record<string, string | boolean>, string[]]>([
    ['no reason', 'accounts pause', {}, [ACCOUNT]],
    ['a key for a reason', 'accounts pause', { reason: 'k'.repeat(24) }, [ACCOUNT]],
    ['no id', 'queue retry', { reason }, []],
    ['a word for an id', 'queue cancel', { reason }, ['all']],
    ['a state that is none', 'queue list', { state: 'dead' }, []],
    ['a limit of none', 'accounts list', { limit: '0' }, []],
    ['two wishes', 'queue drain', { reason, off: true, wait: true }, []],
    ['an id where none is taken', 'hours missing', {}, [ACCOUNT]],
  ])('bad usage: %s', async (_name, verb, options, positionals) => {
    await expect(run(verb, options, positionals)).rejects.toBeInstanceOf(UsageError);
  });

  it.each<[string, string, Record<string, string>]>([
    ['JOB_UNKNOWN', 'queue show', {}],
    ['JOB_UNKNOWN', 'queue retry', { reason }],
    ['JOB_UNKNOWN', 'queue cancel', { reason }],
    ['ACCOUNT_UNKNOWN', 'accounts show', {}],
    ['ACCOUNT_UNKNOWN', 'accounts resume', { reason }],
  ])('%s: %s of nothing', async (code, verb, options) => {
    await expect(run(verb, options, [NOBODY])).rejects.toMatchObject({ code });
  });
});
