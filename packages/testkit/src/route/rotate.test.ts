// New credentials for an account that has a record, and the end of a connection: what the record
// keeps, what it takes, and what happens to who comes at the same moment.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RouteStep } from '@track-record/jobs/context';
import { createGateway, type Gateway } from '@track-record/gateway';
import {
  UNLOCKED,
  openBackfilledAccount,
  visibleCode,
  writtenBy,
  type BackfilledAccount,
  type Copy,
} from './backfilled-account.ts';
import { ACCOUNT } from './site.ts';
import { LAST_OBSERVED } from './small-account.ts';

let account: BackfilledAccount;

beforeAll(async () => {
  account = await openBackfilledAccount();
});

afterAll(async () => {
  await account.drop();
});

/** A copy with the queues of a worker, and a gateway over the test's connection. */
async function withGateway(act: (copy: Copy, gateway: Gateway) => Promise<void>): Promise<void> {
  await account.withCopy(async (copy) => {
    await copy.admin.query(
      `insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff,
         expire_seconds, retention_seconds, deletion_seconds, partition, table_name)
       select name, 'exclusive', 8, 5, true, 1800, 7200, 21600, false, 'job_common'
       from unnest(array['connect-account', 'sync-account.binance']) name on conflict do nothing`,
    );
    await act(copy, createGateway({ pool: copy.admin }));
  });
}

async function stateOf({ admin }: Copy): Promise<unknown> {
  return (await admin.query('select state, state_code from record.account')).rows[0];
}

const wrong = { apiKey: 'a'.repeat(64), secret: 'b'.repeat(64) };

describe('accepts', () => {
  test('new credentials of the same venue account: the record goes on', async () => {
    await withGateway(async (copy, gateway) => {
      await copy.admin.query('delete from record.credential');
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      expect(await gateway.status(ACCOUNT)).toMatchObject({ state: 'active', syncing: true });
      expect(await copy.connect()).toBe('DONE');
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect(writtenBy(await copy.record())).toEqual(writtenBy(account.undisturbed));
    });
  });

  test('them when the old ones had stopped the account, and the job that follows', async () => {
    await withGateway(async (copy, gateway) => {
      copy.venue.faults.add({ kind: 'wrong-key', endpoint: '*' });
      expect(await copy.sync(LAST_OBSERVED)).toBe('VENUE_KEY_REJECTED');
      expect(await stateOf(copy)).toMatchObject({ state: 'paused' });
      copy.venue.faults.clear();
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      const asked: string[] = [];
      const enqueue = async (_trx: unknown, { name }: { name: string }) => void asked.push(name);
      expect(await copy.connect({ enqueue })).toBe('DONE');
      expect(asked).toEqual(['sync-account.binance']);
      expect(await stateOf(copy)).toEqual({ state: 'active', state_code: null });
      expect(await visibleCode(copy)).toBe(null);
    });
  });

  test('the end of a connection, and new credentials after it', async () => {
    await withGateway(async (copy, gateway) => {
      const job = await gateway.enqueueSync(ACCOUNT);
      await gateway.disconnectAccount(ACCOUNT);
      await gateway.disconnectAccount(ACCOUNT);
      const { rows } = await copy.admin.query(
        'select state, output from pgboss.job where id = $1',
        [job],
      );
      expect(rows).toEqual([{ state: 'cancelled', output: { code: 'ACCOUNT_PAUSED' } }]);
      expect(await gateway.status(ACCOUNT)).toMatchObject({ state: 'closed' });
      expect((await copy.record()).credentials).toEqual([]);
      expect(await copy.sync(LAST_OBSERVED)).toBe('ACCOUNT_PAUSED');
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      expect(await copy.connect()).toBe('DONE');
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect(writtenBy(await copy.record())).toEqual(writtenBy(account.undisturbed));
    });
  });
});

