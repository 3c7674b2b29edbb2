// An account that its owner has forgotten: what was sealed for it opens for nobody, though the rows
// are all there, and what was published of it verifies as before.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createGateway } from '@track-record/gateway';
import { signingKeyFromSeed, verifyChain } from '@track-record/statement';
import { fixedRecordRoot } from '../postgres/record-root.ts';
import { openBackfilledAccount, type BackfilledAccount, type Copy } from './backfilled-account.ts';
import { openKeysOf } from './opened-record.ts';
import { ACCOUNT } from './site.ts';
import { HOURS_BEFORE, LAST_OBSERVED, MASTER_KEY } from './small-account.ts';

const STRANGER = '00000000-0000-4000-8000-0000000000ff';

let account: BackfilledAccount;

beforeAll(async () => {
  account = await openBackfilledAccount();
});

afterAll(async () => {
  await account.drop();
});

/** By the gateway's own function, over the connection that a test has. */
async function forget({ admin }: Copy, accountId = ACCOUNT): Promise<void> {
  const gateway = createGateway({ pool: admin });
  await gateway.forgetAccount(accountId);
}

async function countOf({ admin }: Copy, table: string): Promise<number> {
  return (await admin.query(`select from record.${table}`)).rows.length;
}

describe('accepts', () => {
  test('an account to be forgotten, twice', async () => {
    await account.withCopy(async (copy) => {
      const segments = await countOf(copy, 'sealed_segment');
      expect(segments).toBeGreaterThan(0);
      await forget(copy);
      await forget(copy);
      expect(await openKeysOf(copy.admin, MASTER_KEY)).toBeNull();
      expect(await countOf(copy, 'credential')).toBe(0);
      expect(await countOf(copy, 'sealed_segment')).toBe(segments);
      await expect(copy.record()).rejects.toThrow('sealed for an account without a key');
    });
  });
});

describe('refuses', () => {
  test('another synchronisation of it, and an account that nobody handed in', async () => {
    await account.withCopy(async (copy) => {
      await expect(forget(copy, STRANGER)).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
      await forget(copy);
      expect(await copy.sync(LAST_OBSERVED)).toBe('ACCOUNT_PAUSED');
      await copy.admin.query(`update record.account set state = 'active'`);
      expect(await copy.sync(LAST_OBSERVED)).toBe('KEY_UNKNOWN');
    });
  });
});

describe('holds', () => {
  test('its public chain verifies to the last statement', async () => {
    await account.withCopy(async (copy) => {
      await forget(copy);
      const found = await copy.admin.query<{ bytes: Buffer; signature: Buffer }>(
        'select body as bytes, signature from record.statement order by sequence',
      );
      const seed = fixedRecordRoot(MASTER_KEY).statementSigningSeed();
      const { publicKey } = await seed.open(signingKeyFromSeed);
      const chain = await verifyChain(found.rows, publicKey);
      expect(chain.hours).toHaveLength(HOURS_BEFORE);
    });
  });
});
