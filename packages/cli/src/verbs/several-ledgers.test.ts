// The verbs that read more than one ledger: `portfolio` and `restatement`.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ledgerFromText } from '../../../testkit/src/ledger-text.ts';
import { UsageError, type Verb, type VerbOutput } from '../verb.ts';
import { portfolio } from './portfolio.ts';
import { restatement } from './restatement.ts';

const WINNER = 'USD 00:00 to 02:00\n anchor 00:00: USD 1000\n 00:30 p adjustment: USD 100';
const SLEEPER = 'USD 00:00 to 02:00\n anchor 00:00: USD 1000';

const folder = mkdtempSync(join(tmpdir(), 'several-ledgers-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a ledger and gives its path. */
function ledger(id: string, text: string): string {
  const json = ledgerFromText(text);
  return file(`${id}.json`, { ...json, account: { ...json.account, id } });
}

function file(name: string, json: unknown): string {
  writeFileSync(join(folder, name), typeof json === 'string' ? json : JSON.stringify(json));
  return join(folder, name);
}

function run(
  verb: Verb,
  options: Record<string, string>,
  files: string[] = [],
): Promise<VerbOutput> {
  return verb.run({ options, positionals: files, stdin: Readable.from([]), progress: () => {} });
}

function events(...list: [string, string, string][]): string {
  const json = list.map(([kind, account, hour]) => ({
    kind,
    account,
    at: `2026-01-05T${hour}:00Z`,
  }));
  return file('events.json', json);
}

describe('accepts', () => {
  test('two accounts as one record: the second joins an hour later', async () => {
    const files = [ledger('a', WINNER), ledger('b', SLEEPER)];
    const joined = events(['join', 'a', '00:00'], ['join', 'b', '01:00']);
    const { document, text } = await run(portfolio, { events: joined }, files);
    expect(document).toMatchObject({
      format: 'track-record-portfolio/1',
      method: 'twr-cut-at-flows/1',
      hours: [
        { hour: '2026-01-05T00:00:00Z', navClose: '1100', return: '0.100000000000000000' },
        { flow: '1000', navClose: '2100', return: '0.000000000000000000', members: ['a', 'b'] },
      ],
    });
    expect(text.split('\n')).toHaveLength(3);
  });

  test('a late entry restates its hour and says so', async () => {
    const earlier = ledger('a', WINNER);
    const later = file('later.json', {
      ...ledgerFromText(`${WINNER}\n 01:10 q funding: USD -11`),
      account: { id: 'a', venue: 'text', reportingCurrency: 'USD' },
    });
    const { document, text } = await run(restatement, { earlier, ledger: later });
    expect(document).toMatchObject({
      restatements: [
        {
          hour: '2026-01-05T01:00:00Z',
          changed: {
            return: { before: '0.000000000000000000', after: '-0.010000000000000000' },
            funding: { before: '0', after: '-11' },
          },
          because: [{ what: 'entry', how: 'added', name: 'q' }],
        },
      ],
    });
    expect(text).toContain('entry q added');
  });
});

describe('refuses', () => {
  test.each<[string, unknown]>([
    ['no list', {}],
    ['no event', [1]],
    ['another kind', [{ kind: 'rest', account: 'a', at: '2026-01-05T00:00:00Z' }]],
    ['no account', [{ kind: 'join', at: '2026-01-05T00:00:00Z' }]],
    ['half an hour', [{ kind: 'join', account: 'a', at: '2026-01-05T00:30:00Z' }]],
    ['no instant', [{ kind: 'join', account: 'a', at: '2026-13-05T00:00:00Z' }]],
    ['a member more', [{ kind: 'join', account: 'a', at: '2026-01-05T00:00:00Z', note: '' }]],
    ['an account without a ledger', [{ kind: 'join', account: 'x', at: '2026-01-05T00:00:00Z' }]],
  ])('events: %s', async (_name, json) => {
    const given = { events: file('events.json', json) };
    const refused = { code: 'RETURNS_INPUT_MALFORMED' };
    await expect(run(portfolio, given, [ledger('a', WINNER)])).rejects.toMatchObject(refused);
  });

  test('to run without the files: usage', async () => {
    await expect(run(portfolio, {})).rejects.toThrow(UsageError);
    await expect(run(portfolio, { events: events() })).rejects.toThrow(UsageError);
    await expect(run(restatement, { ledger: ledger('a', WINNER) })).rejects.toThrow(UsageError);
  });

  test('ledgers of two accounts, and what is none', async () => {
    const given = { earlier: ledger('a', WINNER), ledger: ledger('b', WINNER) };
    await expect(run(restatement, given)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    const none = { ...given, ledger: file('none.json', '{"format":') };
    await expect(run(restatement, none)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  });
});
