// What is refused before anything is asked; packages/testkit/src/route/claim.test.ts has the rest.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { UsageError } from '../verb.ts';
import { statementProve } from './statement-prove.ts';

const options = {
  account: '00000000-0000-4000-8000-000000000001',
  from: '2026-01-05T00:00:00Z',
  to: '2026-02-05T00:00:00Z',
  terms: 'sharpe_daily above 1, max_drawdown below 0.1',
  output: 'claim.json',
  certificate: 'enclave.pem',
};
const before = process.env['DATABASE_GATEWAY_URL'];

beforeEach(() => {
  delete process.env['DATABASE_GATEWAY_URL'];
});

afterEach(() => {
  if (before !== undefined) process.env['DATABASE_GATEWAY_URL'] = before;
});

async function refusalOf(change: object): Promise<string> {
  const input = { positionals: [], stdin: process.stdin, progress: () => undefined };
  const run = statementProve.run({ ...input, options: { ...options, ...change } });
  return run.then(
    () => 'proved',
    (error: unknown) => (error instanceof UsageError ? error.message : codeOf(error)),
  );
}

describe('refuses', () => {
  it.each([
    ['no terms', { terms: '' }, '--terms TERMS is required.'],
    [
      'terms in other words',
      { terms: 'sharpe > 1' },
      "--terms are such as 'sharpe_daily above 1, max_drawdown below 0.1'.",
    ],
    ['no database to ask', {}, 'CONFIG_INVALID'],
  ])('%s', async (_name, change, expected) => {
    expect(await refusalOf(change)).toBe(expected);
  });
});