describe('refuses', () => {
  test.each<readonly [string, string, (copy: Copy) => Promise<unknown>, typeof wrong | undefined]>([
    [
      'another venue account',
      'VENUE_ACCOUNT_CHANGED',
      ({ admin }) =>
        admin.query(`${UNLOCKED} update record.account set venue_account_hash = repeat('0', 64)`),
      undefined,
    ],
    ['a key that the venue does not know', 'VENUE_KEY_REJECTED', async () => undefined, wrong],
    [
      'a trading key that the owner did not allow',
      'VENUE_KEY_CAN_WITHDRAW',
      async ({ venue }) => venue.setPermissions({ enableFutures: true }),
      undefined,
    ],
  ])('%s: %s, and the account keeps what it has', async (_name, code, prepare, fields) => {
    await withGateway(async (copy, gateway) => {
      await prepare(copy);
      const { credentials } = await copy.record();
      await gateway.rotateCredentials(ACCOUNT, await copy.seal(fields));
      expect(await copy.connect()).toBe(code);
      expect(await copy.record()).toMatchObject({ credentials, intake: [] });
      expect(await gateway.status(ACCOUNT)).toMatchObject({ state: 'active', code });
    });
  });

  test('credentials that were sealed for another owner: ENVELOPE_REFUSED', async () => {
    await withGateway(async (copy, gateway) => {
      await copy.admin.query(`${UNLOCKED} update record.account set owner_id = gen_random_uuid()`);
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      expect(await copy.connect()).toBe('ENVELOPE_REFUSED');
      expect(await stateOf(copy)).toMatchObject({ state: 'active' });
    });
  });

  test('an account that was forgotten: KEY_UNKNOWN, also by the route', async () => {
    await withGateway(async (copy, gateway) => {
      const sealed = await copy.seal();
      await gateway.rotateCredentials(ACCOUNT, sealed);
      await copy.admin.query('delete from record.account_key');
      expect(await copy.connect()).toBe('KEY_UNKNOWN');
      await gateway.forgetAccount(ACCOUNT);
      const again = gateway.rotateCredentials(ACCOUNT, sealed);
      await expect(again).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    });
  });
});

describe('holds', () => {
  const steps: readonly RouteStep[] = ['loaded', 'opened', 'fetched', 'written'];

  /** Runs the route, and `act` beside it from the step on. */
  async function during(copy: Copy, step: RouteStep, act: () => Promise<void>): Promise<string> {
    let acting = Promise.resolve();
    const ending = await copy.connect({
      step: (each) => {
        if (each === step) acting = act();
      },
    });
    await acting;
    return ending;
  }

  test.each(steps)('an account that is forgotten at %s stays forgotten', async (step) => {
    await withGateway(async (copy, gateway) => {
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      await during(copy, step, () => gateway.forgetAccount(ACCOUNT));
      expect(await gateway.status(ACCOUNT)).toMatchObject({ state: 'closed', syncing: false });
      const left = await copy.admin.query(
        'select from record.account_key union all select from record.credential',
      );
      expect(left.rows).toEqual([]);
    });
  });

  test('credentials that come while others are tried are not lost', async () => {
    await withGateway(async (copy, gateway) => {
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      const newer = await copy.seal();
      const replace = async (): Promise<void> => {
        await copy.admin.query('update record.intake set sealed = $1', [newer]);
      };
      expect(await during(copy, 'loaded', replace)).toBe('STORE_CONFLICT');
      expect(await copy.connect()).toBe('DONE');
      await copy.admin.query(`update pgboss.job_common set state = 'active'`);
      const meanwhile = gateway.rotateCredentials(ACCOUNT, newer);
      await expect(meanwhile).rejects.toMatchObject({ code: 'STORE_CONFLICT' });
    });
  });

  test('what an operator stopped stays stopped, with new credentials', async () => {
    await withGateway(async (copy, gateway) => {
      await copy.admin.query(`select operator.pause_account($1, 'looks wrong')`, [ACCOUNT]);
      await gateway.rotateCredentials(ACCOUNT, await copy.seal());
      expect(await copy.connect()).toBe('DONE');
      expect(await stateOf(copy)).toEqual({ state: 'paused', state_code: 'ACCOUNT_PAUSED' });
    });
  });
});
